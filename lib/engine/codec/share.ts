// Values that are frozen, so that a copy of them would be no different.

import { refused } from './failure.js'
import { findUnshareable } from './path.js'

const shared = new WeakSet<object>()
/** While nothing is shared, nothing is looked up. */
let any = false

/**
 * Freezes a value deeply, so that on one thread it is sent by reference; to other threads goes a copy, which is not
 * frozen. Plain objects and arrays may be in it, and primitives; anything else, a getter too, is
 * ERR_PULSING_NOT_SERIALIZABLE, which names its path, and then nothing is frozen. Contract 3.9.
 */
export function share<T>(value: T): T {
  const found: object[] = []
  const unfit = findUnshareable(value, found, isShared)
  if (unfit !== undefined) throw refused(`value${unfit.path}`, unfit.reason)
  for (const object of found) shared.add(Object.freeze(object))
  if (found.length > 0) any = true
  return value
}

/** Hot: tell-local-shared. */
export function isShared(value: object): boolean {
  return any && shared.has(value)
}
