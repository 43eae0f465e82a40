import { fanIn } from '../fan-in.js'
import type { Scenario } from '../scenario.js'

const SENDERS = 100

export const scenarios: readonly Scenario[] = [
  {
    name: 'fanin',
    unit: 'ops/s',
    operation: `one message { id, op, n } from one of ${SENDERS} senders on all engine threads to one receiver`,
    sizes: { quick: 2_000_000, full: 10_000_000 },
    open: fanIn(SENDERS),
  },
]
