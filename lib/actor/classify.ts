// What an actor's code threw, as its caller is to see it (contract 4.1 to 4.4).

import {
  isPulsingError,
  PulsingActorError,
  PulsingBusinessError,
  PulsingRuntimeError,
  PulsingSystemError,
  PulsingTimeoutError,
} from '../errors.js'

/** A caller's fault, as far as their class says. */
const BUSINESS = [TypeError, RangeError, URIError, SyntaxError]

/** Faults in the code, by what V8 says of them; other languages have other classes for them (contract 4.2). */
const FAULTS = [
  /^Cannot (?:read|set) propert(?:y|ies) of (?:undefined|null)/,
  /^Cannot destructure (?:property )?.* (?:of|as it is) .*(?:undefined|null)/,
  /^Cannot convert undefined or null to object$/,
  / is not a function(?:$| )/,
  / is not (?:async )?iterable(?:$| )/,
  / is not a constructor$/,
  /^Assignment to constant variable\.$/,
  /^Maximum call stack size exceeded$/,
]

function isFault(error: Error): boolean {
  if ((error as { code?: unknown }).code !== undefined) return false
  return FAULTS.some((fault) => fault.test(error.message))
}

function isTimeout(error: Error): boolean {
  return error.name === 'TimeoutError' || (error as { code?: unknown }).code === 'ETIMEDOUT'
}

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'a value that has no text'
  }
}

/** The error that the caller gets. One of our own, and one that came as an answer, keeps its category. */
export function classify(thrown: unknown): PulsingActorError | PulsingRuntimeError {
  if (isPulsingError(thrown)) {
    if (thrown instanceof PulsingActorError || thrown instanceof PulsingRuntimeError) return thrown
    return new PulsingSystemError(thrown.message, { cause: thrown })
  }
  if (!(thrown instanceof Error)) return new PulsingSystemError(textOf(thrown), { cause: thrown })
  if (isTimeout(thrown)) return new PulsingTimeoutError(thrown.message, { cause: thrown })
  if (BUSINESS.some((Class) => thrown instanceof Class) && !isFault(thrown))
    return new PulsingBusinessError(400, thrown.message, undefined, { cause: thrown })
  return new PulsingSystemError(textOf(thrown), { cause: thrown })
}
