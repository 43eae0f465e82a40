// Arguments that throw when they are looked at: getters, and proxies that were revoked.

import { isPulsingError } from './classes.js'
import { errors } from './messages.js'

/** What `run` gives. What it throws and is no error of ours is ERR_PULSING_INVALID_ARGUMENT about that argument. */
export function reading<T>(name: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw isPulsingError(error) ? error : errors.unreadable(name, error)
  }
}
