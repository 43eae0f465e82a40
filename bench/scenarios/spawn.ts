import { Nursery } from '../actors/nursery.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'spawn',
    unit: 'ops/s',
    operation: 'an actor made by an actor on its own thread, its onStart run, one message handled',
    sizes: { quick: 100_000, full: 300_000 },
    open: () =>
      withSystem(async () => {
        const nursery = patient(await Nursery.options(HERE).spawn())
        return async (count) => {
          const { started, handled, elapsedMs } = await nursery.fill(count)
          check('the number of actors started', started, count)
          check('the number of messages handled', handled, count)
          return perSecond(count, elapsedMs)
        }
      }),
  },
]
