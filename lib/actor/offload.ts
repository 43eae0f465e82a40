// Functions that compute, in threads that can be ended in the middle of a loop: piscina's, one pool for each thread of ours.

import type { Piscina } from 'piscina'
import { execArgvOfThreads, onAbort } from '../engine/index.js'
import { errors, messageOf, reading } from '../errors/index.js'
import { checkTellOptions } from '../options/index.js'
import type { Outcome, Task } from './offload-worker.js'

/** Options of an offloaded function. */
export interface OffloadOptions {
  /** Milliseconds it may take, in its queue and in its thread: Infinity unless set. */
  readonly timeoutMs?: number | undefined
  /** Aborted, it ends the function, wherever it is, and rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** Threads that have nothing to do end after so many milliseconds. */
const IDLE_MS = 10_000

let pool: Promise<Piscina> | undefined

async function makePool(): Promise<Piscina> {
  // Loaded when it is first needed: most programs offload nothing.
  const { Piscina: Pool } = await import('piscina')
  const execArgv = execArgvOfThreads()
  return new Pool({
    filename: new URL('./offload-worker.js', import.meta.url).href,
    name: 'run',
    minThreads: 0,
    idleTimeout: IDLE_MS,
    ...(execArgv === undefined ? {} : { execArgv }),
  })
}

/** What ActorContext.offload says. stop: aborted when the actor stops. */
export async function offload(
  given: string | URL,
  args: readonly unknown[],
  options: OffloadOptions | undefined,
  stop: AbortSignal,
  stopped: () => Error,
): Promise<unknown> {
  const { timeoutMs, signal } = checkTellOptions(options ?? {})
  if (!reading('args', () => Array.isArray(args)))
    throw errors.invalidArgument('args', args, 'an array of arguments')
  const task = { ...moduleOf(given), args }
  const end = new AbortController()
  const give = (reason: unknown) => end.abort(reason)
  const timer =
    timeoutMs === Number.POSITIVE_INFINITY
      ? undefined
      : setTimeout(() => give(errors.offloadTimeout(task.url, task.name, timeoutMs)), timeoutMs)
  if (signal?.aborted) give(signal.reason)
  if (stop.aborted) give(stopped())
  const quits = [signal && onAbort(signal, () => give(signal.reason)), onAbort(stop, () => give(stopped()))]
  try {
    return await run(task, end.signal)
  } catch (error) {
    if (end.signal.aborted) throw end.signal.reason
    throw error
  } finally {
    clearTimeout(timer)
    for (const quit of quits) quit?.()
  }
}

async function run(task: Task, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted()
  pool ??= makePool()
  const threads = await pool
  signal.throwIfAborted()
  let outcome: Outcome
  try {
    outcome = (await threads.run(task, { signal })) as Outcome
  } catch (error) {
    if (error instanceof DOMException && error.name === 'DataCloneError')
      throw errors.notSerializable('args', messageOf(error))
    throw error
  }
  if ('value' in outcome) return outcome.value
  if ('unloadable' in outcome) throw errors.offloadUnloadable(task.url, outcome.unloadable)
  throw errors.invalidArgument(
    'url',
    `${task.url}#${task.name}`,
    `the URL of a module and, behind #, an exported function of it (not ${task.name}, but: ${outcome.exported.join(', ') || 'it has none'})`,
  )
}

/** `file:///a.js#sum`: the module, and its export `sum`; without `#`, `default`. */
function moduleOf(given: string | URL): { url: string; name: string } {
  let url: URL
  try {
    url = new URL(given)
  } catch {
    throw errors.invalidArgument('url', given, "a module's URL, as new URL('./primes.js', import.meta.url)")
  }
  const name = decodeURIComponent(url.hash.slice(1)) || 'default'
  url.hash = ''
  return { url: url.href, name }
}
