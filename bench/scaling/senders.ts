import { fanIn } from '../fan-in.js'
import type { Scenario } from '../scenario.js'
import { type Curve, powers } from './curve.js'

const SENDERS = powers(2, 0, 6)

const curve: Curve = {
  name: 'senders',
  title: 'Senders',
  text: 'Messages `{ id, op, n }` a second from senders on all engine threads to one receiver, whose thread has senders too.',
  x: { title: 'senders', isLog: true, values: SENDERS },
  y: { title: 'messages a second' },
  points: SENDERS.map((x) => ({
    series: 'to one receiver',
    x,
    scenario: {
      name: `senders, ${x}`,
      unit: 'ops/s',
      operation: `one message from one of ${x} senders`,
      sizes: { quick: 1_000_000, full: 5_000_000 },
      open: fanIn(x),
    },
  })),
}

export const curves: readonly Curve[] = [curve]
export const scenarios: readonly Scenario[] = curve.points.map(({ scenario }) => scenario)
