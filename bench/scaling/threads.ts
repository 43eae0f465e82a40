import { Counter } from '../actors/counter.js'
import { Queens } from '../actors/queens.js'
import { Teller } from '../actors/teller.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { patient, withSystem } from '../system.js'
import { type Curve, type CurvePoint, powers } from './curve.js'

const THREADS = powers(2, 0, 4)
const LARGE = { size: 15, first: 0, second: 2, solutions: 3110 }

const computing = (threads: number): Scenario => ({
  name: `calls that compute, ${threads}`,
  unit: 'ops/s',
  operation: 'a call that takes some 6 ms of one core, 64 under way',
  sizes: { quick: 200, full: 1000 },
  open: () =>
    withSystem(
      async () => {
        const pool = patient(await Queens.options({ instances: threads }).spawn())
        const { size, first, second, solutions } = LARGE
        return async (count) => {
          const begun = performance.now()
          let left = count
          const lane = async () => {
            while (left-- > 0) check('the solutions', await pool.solutions(size, first, second), solutions)
          }
          await Promise.all(Array.from({ length: 64 }, lane))
          return perSecond(count, performance.now() - begun)
        }
      },
      { threads },
    ),
})

const telling = (threads: number): Scenario => ({
  name: `messages, ${threads}`,
  unit: 'ops/s',
  operation: 'a message from an actor of each thread to one of the next thread',
  sizes: { quick: 1_000_000, full: 5_000_000 },
  open: () =>
    withSystem(
      async () => {
        const slots = Array.from({ length: threads }, (_, i) => i + 1)
        const at = (slot: number) => ({ placement: { slot } })
        const pairs = await Promise.all(
          slots.map(async (slot) => {
            const counter = await Counter.options(at(1 + (slot % threads))).spawn()
            return { counter, teller: patient(await Teller.options(at(slot)).spawn()) }
          }),
        )
        return async (count) => {
          const each = Math.ceil(count / threads)
          const begun = performance.now()
          const told = await Promise.all(
            pairs.map(({ teller, counter }) => teller.objects(counter.ref, each)),
          )
          const elapsedMs = performance.now() - begun
          for (const one of told) check('the count', one.count, each)
          return perSecond(each * threads, elapsedMs)
        }
      },
      { threads },
    ),
})

const curveOf = (
  of: Pick<Curve, 'name' | 'title' | 'text'>,
  series: string,
  open: (threads: number) => Scenario,
): Curve => ({
  ...of,
  x: { title: 'engine threads', isLog: true, values: THREADS },
  y: { title: `${series} a second` },
  points: THREADS.map((x): CurvePoint => ({ series, x, scenario: open(x) })),
})

export const curves: readonly Curve[] = [
  curveOf(
    {
      name: 'threads-computing',
      title: 'Engine threads that compute',
      text: 'Calls a second that take some 6 ms of one core, 64 under way, by a pool with an instance on each engine thread.',
    },
    'calls',
    computing,
  ),
  curveOf(
    {
      name: 'threads-messages',
      title: 'Engine threads that send each other messages',
      text: 'Messages `{ id, op, n }` a second, in all, from one actor on each engine thread to one on the next.',
    },
    'messages',
    telling,
  ),
]

export const scenarios: readonly Scenario[] = curves.flatMap(({ points }) =>
  points.map(({ scenario }) => scenario),
)
