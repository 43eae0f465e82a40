// What a command ends with when it can't do what it was asked to: a sentence, and an exit code that scripts can use.

/** Exit codes, beside 0. After a signal it is 128 and the signal's number. */
export const EXIT = {
  /** It was tried, and failed: a call threw, an actor ended with an error. */
  failed: 1,
  /** The command is wrong: an option, a file or a class that is not there. Nothing was begun. */
  usage: 2,
  /** Nobody answers there, or not this program. */
  unreachable: 3,
} as const

export class Failure extends Error {
  readonly exitCode: number
  readonly code: string

  /** code: for programs, as the `code` of --json. */
  constructor(exitCode: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.code = code
  }
}

export const usage = (message: string): Failure => new Failure(EXIT.usage, 'usage', message)

/** Of anything that was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (!(error instanceof Error)) return new Failure(EXIT.failed, 'failed', String(error))
  const { code } = error as { code?: unknown }
  return new Failure(EXIT.failed, typeof code === 'string' ? code : error.name, error.message, {
    cause: error,
  })
}
