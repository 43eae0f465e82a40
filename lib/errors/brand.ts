// How our classes know each other's errors, of whatever copy of the package, and what all of errors/ uses.

import { types } from 'node:util'

/** On the prototype of each of our classes, in every copy of the package: its name, and those of the classes above it. */
export const BRAND: unique symbol = Symbol.for('pulsing.error')

export function categoriesOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const brand = (value as { [BRAND]?: unknown })[BRAND]
  return Array.isArray(brand) ? brand : undefined
}

/**
 * instanceof holds for errors of another copy of the package, and for those that crossed a thread, but for our own classes
 * only: a user's subclass is asked in the ordinary way (contract 4.1).
 */
// biome-ignore lint/complexity/noBannedTypes: any class, as the language asks it
export function isInstance(Class: Function, value: unknown): boolean {
  if (!Object.hasOwn(Class.prototype, BRAND)) return Function.prototype[Symbol.hasInstance].call(Class, value)
  const name = categoriesOf(Class.prototype)?.[0]
  return name !== undefined && categoriesOf(value)?.includes(name) === true
}

/** Whether it is an error, of this realm or another (a test runner's, say). */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

export function define(on: object, key: string | symbol, value: unknown, enumerable: boolean): void {
  Object.defineProperty(on, key, { value, enumerable, writable: true, configurable: true })
}

/** What makes the stack of an error, until somebody looks. */
const LATER = Symbol('pulsing.stack')

type Lazy = object & { [LATER]?: (() => unknown) | undefined }

/** The same two functions for all of them: with others each error would be of a shape of its own, which V8 keeps for long. */
const STACK: PropertyDescriptor & ThisType<Lazy> = {
  configurable: true,
  enumerable: false,
  get() {
    const value = this[LATER]?.()
    define(this, 'stack', value, false)
    return value
  },
  set(value: unknown) {
    define(this, 'stack', value, false)
  },
}

/** The stack is made when it is looked at first: a text that costs more than the error. */
export function stackLater(error: object, make: () => unknown): void {
  define(error, LATER, make, false)
  Object.defineProperty(error, 'stack', STACK)
}

/** What gives the stack that it has, or will have. */
export function stackOfLater(error: object): () => unknown {
  const { get, value } = Object.getOwnPropertyDescriptor(error, 'stack') ?? {}
  if (get === undefined) return () => value
  const make = get === STACK.get ? (error as Lazy)[LATER] : undefined
  return make ?? (() => get.call(error))
}

export function read<T>(get: () => T, otherwise: T): T {
  try {
    return get()
  } catch {
    return otherwise
  }
}
