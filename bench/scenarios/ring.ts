import type { Placement } from 'pulsing'
import { RingMaster } from '../actors/ring.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

const SIZE = 1000

function ring(
  name: string,
  placement: Placement,
  where: string,
  sizes: { quick: number; full: number },
): Scenario {
  return {
    name,
    unit: 'ops/s',
    operation: `one hop in a ring of 1,000 actors ${where}`,
    sizes,
    open: () =>
      withSystem(async () => {
        const master = patient(await RingMaster.options(HERE).spawn())
        await master.make(SIZE, placement)
        return async (hops) => {
          const { place, elapsedMs } = await master.run(hops)
          check('the place where it ended', place, hops % SIZE)
          return perSecond(hops, elapsedMs)
        }
      }),
  }
}

export const scenarios: readonly Scenario[] = [
  ring('ring', 'auto', 'on one thread', { quick: 2_000_000, full: 10_000_000 }),
  ring('ring-cross', 'spread', 'on all threads, each on another than the one before', {
    quick: 50_000,
    full: 500_000,
  }),
]
