// The error classes (contract, section 4), every code, and what each error says. docs/errors.md explains each code.

import { inspect, types } from 'node:util'

/** What an error of the framework is about. */
export type ErrorKind = 'actor' | 'transport' | 'cluster' | 'config' | 'io' | 'serialization'

/** Every code, and what it is about. */
export const CODES = {
  ERR_PULSING_ACTOR_NOT_FOUND: 'actor',
  ERR_PULSING_ACTOR_RESTARTED: 'actor',
  ERR_PULSING_ACTOR_STOPPED: 'actor',
  ERR_PULSING_ADDON_MISMATCH: 'io',
  ERR_PULSING_ADDON_NOT_FOUND: 'io',
  ERR_PULSING_ALREADY_INITIALIZED: 'config',
  ERR_PULSING_ALREADY_IN_THREAD: 'config',
  ERR_PULSING_ASK_TIMEOUT: 'actor',
  ERR_PULSING_BRIDGE_UNAVAILABLE: 'config',
  ERR_PULSING_CLASS_CONFLICT: 'config',
  ERR_PULSING_CLASS_MISMATCH: 'actor',
  ERR_PULSING_CLASS_NOT_FOUND: 'config',
  ERR_PULSING_CLASS_NOT_REGISTERED: 'config',
  ERR_PULSING_CONNECTION_LOST: 'transport',
  ERR_PULSING_FACTORY_REQUIRED: 'config',
  ERR_PULSING_INTERNAL: 'actor',
  ERR_PULSING_INVALID_ARGUMENT: 'config',
  ERR_PULSING_INVALID_OPTION: 'config',
  ERR_PULSING_MAILBOX_FULL: 'actor',
  ERR_PULSING_MESSAGE_TOO_LARGE: 'serialization',
  ERR_PULSING_MODULE_LOAD_FAILED: 'config',
  ERR_PULSING_NAME_INVALID: 'actor',
  ERR_PULSING_NAME_TAKEN: 'actor',
  ERR_PULSING_NOT_INITIALIZED: 'config',
  ERR_PULSING_NOT_IN_CALL: 'actor',
  ERR_PULSING_NOT_SERIALIZABLE: 'serialization',
  ERR_PULSING_NOT_YET_SUPPORTED: 'config',
  ERR_PULSING_OUT_OF_MEMORY: 'io',
  ERR_PULSING_PACKAGE_CONFLICT: 'config',
  ERR_PULSING_SHUTDOWN_TIMEOUT: 'actor',
  ERR_PULSING_STREAM_TIMEOUT: 'actor',
  ERR_PULSING_SYSTEM: 'actor',
  ERR_PULSING_SYSTEM_STOPPED: 'actor',
  ERR_PULSING_TELL_TIMEOUT: 'actor',
  ERR_PULSING_THREAD_DIED: 'actor',
  ERR_PULSING_THREAD_START_FAILED: 'actor',
  ERR_PULSING_TIMEOUT: 'actor',
  ERR_PULSING_UNSUPPORTED: 'actor',
} as const

/** A code of an error of the framework: docs/errors.md says of each when it comes and what to do. */
export type PulsingErrorCode = keyof typeof CODES

/** On the prototype of each of our classes, in every copy of the package: its name, and those of the classes above it. */
const BRAND = Symbol.for('pulsing.error')

function categoriesOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const brand = (value as { [BRAND]?: unknown })[BRAND]
  return Array.isArray(brand) ? brand : undefined
}

/**
 * instanceof holds for errors of another copy of the package, and for those that crossed a thread, but for our own classes
 * only: a user's subclass is asked in the ordinary way (contract 4.1).
 */
// biome-ignore lint/complexity/noBannedTypes: any class, as the language asks it
function isInstance(Class: Function, value: unknown): boolean {
  if (!Object.hasOwn(Class.prototype, BRAND)) return Function.prototype[Symbol.hasInstance].call(Class, value)
  const name = categoriesOf(Class.prototype)?.[0]
  return name !== undefined && categoriesOf(value)?.includes(name) === true
}

/**
 * Base of every error of the framework. `instanceof` holds for it and the classes below it on whatever thread the error was
 * made, and in whatever copy of the package. An error of a class of one's own that extends one of them arrives on another
 * thread as the nearest of ours, with its name and own enumerable fields (contract 4.1).
 */
export class PulsingError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options)
    const { prototype } = new.target
    if (Object.hasOwn(prototype, BRAND) || this.name !== categoriesOf(prototype)?.[0]) return
    // A user's class that says no name of its own: its name is what is left of it on another thread.
    define(this, 'name', new.target.name, false)
    Error.captureStackTrace(this, new.target)
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked, which may be a subclass
    return isInstance(this, value)
  }
}

/** The framework could not do what was asked: an actor, an option, a message or the transport is at fault. */
export class PulsingRuntimeError extends PulsingError {
  /** `ERR_PULSING_...`: docs/errors.md says when it comes and what to do. */
  readonly code: PulsingErrorCode
  /** What it is about. */
  readonly kind: ErrorKind

  constructor(code: PulsingErrorCode, kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.kind = kind
  }
}

/** An actor did not do what it was asked: its code threw, it was too slow, or it has no such method. */
export class PulsingActorError extends PulsingError {}

/**
 * The caller's fault: it is told, and the actor goes on. Thrown by an actor's code; what TypeError, RangeError, URIError and
 * SyntaxError become (contract 4.2, 4.5).
 */
export class PulsingBusinessError extends PulsingActorError {
  /** The user's own number, such as an HTTP status; 400 for an error that was classified. */
  readonly code: number
  /** Whatever the caller should know besides, where it was given: anything that a message can carry. */
  declare readonly details?: unknown

  constructor(code: number, message: string, details?: unknown, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    if (details !== undefined) define(this, 'details', details, true)
  }
}

/** The actor's own fault: with a restart policy it is made again (contract 4.2, 4.5). */
export class PulsingSystemError extends PulsingActorError {
  readonly code = 'ERR_PULSING_SYSTEM'
  /** False: the actor can't go on as it is. True unless set. */
  readonly recoverable: boolean

  constructor(error: string, options: { recoverable?: boolean; cause?: unknown } = {}) {
    super(error, 'cause' in options ? { cause: options.cause } : undefined)
    this.recoverable = options.recoverable ?? true
  }

  /** What went wrong, as text: the message. */
  get error(): string {
    return this.message
  }
}

/** Codes of a PulsingTimeoutError: an actor's own, an ask's, a tell's and a stream's. */
export type PulsingTimeoutCode =
  | 'ERR_PULSING_TIMEOUT'
  | 'ERR_PULSING_ASK_TIMEOUT'
  | 'ERR_PULSING_TELL_TIMEOUT'
  | 'ERR_PULSING_STREAM_TIMEOUT'

/** It took too long; the same again may do (contract 3.3, 4.2). */
export class PulsingTimeoutError extends PulsingActorError {
  /** ERR_PULSING_TIMEOUT where the actor's code threw it. */
  readonly code: PulsingTimeoutCode

  constructor(message: string, options: { code?: PulsingTimeoutCode; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = options.code ?? 'ERR_PULSING_TIMEOUT'
  }
}

/** The actor does not do that: it has no such method, or its `receive` does not know the message (contract 3.10). */
export class PulsingUnsupportedError extends PulsingActorError {
  readonly code = 'ERR_PULSING_UNSUPPORTED'
}

const OURS = {
  PulsingError,
  PulsingRuntimeError,
  PulsingActorError,
  PulsingBusinessError,
  PulsingSystemError,
  PulsingTimeoutError,
  PulsingUnsupportedError,
}

for (const [name, { prototype }] of Object.entries(OURS)) {
  const above = categoriesOf(Object.getPrototypeOf(prototype)) ?? []
  Object.defineProperty(prototype, BRAND, { value: Object.freeze([name, ...above]) })
  define(prototype, 'name', name, false)
}

/** Whether it is an error of the framework, of whatever copy of it. */
export function isPulsingError(value: unknown): value is PulsingError {
  return categoriesOf(value) !== undefined
}

/** Whether it is an error, of this realm or another (a test runner's, say). */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

function define(on: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(on, key, { value, enumerable, writable: true, configurable: true })
}

function read<T>(get: () => T, otherwise: T): T {
  try {
    return get()
  } catch {
    return otherwise
  }
}

// --- every error that the framework makes

function runtime(code: PulsingErrorCode, message: string, cause?: unknown): PulsingRuntimeError {
  return new PulsingRuntimeError(code, CODES[code], message, cause === undefined ? undefined : { cause })
}

/** A value as it is shown in a message: short, whatever it is. */
export function shown(value: unknown): string {
  return read(() => {
    if (typeof value === 'string')
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
    if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
    if (typeof value !== 'object' || value === null)
      return typeof value === 'bigint' ? `${value}n` : String(value)
    const name = (value.constructor as { name?: string } | undefined)?.name
    if (name !== undefined && name !== 'Object' && name !== 'Array') return `an instance of ${name}`
    const text = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 5 })
    return text.length > 80 ? `${text.slice(0, 77)}...` : text
  }, 'a value without a text')
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

/** What each error says: what happened to what, and what to do now. */
export const errors = {
  // the system
  notInitialized: (): PulsingRuntimeError =>
    runtime('ERR_PULSING_NOT_INITIALIZED', 'There is no system yet, or no more: await pul.init() first.'),
  alreadyInitialized: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ALREADY_INITIALIZED',
      'init was called before with other options: await shutdown() first, or use actorSystem for a second system.',
    ),
  systemStopped: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_SYSTEM_STOPPED',
      'The system has been shut down, so nothing is sent or spawned any more: await pul.init() for a new one.',
    ),
  shutdownTimeout: (timeoutMs: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_SHUTDOWN_TIMEOUT',
      `Not every actor had ended ${timeoutMs} ms after shutdown was called, so what was under way is given up: set a longer timeoutMs, or find out what keeps the actors busy.`,
    ),
  notOnThread: (name: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ALREADY_IN_THREAD',
      `${name} can't be called on an engine thread: getSystem() gives the system that this actor lives in.`,
    ),
  hostOnly: (name: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ALREADY_IN_THREAD',
      `${name} is for the thread that made the system: send that thread a message instead.`,
    ),

  // what was given
  invalidOption: (name: string, value: unknown, wanted: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_INVALID_OPTION', `The option ${name} can't be ${shown(value)}: give ${wanted}.`),
  unknownOption: (
    name: string,
    near: string | undefined,
    known: readonly string[],
    value?: unknown,
  ): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_INVALID_OPTION',
      `There is no option ${shown(name)} (given: ${shown(value)}): ${near === undefined ? `the options are ${list(known)}.` : `did you mean ${near}?`}`,
    ),
  invalidArgument: (name: string, value: unknown, wanted: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_INVALID_ARGUMENT', `The argument ${name} can't be ${shown(value)}: give ${wanted}.`),
  notYetSupported: (what: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_NOT_YET_SUPPORTED', `This version does not support ${what}: leave it out.`),
  nameInvalid: (name: unknown, why: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_NAME_INVALID', `The name ${shown(name)} can't be an actor's: ${why}.`),
  factoryRequired: (policy: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_FACTORY_REQUIRED',
      `An instance can't have the restart policy ${shown(policy)}, since it can't be made again: spawn its class, or use spawnNamedFactory.`,
    ),

  // the installation
  addonNotFound: (cause: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_ADDON_NOT_FOUND', `The native addon can't be loaded. ${howToBuild()}`, cause),
  addonMismatch: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ADDON_MISMATCH',
      'The native addon is of another version of the package: run "npm rebuild pulsing".',
    ),
  bridgeUnavailable: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_BRIDGE_UNAVAILABLE',
      `A SharedArrayBuffer can't be sent: the addon pulsing_v8 is not there for Node ${process.versions.node}. Run "npm rebuild pulsing", or send a copy.`,
    ),
  packageConflict: (one: string, other: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_PACKAGE_CONFLICT',
      `Two versions of pulsing are loaded, ${one} and ${other}: make one of them do ("npm ls pulsing" shows who needs which).`,
    ),

  // classes and modules
  classNotFound: (type: string, url: string, found: readonly string[]): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_NOT_FOUND',
      `The module ${url} does not register a class ${shown(type)}; it registered: ${list(found)}. Call remote when the module is imported, before pul.init(), and name the class by { type } where a bundler renames it.`,
    ),
  classConflict: (type: string, url: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_CONFLICT',
      `Two classes are registered as ${shown(type)} in ${url}: give one of them another { type }.`,
    ),
  classNotRegistered: (type: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_NOT_REGISTERED',
      `The class ${type} can live on the calling thread only, since no module is known for it: register it with pul.remote(import.meta.url, ${type}).`,
    ),
  classMismatch: (type: string, found: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_MISMATCH',
      `It is not an actor of the class ${type}, but ${found}: ask for that class, or use asAny().`,
    ),
  moduleLoadFailed: (url: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MODULE_LOAD_FAILED',
      `The module ${url} threw while an engine thread imported it: ${messageOf(cause)}. Guard what is for the host alone by pul.isHost, or put the class in a module of its own.`,
      cause,
    ),
  offloadUnloadable: (url: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MODULE_LOAD_FAILED',
      `The module ${url} of an offloaded function threw while it was imported: ${messageOf(cause)}. Give the functions a module that needs nothing of the program around it.`,
      cause,
    ),

  // actors
  nameTaken: (name: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_NAME_TAKEN', `The name ${shown(name)} is taken: stop that actor, or resolve it.`),
  notInCall: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_NOT_IN_CALL',
      'There is no call here whose signal this could be: call callSignal() in a method of an actor, before its first await.',
    ),
  actorNotFound: (which: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ACTOR_NOT_FOUND',
      `There is no actor ${shown(which)}: it was never spawned, or has stopped.`,
    ),
  actorStopped: (which: string, method: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ACTOR_STOPPED',
      `The actor ${which} has stopped, so ${method} was not answered: spawn it again, or resolve its name.`,
    ),
  actorRestarted: (which: string, method: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ACTOR_RESTARTED',
      `The actor ${which} was restarted while ${method} was under way, which may be half done: call again where that does no harm.`,
    ),
  mailboxFull: (which: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MAILBOX_FULL',
      `The mailbox of actor ${which} is full: await tell's promise, send less, or give it a larger mailboxCapacity.`,
    ),
  threadDied: (what: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_THREAD_DIED',
      `The call was lost: ${what}. Another thread takes its place: call again.`,
    ),
  threadGone: (slot: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_THREAD_DIED',
      `Thread ${slot} has ended, and no other could be started in its place: the log says why. Place the actor on another thread, or make a new system.`,
    ),
  threadStartFailed: (slot: number, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_THREAD_START_FAILED',
      `Engine thread ${slot} could not be started: ${messageOf(cause)}. Set fewer threads, or larger resourceLimits.`,
      cause,
    ),
  connectionLost: (nodeId: string, method: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CONNECTION_LOST',
      `The connection to node ${nodeId} was lost before ${method} was answered, which may have been done or not: call again where that does no harm.`,
    ),
  internal: (what: string, cause?: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_INTERNAL', `A fault of pulsing itself: ${what}. Please report it.`, cause),
  unsupportedMethod: (method: string): PulsingUnsupportedError =>
    new PulsingUnsupportedError(
      method === 'receive'
        ? 'The actor takes no plain messages: call its methods by a proxy, or give its class a receive method.'
        : `The actor has no method ${shown(method)} that can be called: only functions of its class, whose names do not begin with _.`,
    ),
  undeclaredStream: (method: string): PulsingUnsupportedError =>
    new PulsingUnsupportedError(
      `${method} gave a generator to a caller who waits for one value: write it as *${method}() or async *${method}(), name it in the option streams of its class, or call it through asAny().`,
    ),
  tooManyArguments: (method: string, count: number, most: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_INVALID_ARGUMENT',
      `${method} can't be called with ${count} arguments: give at most ${most}, or one array.`,
    ),
  askTimeout: (method: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `${method} was not answered within ${timeoutMs} ms: set a longer timeoutMs, or find out what keeps the actor busy.`,
      { code: 'ERR_PULSING_ASK_TIMEOUT' },
    ),
  offloadTimeout: (url: string, name: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `${name} of ${url} was not done within ${timeoutMs} ms, and was ended: set a longer timeoutMs, or give it less to do.`,
      { code: 'ERR_PULSING_ASK_TIMEOUT' },
    ),
  tellTimeout: (which: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `The mailbox of actor ${which} had no room within ${timeoutMs} ms: send less, or give it a larger mailboxCapacity.`,
      { code: 'ERR_PULSING_TELL_TIMEOUT' },
    ),
  streamTimeout: (method: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `${method} gave no next item within ${timeoutMs} ms: set a longer timeoutMs, or find out what keeps the actor busy.`,
      { code: 'ERR_PULSING_STREAM_TIMEOUT' },
    ),

  // messages
  notSerializable: (path: string, reason: string, cause?: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_NOT_SERIALIZABLE', `${path} can't be sent: ${reason}.`, cause),
  messageTooLarge: (bytes: number, limit: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MESSAGE_TOO_LARGE',
      `The message has ${bytes} bytes, and ${limit} may be sent: split it, move its buffers with pul.transfer, or set maxMessageBytes.`,
    ),
  outOfMemory: (bytes: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_OUT_OF_MEMORY',
      `There is no memory for a message of ${bytes} bytes: send less at a time, or give the process more.`,
    ),
}

function howToBuild(): string {
  const tools: Partial<Record<NodeJS.Platform, string>> = {
    linux: 'a C++20 compiler, make and Python (Debian and Ubuntu: apt-get install g++ make python3)',
    darwin: 'the command line tools of Xcode (xcode-select --install)',
    win32: 'Python and the Visual Studio Build Tools with "Desktop development with C++"',
  }
  return `Install ${tools[process.platform] ?? 'a C++20 compiler, make and Python'}, then run "npm rebuild pulsing".`
}

export function messageOf(error: unknown): string {
  return (isError(error) ? String(error.message) : shown(error)).replace(/[.\s]+$/, '')
}

// --- as plain data

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
 */
export function describeError(error: unknown, canCarry?: (value: unknown) => boolean): ErrorForm {
  return describe(error, canCarry, new Map(), 0)
}

function describe(
  error: unknown,
  canCarry: ((value: unknown) => boolean) | undefined,
  seen: Map<unknown, ErrorForm>,
  depth: number,
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
    stack: read(() => (typeof of.stack === 'string' ? of.stack : undefined), undefined),
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
      return { error: describe(value, undefined, seen, depth + 1) } satisfies Nested
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
 */
export function reviveError(form: ErrorForm): Error {
  return revive(form, new Map())
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
  const error = withoutStack(() => new Error(message))
  return Object.setPrototypeOf(error, PROTOTYPES.get(type) ?? Error.prototype) as Error
}

/** Makes an error that gets its stack later, or none: what costs the time is left out. */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit
  Reflect.set(Error, 'stackTraceLimit', 0) // may be frozen
  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit)
  }
}

// --- as the answer of an ask

const answers = new WeakSet<object>()

/**
 * A promise to resolve an ask's own with: it rejects with the error, marked as an answer. By then V8 knows who awaits the
 * ask, so that the caller's stack leads (contract 4.1) at no cost to asks that are answered.
 * @param remote whether the error's own stack is of the actor's code, and follows; else it is left out
 */
export async function answerWith(error: Error, remote: boolean): Promise<never> {
  answers.add(error)
  await undefined
  await undefined // the ask's promise follows this one
  const here: { stack?: string } = {}
  Error.captureStackTrace(here, answerWith)
  const callers = typeof here.stack === 'string' ? here.stack.match(/^ {4}at async .*$/gm) : null
  if (callers !== null) stitchStack(error, callers.join('\n'), remote)
  throw error
}

/** Whether the error came as the answer of an ask on this thread: passed on, it is nobody else's failure (contract 4.4). */
export function isAnswer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && answers.has(error)
}

/** The caller's stack leads; the error's own follows, where it is kept. callerStack: lines without a message. */
export function stitchStack(error: Error, callerStack: string, keep = true): void {
  const stack = read(() => String(error.stack ?? error), '')
  const at = stack.search(/^ {4}at /m)
  const title = at < 0 ? stack : stack.slice(0, at - 1)
  const own = at < 0 || !keep ? '' : `\n    -- in the actor --\n${stack.slice(at)}`
  read(() => define(error, 'stack', `${title}\n${callerStack}${own}`, false), undefined)
}
