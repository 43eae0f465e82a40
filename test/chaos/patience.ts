// Waiting: for what has to settle, for a stream's end, for a thread that is there.

import { setTimeout as sleep } from 'node:timers/promises'
import { stream } from 'pulsing'

const QUIET_MS = 60_000

/** A machine that is busy with other things may make the watchdog end a thread at any time. */
export async function again<T>(spawn: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await spawn()
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_PULSING_THREAD_DIED' || tries === 10) throw error
    }
  }
}

export async function readAll(items: AsyncIterable<number> & PromiseLike<unknown>): Promise<void> {
  let next = 0
  for await (const item of stream(items as never) as AsyncIterable<number>)
    if (item !== next++) throw Object.assign(new Error('an item is missing'), { code: 'MISSING_ITEM' })
}

export async function within<T>(
  promise: Promise<T>,
  sentence: string,
  wrong: string[],
): Promise<T | undefined> {
  const late = new AbortController()
  const timer = sleep(QUIET_MS, undefined, { signal: late.signal }).catch(() => undefined)
  const result = await Promise.race([promise.then((value) => ({ value })), timer])
  late.abort()
  if (result === undefined) wrong.push(`${sentence} after ${QUIET_MS} ms`)
  return result?.value
}
