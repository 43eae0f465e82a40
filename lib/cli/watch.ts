// pulsing watch: what changes in a system, as it does: its events, and the counts that no event tells.

import type { ActorsView, SystemView } from '../observe/index.js'
import { Observed, type ObservedOptions } from './observed.js'
import { type Output, plain } from './output.js'

interface WatchOptions extends ObservedOptions {
  readonly interval: number
}

/** Something that changed, when, and a sentence of it. */
interface Change {
  readonly at: string
  readonly what: string
  readonly data: unknown
  readonly text: string
}

/** Counts whose change is told. */
interface Counts {
  readonly actors: number
  readonly records: number
  readonly silentThreads: readonly number[]
}

/** Until the signal ends it. Fails where the system is not there, or not any more. */
export async function watch(
  { interval, ...options }: WatchOptions,
  out: Output,
  signal: AbortSignal,
): Promise<void> {
  const node = new Observed(options)
  const say = (what: string, data: unknown, text: string) => {
    const change: Change = { at: new Date().toISOString(), what, data, text: plain(text) }
    out.print(change, ({ at, text: said }) => `${at.slice(11, 23)}  ${said}`)
  }
  const { nodeId, threads, members } = await node.json<SystemView>('/api/system')
  say('begin', { nodeId }, `watching node ${nodeId}: ${threads.length} threads, ${members.length} members`)
  const both = new AbortController()
  const until = AbortSignal.any([signal, both.signal])
  try {
    await Promise.race([follow(node, until, say), poll(node, interval, until, say)])
  } finally {
    both.abort()
  }
}

type Say = (what: string, data: unknown, text: string) => void

async function follow(node: Observed, signal: AbortSignal, say: Say): Promise<void> {
  for await (const happened of node.events(signal)) say(happened.name, happened.data, happened.text)
  // The stream ends with the system; asking once more says that nobody is there.
  if (!signal.aborted) await node.json('/health')
}

async function poll(node: Observed, intervalMs: number, signal: AbortSignal, say: Say): Promise<void> {
  let before = await countsOf(node)
  while (!signal.aborted) {
    await pause(intervalMs, signal)
    if (signal.aborted) return
    const now = await countsOf(node)
    for (const name of ['actors', 'records'] as const)
      if (now[name] !== before[name])
        say(name, { before: before[name], now: now[name] }, `${name}: ${before[name]} -> ${now[name]}`)
    for (const slot of now.silentThreads)
      if (!before.silentThreads.includes(slot)) say('silent', { slot }, `thread ${slot} does not answer`)
    for (const slot of before.silentThreads)
      if (!now.silentThreads.includes(slot)) say('answers', { slot }, `thread ${slot} answers again`)
    before = now
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}

async function countsOf(node: Observed): Promise<Counts> {
  const [{ found, missing }, queues] = await Promise.all([
    node.json<ActorsView>('/api/actors', { top: '1' }),
    node.json<{ records: number }[]>('/api/queues'),
  ])
  return {
    actors: found,
    records: queues.reduce((sum, { records }) => sum + records, 0),
    silentThreads: missing,
  }
}
