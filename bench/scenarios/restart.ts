import { failAndAsk, Phoenix, Supervisor } from '../actors/phoenix.js'
import { perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

/** A line a failure is no part of what is measured. */
const QUIET = { logger: { debug() {}, info() {}, warn() {}, error() {} } }

/** Deaths are rare: a spare thread is ready again after this. */
const REST_MS = 250

export const scenarios: readonly Scenario[] = [
  {
    name: 'restart',
    unit: 'ops/s',
    operation: 'one failure, restart and first answer of an actor, asked by its parent on the same thread',
    sizes: { quick: 20_000, full: 100_000 },
    open: () =>
      withSystem(async () => {
        const supervisor = patient(await Supervisor.options(HERE).spawn())
        return async (count) => perSecond(count, await supervisor.run(count))
      }, QUIET),
  },
  {
    name: 'restart-thread',
    unit: 'ops/s',
    operation:
      'one death of a thread, its replacement, and the first answer of an actor made again there; a quarter of a second apart',
    sizes: { quick: 5, full: 20 },
    open: () =>
      withSystem(async () => {
        const phoenix = patient(await Phoenix.options(HERE).spawn())
        return async (count) =>
          perSecond(
            count,
            await failAndAsk(
              () => phoenix.exit(),
              () => phoenix.calls(),
              count,
              REST_MS,
            ),
          )
      }, QUIET),
  },
]
