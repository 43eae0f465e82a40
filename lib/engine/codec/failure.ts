// Why a value can't be carried, and the errors that say so.

import { errors } from '../../errors/index.js'
import { findUnfit } from './path.js'
import { MAX_DEPTH } from './tags.js'

/** Thrown where a value turns out not to be carried; what was called makes a coded error of it, with the path. */
export class Unfit {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export const TOO_DEEP: string = `it is nested deeper than ${MAX_DEPTH} levels`

/** Thrown where not the value is at fault: what was called throws the error as it is. */
export class HostFailure {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

/** The error of a failed send. The path is looked for only now, by walking through the value again. */
export function failure(path: string, root: unknown, thrown: unknown): Error {
  const found = findUnfit(root)
  if (found !== undefined) return errors.notSerializable(`${path}${found.path}`, found.reason, found.cause)
  if (thrown instanceof Unfit) return refused(path, thrown.reason)
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) {
    return errors.notSerializable(path, 'it is nested too deeply for the stack that is left', thrown)
  }
  return errors.notSerializable(path, 'it threw an error while it was read', thrown)
}

export function refused(path: string, reason: string): Error {
  return errors.notSerializable(path, reason)
}
