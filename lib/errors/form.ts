// Errors as plain data.

import { categoriesOf, define, isError, read, stackLater } from './brand.js'
import { isPulsingError, OURS } from './classes.js'
import { shown } from './messages.js'

/** An error as plain data, for its way to another thread or node. */
export interface ErrorForm {
  /** The class that it is made again of: one of ours, of the language's, or Error. */
  readonly type: string
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly hasCause: boolean
  readonly cause: unknown
  /** Of an AggregateError. */
  readonly errors: readonly unknown[] | undefined
  /** Own enumerable properties. */
  readonly fields: Readonly<Record<string, unknown>>
  /** True: cause, errors and fields are each a Nested, whose errors are forms. False: they are the values themselves. */
  readonly deep: boolean
}

type Nested = { readonly error: ErrorForm } | { readonly value: unknown }

/** Causes within causes that a deep form goes down. */
const MOST_DEPTH = 64

/** By the name of their class: what errors of the language's classes and of ours are made again with. */
const PROTOTYPES: ReadonlyMap<string, object> = new Map(
  [
    ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError],
    ...Object.values(OURS),
    (globalThis as unknown as { SuppressedError?: typeof Error }).SuppressedError ?? Error, // since Node 24
  ].map((Class) => [Class.prototype.name, Class.prototype]),
)

/** The nearest class of the language's, of this realm or another, that the error is of: TypeError, ..., Error. */
export function standardTypeOf(error: object): string {
  for (let p = Object.getPrototypeOf(error); p !== null; p = Object.getPrototypeOf(p)) {
    // Not by getters: those of DOMException throw.
    const name = Object.getOwnPropertyDescriptor(p, 'name')?.value
    const Class = Object.getOwnPropertyDescriptor(p, 'constructor')?.value
    if (name !== undefined && name === Class?.name && PROTOTYPES.has(name)) return name
  }
  return 'Error'
}

function typeOf(error: object): string {
  if (error instanceof DOMException) return 'DOMException'
  return categoriesOf(error)?.[0] ?? standardTypeOf(error)
}

/** Own, not enumerable, and what such an error is about. */
function hiddenKeys(type: string): readonly string[] {
  return type === 'SuppressedError' ? ['error', 'suppressed'] : []
}

/**
 * An error as plain data, which reviveError makes an error of again: its class as far as it is ours or the language's, name,
 * message, stack, cause, own enumerable fields, and the errors of an AggregateError. It never throws: what can't be carried
 * is given as a text. What is no error is made one of.
 * @param canCarry whether a value can be carried as it is, errors in it too. Without it the form itself can be given to
 *   structuredClone: errors in it are forms.
 * @param withStack false: reviveError is given the error itself, whose stack is made a text when somebody looks
 */
export function describeError(
  error: unknown,
  canCarry?: (value: unknown) => boolean,
  withStack = true,
): ErrorForm {
  return describe(error, canCarry, new Map(), 0, withStack)
}

function describe(
  error: unknown,
  canCarry: ((value: unknown) => boolean) | undefined,
  seen: Map<unknown, ErrorForm>,
  depth: number,
  withStack: boolean,
): ErrorForm {
  const known = seen.get(error)
  if (known !== undefined) return known
  const of = (
    read(() => isError(error) || isPulsingError(error), false)
      ? error
      : withoutStack(() => new Error(shown(error)))
  ) as Error
  const type = read(() => typeOf(of), 'Error')
  const fields: Record<string, unknown> = {}
  const form = {
    type,
    name: textOf(of, 'name', 'Error'),
    message: textOf(of, 'message', ''),
    stack: withStack ? stackOf(of) : undefined,
    hasCause: read(() => 'cause' in of, false),
    cause: undefined as unknown,
    errors: undefined as unknown[] | undefined,
    fields,
    deep: canCarry === undefined,
  }
  seen.set(error, form) // before what is in it, which may be the error itself
  const carry = (get: () => unknown): unknown => {
    const value = read(get, '[unreadable]')
    if (canCarry !== undefined) return canCarry(value) ? value : `[${shown(value)}]`
    if (read(() => isError(value), false) && depth < MOST_DEPTH)
      return { error: describe(value, undefined, seen, depth + 1, withStack) } satisfies Nested
    return { value: isCloneable(value) ? value : `[${shown(value)}]` } satisfies Nested
  }
  const aggregate = type === 'AggregateError'
  for (const key of [...read(() => Object.keys(of), []), ...hiddenKeys(type)]) {
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'cause') continue
    if (key === 'errors' && aggregate) continue
    define(
      fields,
      key,
      carry(() => (of as unknown as Record<string, unknown>)[key]),
      true,
    )
  }
  if (form.hasCause) form.cause = carry(() => of.cause)
  if (aggregate)
    form.errors = read(() => Array.from((of as AggregateError).errors as unknown[]), []).map((e) =>
      carry(() => e),
    )
  return form
}

/** Its stack as a text, which is made when it is looked at. */
export function stackOf(error: Error): string | undefined {
  return read(() => (typeof error.stack === 'string' ? error.stack : undefined), undefined)
}

function textOf(error: object, key: 'name' | 'message', otherwise: string): string {
  return read(() => String((error as Error)[key] ?? otherwise), otherwise)
}

function isCloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return typeof value !== 'function' && typeof value !== 'symbol'
  return read(() => {
    structuredClone(value)
    return true
  }, false)
}

/**
 * The error again: of our class, or the language's. One of a user's class arrives as the nearest of them, its name kept
 * (contract 4.1). Its stack is the one that it had.
 * @param origin where the form is without the stack: the error, on this thread
 */
export function reviveError(form: ErrorForm, origin?: Error): Error {
  const error = revive(form, new Map())
  if (origin !== undefined) stackLater(error, () => stackOf(origin))
  return error
}

function revive(form: ErrorForm, seen: Map<ErrorForm, Error>): Error {
  const known = seen.get(form)
  if (known !== undefined) return known
  const error = bare(form)
  seen.set(form, error)
  const value = (given: unknown): unknown => {
    if (!form.deep) return given
    const nested = given as Nested
    return 'error' in nested ? revive(nested.error, seen) : nested.value
  }
  if (form.errors !== undefined) define(error, 'errors', form.errors.map(value), false)
  if (error.name !== form.name) define(error, 'name', form.name, false)
  if (form.stack !== undefined) define(error, 'stack', form.stack, false)
  if (form.hasCause) define(error, 'cause', value(form.cause), false)
  const hidden = hiddenKeys(form.type)
  for (const key of Object.keys(form.fields))
    define(error, key, value(form.fields[key]), !hidden.includes(key))
  return error
}

function bare({ type, name, message }: ErrorForm): Error {
  if (type === 'DOMException') return new DOMException(message, name)
  const error = withoutStack(() => new Error(message), 'none')
  return Object.setPrototypeOf(error, PROTOTYPES.get(type) ?? Error.prototype) as Error
}

/**
 * Makes an error that gets its stack later: what costs the time is left out.
 * @param title 'none': its stack has not even that
 */
export function withoutStack<E extends Error>(make: () => E, title?: 'none'): E {
  const limit = Error.stackTraceLimit
  Reflect.set(Error, 'stackTraceLimit', title === 'none' ? undefined : 0) // may be frozen
  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit)
  }
}
