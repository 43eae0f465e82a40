import { Echo } from '../actors/echo.js'
import { askInSequence } from '../messages.js'
import { perSecond, type Scenario } from '../scenario.js'
import { HERE, withSystem } from '../system.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'ask-host',
    unit: 'ops/s',
    operation:
      'one awaited call from the main thread to an engine thread, in sequence: { id, op, n } in, a number back',
    sizes: { quick: 100_000, full: 400_000 },
    latency: true,
    open: () =>
      withSystem(async () => {
        const echo = await Echo.options(HERE).spawn()
        return async (count) => perSecond(count, await askInSequence((message) => echo.add(message), count))
      }),
  },
]
