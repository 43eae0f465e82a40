import { SkynetMaster } from '../actors/skynet.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'skynet',
    unit: 'ops/s',
    operation:
      'one actor of a tree with ten children each, of 1,000,000 leaves, that adds up its leaves; made, asked and ended',
    sizes: { quick: 10_000, full: 1_000_000 },
    warmUp: 0.1,
    open: () =>
      withSystem(async () => {
        const master = patient(await SkynetMaster.options(HERE).spawn())
        return async (size) => {
          const leaves = 10 ** Math.round(Math.log10(size))
          const { sum, elapsedMs } = await master.run(leaves)
          check('the sum of the leaves', sum, (leaves * (leaves - 1)) / 2)
          return perSecond((leaves * 10 - 1) / 9, elapsedMs)
        }
      }),
  },
]
