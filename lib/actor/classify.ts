// What an actor's code threw, as its caller is to see it (contract 4.1 to 4.5).

import {
  isError,
  isPulsingError,
  PulsingActorError,
  PulsingBusinessError,
  PulsingRuntimeError,
  PulsingSystemError,
  PulsingTimeoutError,
  shown,
  standardTypeOf,
  withoutStack,
} from '../errors/index.js'

/** The caller's fault, as far as these classes say. */
const BUSINESS = new Set(['TypeError', 'RangeError', 'URIError', 'SyntaxError'])

/**
 * Faults in the code, for which other languages have classes of their own, by what V8 says of them (kMessageTemplate in
 * its message-template.h; the same from Node 20 to 26). test/actor/classify.test.ts makes V8 say each.
 */
const FAULT = new RegExp(
  [
    // A property of undefined or null: read, written, destructured, deleted, looked for.
    "^Cannot (?:read|set) properties of (?:undefined|null)(?: \\((?:reading|setting) '|$)",
    "^Cannot destructure (?:property )?'.*' as it is (?:undefined|null)\\.$",
    '^Cannot convert undefined or null to object$',
    "^Cannot use 'in' operator to search for '.*' in (?:undefined|null)$",
    // Called, but no function.
    ' is not a function(?: or its return value is not (?:async )?iterable)?$',
    ' was called on .*, which is .* and not a function$',
    // Iterated or spread, but not iterable.
    ' is not (?:async )?iterable(?: \\(cannot read property .*\\))?$',
    '^Spread syntax requires \\.\\.\\.iterable\\[Symbol\\.iterator\\] to be a function$',
    // Made with new, or extended, but no constructor.
    ' is not a constructor(?: or null)?$',
    '^Assignment to constant variable\\.$',
  ].join('|'),
  's',
)

/** Longer than any message of V8's that is looked for, but for those that quote the program at length. */
const MOST_LENGTH = 2000

/** Raised by the language: of its own class itself, without a code. */
function isFault(error: Error, type: string): boolean {
  if ((error as { code?: unknown }).code !== undefined) return false
  const { message } = error
  if (type === 'RangeError') return message === 'Maximum call stack size exceeded'
  if (type !== 'TypeError' || message.length > MOST_LENGTH) return false
  return (Object.getPrototypeOf(error) as Error).constructor.name === 'TypeError' && FAULT.test(message)
}

function isTimeout(error: Error): boolean {
  return (
    error.name === 'TimeoutError' ||
    (error as { code?: unknown }).code === 'ETIMEDOUT' ||
    error.constructor?.name === 'TimeoutError'
  )
}

/**
 * The error that the caller gets (contract 4.2); its cause is what was thrown. One of the framework's is what it is: thrown
 * to say so, or passed on as the answer of an ask (4.4; `isAnswer` tells which). It never throws, and makes no stack: the
 * cause has the actor's, and the caller's is added on arrival.
 * @param where what threw, as text, for what is no error and so can't say
 */
export function classify(thrown: unknown, where = 'The actor'): PulsingActorError | PulsingRuntimeError {
  try {
    if (thrown instanceof PulsingActorError || thrown instanceof PulsingRuntimeError) return thrown
    return withoutStack(() => classified(thrown, where))
  } catch {
    return new PulsingSystemError(`${where} threw ${shown(thrown)}, which can't be read`, { cause: thrown })
  }
}

function classified(thrown: unknown, where: string): PulsingActorError | PulsingRuntimeError {
  const cause = { cause: thrown }
  if (!isError(thrown) && !isPulsingError(thrown)) {
    if (typeof thrown === 'string') return new PulsingSystemError(thrown, cause)
    const what = typeof thrown === 'object' && thrown !== null ? 'an object' : shown(thrown)
    return new PulsingSystemError(`${where} threw ${what}, which is no error`, cause)
  }
  const message = typeof thrown.message === 'string' ? thrown.message : shown(thrown.message)
  if (isTimeout(thrown)) return new PulsingTimeoutError(message, cause)
  const type = standardTypeOf(thrown)
  if (BUSINESS.has(type) && !isFault(thrown, type))
    return new PulsingBusinessError(400, message, undefined, cause)
  return new PulsingSystemError(message, cause)
}
