import { Queens } from '../actors/queens.js'
import type { Scenario } from '../scenario.js'
import { HEAVY, serviceRows, withService } from '../service.js'
import { withSystem } from '../system.js'
import { THREADS } from '../threads.js'

export const scenarios: readonly Scenario[] = serviceRows(async (value) => {
  let close: () => unknown = () => undefined
  const system = await withSystem(async () => {
    const pool = await Queens.options({ instances: THREADS }).spawn()
    const { size, first, second } = HEAVY
    const service = await withService(
      () => pool.solutions(size, first, second),
      () => undefined,
      value,
    )
    close = service.close
    return service.run
  })
  return {
    run: system.run,
    close: async () => {
      await close()
      await system.close()
    },
  }
})
