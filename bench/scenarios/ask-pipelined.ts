import { Asker } from '../actors/asker.js'
import { Echo } from '../actors/echo.js'
import { perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, THERE, withSystem } from '../system.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'ask-pipelined',
    unit: 'ops/s',
    operation: 'one proxy call between two engine threads, 1,000 under way: { id, op, n } in, a number back',
    sizes: { quick: 500_000, full: 3_000_000 },
    open: () =>
      withSystem(async () => {
        const echo = await Echo.options(THERE).spawn()
        const asker = patient(await Asker.options(HERE).spawn())
        return async (count) => perSecond(count, await asker.pipelined(echo, count))
      }),
  },
]
