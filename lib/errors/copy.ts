// Copies of the errors that programs mostly throw, for their callers on the same thread: with no more than what they are.

import { types } from 'node:util'
import { define, stackLater } from './brand.js'
import { OURS } from './classes.js'
import { stackOf, withoutStack } from './form.js'

type ErrorClass = abstract new (message: string) => Error

const CLASSES: ReadonlyMap<object, ErrorClass> = new Map(
  [
    ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
    ...(Object.values(OURS) as unknown as ErrorClass[]),
  ].map((Class) => [Class.prototype, Class]),
)

/** Causes within causes. */
const MOST_DEPTH = 8

/**
 * What describeError and reviveError make of it on one thread, at a third of the cost; undefined where it is not as plain as
 * that: of another class, with getters, or with fields that are neither primitive nor its cause.
 */
export function copyPlainError(error: unknown, depth = 0): Error | undefined {
  if (!types.isNativeError(error) || depth > MOST_DEPTH) return undefined
  const Class = CLASSES.get(Object.getPrototypeOf(error) as object)
  if (Class === undefined) return undefined
  const message = Object.getOwnPropertyDescriptor(error, 'message')?.value ?? ''
  if (typeof message !== 'string') return undefined
  const copy = withoutStack(() => Reflect.construct(Error, [message], Class) as Error, 'none')
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === 'stack' || key === 'message') continue
    const { get, set, value, enumerable } = Object.getOwnPropertyDescriptor(error, key) as PropertyDescriptor
    if (get !== undefined || set !== undefined) return undefined
    const isCause = key === 'cause'
    if (!isCause && enumerable !== true) return undefined
    if (!isPrimitive(value)) {
      const cause = isCause ? copyPlainError(value, depth + 1) : undefined
      if (cause === undefined) return undefined
      define(copy, key, cause, false)
    } else define(copy, key, value, !isCause)
  }
  stackLater(copy, () => stackOf(error))
  return copy
}

function isPrimitive(value: unknown): boolean {
  if (typeof value === 'object') return value === null
  return typeof value !== 'function' && typeof value !== 'symbol'
}
