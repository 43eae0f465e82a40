import { BigMaster } from '../actors/big.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

const ACTORS = 1000

export const scenarios: readonly Scenario[] = [
  {
    name: 'big',
    unit: 'ops/s',
    operation:
      'one ping and its pong: 1,000 actors on all threads, each pings random others, one after another',
    sizes: { quick: 200, full: 1000 },
    open: () =>
      withSystem(async () => {
        const master = patient(await BigMaster.options(HERE).spawn())
        await master.make(ACTORS)
        return async (pings) => {
          const { ended, elapsedMs } = await master.run(pings)
          check('the number of actors that have ended', ended, ACTORS)
          return perSecond(ACTORS * pings, elapsedMs)
        }
      }),
  },
]
