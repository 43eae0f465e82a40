// Errors as the answers of asks.

import { read, stackLater, stackOfLater } from './brand.js'

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
  const own = stackOfLater(error)
  const stitched = () => {
    const callers = typeof here.stack === 'string' ? here.stack.match(/^ {4}at async .*$/gm) : null
    const stack = read(() => String(own() ?? error), '')
    return callers === null ? stack : stitch(stack, callers.join('\n'), remote)
  }
  read(() => stackLater(error, stitched), undefined)
  throw error
}

/** Whether the error came as the answer of an ask on this thread: passed on, it is nobody else's failure (contract 4.4). */
export function isAnswer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && answers.has(error)
}

/** The caller's stack leads; the error's own follows, where it is kept. callerStack: lines without a message. */
export function stitch(stack: string, callerStack: string, keep = true): string {
  const at = stack.search(/^ {4}at /m)
  const title = at < 0 ? stack : stack.slice(0, at - 1)
  const own = at < 0 || !keep ? '' : `\n    -- in the actor --\n${stack.slice(at)}`
  return `${title}\n${callerStack}${own}`
}
