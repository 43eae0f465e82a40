// The error classes (contract, section 4).

import { BRAND, categoriesOf, define, isInstance } from './brand.js'
import type { ErrorKind, PulsingErrorCode } from './codes.js'

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
    super(error, causeIn(options))
    this.recoverable = options?.recoverable ?? true
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
    super(message, causeIn(options))
    this.code = options?.code ?? 'ERR_PULSING_TIMEOUT'
  }
}

/** The actor does not do that: it has no such method, or its `receive` does not know the message (contract 3.10). */
export class PulsingUnsupportedError extends PulsingActorError {
  readonly code = 'ERR_PULSING_UNSUPPORTED'
}

/** An error about an error helps nobody: what are no options are none. */
function causeIn(options: unknown): ErrorOptions | undefined {
  const given = typeof options === 'object' && options !== null && 'cause' in options
  return given ? { cause: options.cause } : undefined
}

/** By name. */
export const OURS: Readonly<Record<string, { readonly prototype: PulsingError }>> = {
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
