// Errors as plain data.

import { describeError, type ErrorForm, reviveError } from '../../errors/index.js'
import { findUnfit } from './path.js'

/** What of an error's fields can't be carried is left out: an error always reaches its receiver. */
export function formOf(error: Error, withStack = true): ErrorForm {
  return describeError(error, (value) => findUnfit(value) === undefined, withStack)
}

export function errorOf(form: ErrorForm, origin?: Error): Error {
  return reviveError(form, origin)
}
