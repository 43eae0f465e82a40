// The error classes (contract, section 4), every code, and what each error says. docs/errors.md explains each code.

const BRAND = Symbol.for('pulsing.error')

/** What a runtime error is about. */
export type ErrorKind = 'actor' | 'transport' | 'cluster' | 'config' | 'io' | 'serialization'

/** Name of one of our classes, and of its parent. */
const PARENTS = new Map<string, string | undefined>([
  ['PulsingError', undefined],
  ['PulsingRuntimeError', 'PulsingError'],
  ['PulsingActorError', 'PulsingError'],
  ['PulsingBusinessError', 'PulsingActorError'],
  ['PulsingSystemError', 'PulsingActorError'],
  ['PulsingTimeoutError', 'PulsingActorError'],
  ['PulsingUnsupportedError', 'PulsingActorError'],
])

/** The nearest of our classes, by the mark that every copy of the package gives its own. */
function categoryOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? (value as { [BRAND]?: string })[BRAND] : undefined
}

/**
 * instanceof holds for errors of another copy of the package, and for those that crossed a thread, but for our own classes
 * only: a user's subclass is asked in the ordinary way (contract 4.1).
 */
// biome-ignore lint/complexity/noBannedTypes: any class, as the language asks it
function isInstance(Class: Function, value: unknown): boolean {
  if (!Object.hasOwn(Class.prototype, BRAND)) return Function.prototype[Symbol.hasInstance].call(Class, value)
  const wanted = (Class.prototype as { [BRAND]: string })[BRAND]
  for (let name = categoryOf(value); name !== undefined; name = PARENTS.get(name))
    if (name === wanted) return true
  return false
}

/** Base of every error of the framework. */
export class PulsingError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked, which may be a subclass
    return isInstance(this, value)
  }
}

/** The framework could not do what was asked: an actor, an option, a message or the transport is at fault. */
export class PulsingRuntimeError extends PulsingError {
  /** `ERR_PULSING_...`, explained in docs/errors.md. */
  readonly code: string
  /** What it is about. */
  readonly kind: ErrorKind

  constructor(code: string, kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.kind = kind
  }
}

/** An actor's code failed. */
export class PulsingActorError extends PulsingError {}

/** The caller's fault: it is told, and the actor goes on. */
export class PulsingBusinessError extends PulsingActorError {
  /** The user's own number, as of an HTTP status; 400 for an error that was classified. */
  readonly code: number
  readonly details: unknown

  constructor(code: number, message: string, details?: unknown, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }
}

/** The actor's own fault: with a restart policy it is made again. */
export class PulsingSystemError extends PulsingActorError {
  readonly code: string = 'ERR_PULSING_SYSTEM'
  /** What went wrong, as text. */
  readonly error: string
  /** False: the actor can't go on, and no policy may keep it as it is. */
  readonly recoverable: boolean

  constructor(error: string, options: { recoverable?: boolean; cause?: unknown } = {}) {
    super(error, 'cause' in options ? { cause: options.cause } : undefined)
    this.error = error
    this.recoverable = options.recoverable ?? true
  }
}

/** It took too long; the same again may do. */
export class PulsingTimeoutError extends PulsingActorError {
  readonly code: string

  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = options.code ?? 'ERR_PULSING_TIMEOUT'
  }
}

/** The actor does not do that. */
export class PulsingUnsupportedError extends PulsingActorError {
  readonly code: string = 'ERR_PULSING_UNSUPPORTED'
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

for (const [name, Class] of Object.entries(OURS)) {
  Object.defineProperty(Class.prototype, BRAND, { value: name })
  Object.defineProperty(Class.prototype, 'name', { value: name, configurable: true, writable: true })
}

/** Whether it is an error of the framework, of whatever copy of it. */
export function isPulsingError(value: unknown): value is PulsingError {
  return categoryOf(value) !== undefined
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
}

const STANDARD: Record<string, new (message: string) => Error> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}
const APART = new Set(['name', 'message', 'stack', 'cause', 'errors'])

function read<T>(get: () => T, otherwise: T): T {
  try {
    return get()
  } catch {
    return otherwise
  }
}

function typeOf(error: object): string {
  const ours = categoryOf(error)
  if (ours !== undefined) return ours
  if (typeof DOMException === 'function' && error instanceof DOMException) return 'DOMException'
  if (error instanceof AggregateError) return 'AggregateError'
  for (let p = Object.getPrototypeOf(error); p !== null; p = Object.getPrototypeOf(p)) {
    const name = (p.constructor as { name?: string } | undefined)?.name ?? ''
    if (STANDARD[name]?.prototype === p) return name
  }
  return 'Error'
}

/**
 * An error as plain data, which reviveError makes an error of again.
 * @param canCarry whether a field's value can be carried; what can't is given as its text
 */
export function describeError(error: unknown, canCarry: (value: unknown) => boolean = () => true): ErrorForm {
  if (typeof error !== 'object' || error === null) return describeError(new Error(text(error)), canCarry)
  const of = error as Error & { errors?: unknown; cause?: unknown }
  const carried = (value: unknown) => (canCarry(value) ? value : text(value))
  const fields: Record<string, unknown> = {}
  for (const key of read(() => Object.keys(of), [])) {
    if (APART.has(key)) continue
    const value = read<unknown>(() => (of as unknown as Record<string, unknown>)[key], undefined)
    Object.defineProperty(fields, key, {
      value: carried(value),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  const type = typeOf(of)
  const list =
    type === 'AggregateError' ? read(() => Array.from(of.errors as Iterable<unknown>), []) : undefined
  const hasCause = read(() => 'cause' in of && of.cause !== undefined, false)
  return {
    type,
    name: text(read<unknown>(() => of.name, 'Error')),
    message: text(read<unknown>(() => of.message, '')),
    stack: read(() => (typeof of.stack === 'string' ? of.stack : undefined), undefined),
    hasCause,
    cause: hasCause ? carried(of.cause) : undefined,
    errors: list?.map(carried),
    fields,
  }
}

function text(value: unknown): string {
  return read(
    () => (typeof value === 'object' && value !== null ? `[${typeof value}]` : String(value)),
    '[unreadable]',
  )
}

function bare(form: ErrorForm): Error {
  if (form.type === 'AggregateError') return new AggregateError(form.errors ?? [], form.message)
  if (form.type === 'DOMException') return new DOMException(form.message, form.name) as unknown as Error
  const Standard = STANDARD[form.type]
  if (Standard !== undefined) return new Standard(form.message)
  const error = new Error(form.message)
  const Ours = OURS[form.type as keyof typeof OURS]
  if (Ours !== undefined) Object.setPrototypeOf(error, Ours.prototype)
  return error
}

/** The error again: of our class, or the language's; a user's own class arrives as its category, its name kept (4.1). */
export function reviveError(form: ErrorForm): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0 // its own stack is on its way
  let error: Error
  try {
    error = bare(form)
  } finally {
    Error.stackTraceLimit = limit
  }
  const define = (key: string, value: unknown, enumerable: boolean) =>
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
  if (error.name !== form.name) define('name', form.name, false)
  if (form.stack !== undefined) define('stack', form.stack, false)
  if (form.hasCause) define('cause', form.cause, false)
  for (const [key, value] of Object.entries(form.fields)) define(key, value, true)
  return error
}

// --- every error that the framework makes

function runtime(code: string, kind: ErrorKind, message: string, cause?: unknown): PulsingRuntimeError {
  return new PulsingRuntimeError(
    `ERR_PULSING_${code}`,
    kind,
    message,
    cause === undefined ? undefined : { cause },
  )
}

/** A value as it is shown in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) return 'an array'
    const name = read(() => (value.constructor as { name?: string } | undefined)?.name, undefined)
    return name === undefined || name === 'Object' ? 'an object' : `an instance of ${name}`
  }
  if (typeof value === 'bigint') return `${value}n`
  return text(value)
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

/** What each error says: what happened to what, and what to do now. */
export const errors = {
  // config
  notInitialized: (): PulsingRuntimeError =>
    runtime('NOT_INITIALIZED', 'config', 'There is no system yet, or no more: await pul.init() first.'),
  alreadyInitialized: (): PulsingRuntimeError =>
    runtime(
      'ALREADY_INITIALIZED',
      'config',
      'init was called before with other options: call shutdown first, or use actorSystem for a second system.',
    ),
  invalidOption: (name: string, value: unknown, wanted: string): PulsingRuntimeError =>
    runtime('INVALID_OPTION', 'config', `The option ${name} can't be ${shown(value)}: give ${wanted}.`),
  unknownOption: (name: string, near: string | undefined, known: readonly string[]): PulsingRuntimeError =>
    runtime(
      'INVALID_OPTION',
      'config',
      `There is no option ${shown(name)}: ${near === undefined ? `the options are ${list(known)}` : `did you mean ${near}?`}`,
    ),
  invalidArgument: (name: string, value: unknown, wanted: string): PulsingRuntimeError =>
    runtime('INVALID_ARGUMENT', 'config', `The argument ${name} can't be ${shown(value)}: give ${wanted}.`),
  notYetSupported: (what: string): PulsingRuntimeError =>
    runtime('NOT_YET_SUPPORTED', 'config', `This version does not support ${what}.`),
  notOnThread: (name: string): PulsingRuntimeError =>
    runtime(
      'ALREADY_IN_THREAD',
      'config',
      `${name} can't be called on an engine thread: getSystem() gives the system that this actor lives in.`,
    ),
  hostOnly: (name: string): PulsingRuntimeError =>
    runtime(
      'ALREADY_IN_THREAD',
      'config',
      `${name} is for the thread that made the system: send that thread a message instead.`,
    ),
  addonNotFound: (cause: unknown): PulsingRuntimeError =>
    runtime(
      'ADDON_NOT_FOUND',
      'io',
      'The native addon can\'t be loaded: run "npm rebuild pulsing", with a C++20 compiler, make and Python installed (Debian: apt-get install g++ make python3).',
      cause,
    ),
  addonMismatch: (): PulsingRuntimeError =>
    runtime(
      'ADDON_MISMATCH',
      'io',
      'The native addon is of another version of the package: run "npm rebuild pulsing".',
    ),
  bridgeUnavailable: (): PulsingRuntimeError =>
    runtime(
      'BRIDGE_UNAVAILABLE',
      'config',
      `A SharedArrayBuffer can't be sent: the addon pulsing_v8 is not there for Node ${process.versions.node}. Run "npm rebuild pulsing", or send a copy.`,
    ),
  packageConflict: (one: string, other: string): PulsingRuntimeError =>
    runtime(
      'PACKAGE_CONFLICT',
      'config',
      `Two versions of pulsing are loaded, ${one} and ${other}: make one of them do (npm ls pulsing).`,
    ),

  // classes and modules
  classNotFound: (type: string, url: string, found: readonly string[]): PulsingRuntimeError =>
    runtime(
      'CLASS_NOT_FOUND',
      'config',
      `The module ${url} does not register a class ${shown(type)}; it registered: ${list(found)}. remote must run when the module is imported, before pul.init().`,
    ),
  classConflict: (type: string, url: string): PulsingRuntimeError =>
    runtime(
      'CLASS_CONFLICT',
      'config',
      `Two classes are registered as ${shown(type)} in ${url}: give one of them another { type }.`,
    ),
  classNotRegistered: (type: string): PulsingRuntimeError =>
    runtime(
      'CLASS_NOT_REGISTERED',
      'config',
      `The class ${type} can live on the calling thread only, since no module is known for it: register it with pul.remote(import.meta.url, ${type}).`,
    ),
  classMismatch: (type: string, found: string): PulsingRuntimeError =>
    runtime('CLASS_MISMATCH', 'actor', `It is not an actor of the class ${type}: found ${found}.`),
  moduleLoadFailed: (url: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'MODULE_LOAD_FAILED',
      'config',
      `The module ${url} threw while an engine thread imported it: ${messageOf(cause)}`,
      cause,
    ),

  // actors
  nameTaken: (name: string): PulsingRuntimeError =>
    runtime('NAME_TAKEN', 'actor', `The name ${shown(name)} is taken: stop that actor, or resolve it.`),
  nameInvalid: (name: unknown, why: string): PulsingRuntimeError =>
    runtime('NAME_INVALID', 'actor', `The name ${shown(name)} can't be an actor's: ${why}.`),
  actorNotFound: (which: string): PulsingRuntimeError =>
    runtime(
      'ACTOR_NOT_FOUND',
      'actor',
      `There is no actor ${shown(which)}: it was never spawned, or has stopped.`,
    ),
  actorStopped: (which: string, method: string): PulsingRuntimeError =>
    runtime(
      'ACTOR_STOPPED',
      'actor',
      `The actor ${which} has stopped, so ${method} was not answered: spawn it again, or resolve its name.`,
    ),
  mailboxFull: (which: string): PulsingRuntimeError =>
    runtime(
      'MAILBOX_FULL',
      'actor',
      `The mailbox of actor ${which} is full: await tell's promise, send less, or give it a larger mailboxCapacity.`,
    ),
  threadDied: (what: string): PulsingRuntimeError =>
    runtime(
      'THREAD_DIED',
      'actor',
      `The call was lost: ${what}. Another thread takes its place: call again.`,
    ),
  threadStartFailed: (slot: number, cause: unknown): PulsingRuntimeError =>
    runtime(
      'THREAD_START_FAILED',
      'actor',
      `Engine thread ${slot} could not be started: ${messageOf(cause)}`,
      cause,
    ),
  systemStopped: (): PulsingRuntimeError =>
    runtime('SYSTEM_STOPPED', 'actor', 'The system has been shut down: nothing is sent or spawned any more.'),
  internal: (what: string, cause?: unknown): PulsingRuntimeError =>
    runtime('INTERNAL', 'actor', `A fault of pulsing itself: ${what}. Please report it.`, cause),
  unsupportedMethod: (method: string): PulsingUnsupportedError =>
    new PulsingUnsupportedError(
      `The actor has no method ${shown(method)} that can be called: only functions of its class, whose names do not begin with _.`,
    ),
  askTimeout: (method: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `${method} was not answered within ${timeoutMs} ms: set a longer timeoutMs, or find out what keeps the actor busy.`,
      {
        code: 'ERR_PULSING_ASK_TIMEOUT',
      },
    ),
  tellTimeout: (which: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(`The mailbox of actor ${which} had no room within ${timeoutMs} ms.`, {
      code: 'ERR_PULSING_TELL_TIMEOUT',
    }),

  // messages
  notSerializable: (path: string, reason: string, cause?: unknown): PulsingRuntimeError =>
    runtime('NOT_SERIALIZABLE', 'serialization', `${path} can't be sent: ${reason}.`, cause),
  messageTooLarge: (bytes: number, limit: number): PulsingRuntimeError =>
    runtime(
      'MESSAGE_TOO_LARGE',
      'serialization',
      `The message has ${bytes} bytes, and ${limit} may be sent: split it, move its buffers with pul.transfer, or set maxMessageBytes.`,
    ),
  outOfMemory: (bytes: number): PulsingRuntimeError =>
    runtime('OUT_OF_MEMORY', 'io', `There is no memory for a message of ${bytes} bytes.`),
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : shown(error)
}
