import { Asker } from '../actors/asker.js'
import { Echo } from '../actors/echo.js'
import { perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'ask-local',
    unit: 'ops/s',
    operation:
      'one awaited proxy call between actors of one thread, in sequence: { id, op, n } in, a number back',
    sizes: { quick: 300_000, full: 2_000_000 },
    latency: true,
    open: () =>
      withSystem(async () => {
        const echo = await Echo.options(HERE).spawn()
        const asker = patient(await Asker.options(HERE).spawn())
        return async (count) => perSecond(count, await asker.inSequence(echo, count))
      }),
  },
]
