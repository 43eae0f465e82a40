import { RingMaster } from '../actors/ring.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

const SIZE = 1000

export const scenarios: readonly Scenario[] = [
  {
    name: 'ring',
    unit: 'ops/s',
    operation: 'one hop in a ring of 1,000 actors on one thread',
    sizes: { quick: 2_000_000, full: 10_000_000 },
    open: () =>
      withSystem(async () => {
        const master = patient(await RingMaster.options(HERE).spawn())
        await master.make(SIZE)
        return async (hops) => {
          const { place, elapsedMs } = await master.run(hops)
          check('the place where it ended', place, hops % SIZE)
          return perSecond(hops, elapsedMs)
        }
      }),
  },
  {
    name: 'ring-cross',
    unit: 'ops/s',
    operation: 'one hop in a ring of 1,000 actors on all threads, each on another than the one before',
    sizes: { quick: 50_000, full: 500_000 },
    open: () =>
      withSystem(async () => {
        const master = patient(await RingMaster.options(HERE).spawn())
        await master.make(SIZE, 'spread')
        return async (hops) => {
          const { place, elapsedMs } = await master.run(hops)
          check('the place where it ended', place, hops % SIZE)
          return perSecond(hops, elapsedMs)
        }
      }),
  },
]
