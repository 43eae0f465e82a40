// The service without a pool: what computes, computes on the main thread.

import { solutions } from '../queens.js'
import { HEAVY, serviceRows, withService } from '../service.js'

export const peer = 'no-pool'

const { size, first, second } = HEAVY

export const scenarios = serviceRows((value) =>
  withService(
    () => solutions(size, first, second),
    () => undefined,
    value,
  ),
)
