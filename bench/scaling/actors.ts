import { Crowd } from '../actors/crowd.js'
import { perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'
import { type Curve, type CurvePoint, powers } from './curve.js'

const COUNTS = powers(10, 0, 6)
const SIZES = { quick: 200_000, full: 2_000_000 }

const pointOf = (x: number, series: string, where: 'beside' | 'across'): CurvePoint => {
  const scenario: Scenario = {
    name: `${series}, ${x}`,
    unit: 'ops/s',
    operation: `one message to one of ${x} actors in rotation`,
    sizes: SIZES,
    open: () =>
      withSystem(async () => {
        const crowd = patient(await Crowd.options(HERE).spawn())
        await crowd.gather(x, where)
        return async (count) => perSecond(count, await crowd.tellEach(count))
      }),
  }
  return { series, x, scenario }
}

const curve: Curve = {
  name: 'actors',
  title: 'Actors',
  text: 'Messages `{ id, op, n }` a second from one actor to many, in rotation, until all are counted.',
  x: { title: 'actors', isLog: true, values: COUNTS },
  y: { title: 'messages a second' },
  points: COUNTS.flatMap((x) => [
    pointOf(x, 'on the same thread', 'beside'),
    pointOf(x, 'on another thread', 'across'),
  ]),
}

export const curves: readonly Curve[] = [curve]
export const scenarios: readonly Scenario[] = curve.points.map(({ scenario }) => scenario)
