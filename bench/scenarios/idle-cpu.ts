import { setTimeout as sleep } from 'node:timers/promises'
import { Echo } from '../actors/echo.js'
import { check, type Scenario } from '../scenario.js'
import { withSystem } from '../system.js'
import { THREADS } from '../threads.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'idle-cpu',
    unit: 's/min',
    operation: 'CPU seconds a minute of a started system with an actor on each thread and nothing to do',
    sizes: { quick: 5000, full: 20_000 },
    warmUp: 0.05,
    open: () =>
      withSystem(async () => {
        for (let slot = 1; slot <= THREADS; slot++) {
          const echo = await Echo.options({ placement: { slot } }).spawn()
          check('the answer', await echo.add({ id: 0, op: 'add', n: 1 }), 2)
        }
        return async (durationMs) => {
          const before = process.cpuUsage()
          const begun = performance.now()
          await sleep(durationMs)
          const { user, system } = process.cpuUsage(before)
          return ((user + system) / 1e6) * (60_000 / (performance.now() - begun))
        }
      }),
  },
]
