import { Streamer } from '../actors/streamer.js'
import { perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, THERE, withSystem } from '../system.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'stream',
    unit: 'ops/s',
    operation: 'one item of an async generator read between two engine threads',
    sizes: { quick: 500_000, full: 5_000_000 },
    open: () =>
      withSystem(async () => {
        const source = await Streamer.options(THERE).spawn()
        const reader = patient(await Streamer.options(HERE).spawn())
        return async (count) => perSecond(count, await reader.read(source, count))
      }),
  },
]
