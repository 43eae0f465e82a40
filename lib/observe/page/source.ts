// Where the page's figures come from: the server asks the threads when somebody looks, so the page asks seldom, for the first
// ones alone, and not at all while it is hidden.

import type { QueueReport } from '../../queue/index.js'
import type { ActorOrder } from '../../system/index.js'
import type { Happened } from '../event-stream.js'
import type { ActorsView, MethodView, SystemView } from '../view.js'

export type { ActorOrder, ActorsView, Happened, MethodView, QueueReport, SystemView }

export const INTERVAL_MS = 1000
/** Seconds that charts show. */
export const HISTORY = 300
const MOST_EVENTS = 200
/** A server that does not answer for so long is gone, or stuck. */
const ANSWER_MS = 5000

/** What changed between two looks at a method. */
export interface MethodRate {
  readonly type: string
  readonly method: string
  readonly callsASecond: number
  /** Of those that were timed since the last look, in milliseconds. */
  readonly meanMs: number
  readonly p99Ms: number
  readonly errors: number
  /** Of all since the start. */
  readonly calls: number
  /** What its calls took of each second, in milliseconds. */
  readonly busyMsASecond: number
}

/** What a chart shows, a column each; undefined where there was no look. */
export interface History {
  readonly at: number[]
  readonly calls: (number | null)[]
  readonly p50: (number | null)[]
  readonly p99: (number | null)[]
  /** By thread. */
  readonly load: (number | null)[][]
}

export interface Snapshot {
  readonly system: SystemView
  readonly queues: readonly QueueReport[]
  readonly methods: readonly MethodRate[]
  /** By thread, 0 to 1. */
  readonly load: readonly number[]
  readonly history: History
  readonly events: readonly Happened[]
  /** Why the figures are old: what went wrong with the last look. */
  readonly trouble: string | undefined
}

export async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS) })
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
  return (await response.json()) as T
}

export class Source {
  readonly #changed: (snapshot: Snapshot) => void
  readonly #history: History = { at: [], calls: [], p50: [], p99: [], load: [] }
  #events: Happened[] = []
  #before: { readonly atMs: number; readonly system: SystemView } | undefined
  #last: Snapshot | undefined
  #stream: EventSource | undefined
  paused = false

  constructor(changed: (snapshot: Snapshot) => void) {
    this.#changed = changed
  }

  /** Goes on until the page is closed. */
  async run(): Promise<never> {
    for (;;) {
      if (!this.paused && !document.hidden) await this.#look()
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
    }
  }

  async #look(): Promise<void> {
    try {
      const [system, queues] = await Promise.all([
        ask<SystemView>('/api/system'),
        ask<QueueReport[]>('/api/queues'),
      ])
      if (this.#stream === undefined || this.#stream.readyState === EventSource.CLOSED) await this.#listen()
      this.#seen(system, queues)
    } catch (error) {
      if (this.#last !== undefined)
        this.#last = { ...this.#last, trouble: `No answer since ${time(this.#history.at)}: ${String(error)}` }
      if (this.#last !== undefined) this.#changed(this.#last)
    }
  }

  async #listen(): Promise<void> {
    this.#events = await ask<Happened[]>('/api/recent')
    this.#stream?.close()
    const stream = new EventSource('/api/events')
    this.#stream = stream
    stream.addEventListener('message', ({ data }) => {
      this.#events = [...this.#events, JSON.parse(data as string) as Happened].slice(-MOST_EVENTS)
    })
  }

  #seen(system: SystemView, queues: readonly QueueReport[]): void {
    const atMs = performance.now()
    const before = this.#before
    this.#before = { atMs, system }
    // Another process has taken its place: its counts begin again.
    const isSame =
      before !== undefined && before.system.pid === system.pid && before.system.nodeId === system.nodeId
    const seconds = isSame ? (atMs - before.atMs) / 1000 : 0
    const bounds = system.boundsSeconds.map((bound) => bound * 1000)
    const methods = isSame ? ratesOf(before.system.methods, system.methods, seconds, bounds) : []
    const load = system.threads.map((thread, i) =>
      loadOf(thread, isSame ? before.system.threads[i] : undefined),
    )
    const times = isSame ? timesOf(before.system.methods, system.methods) : []
    const spread = [0.5, 0.99].map((share) => quantile(times, share, bounds))
    this.#keep(spread, methods, load, isSame)
    this.#last = {
      system,
      queues,
      methods,
      load,
      history: { ...this.#history },
      events: this.#events,
      trouble: undefined,
    }
    this.#changed(this.#last)
  }

  #keep(
    [median = null, rare = null]: readonly (number | null)[],
    methods: readonly MethodRate[],
    load: readonly number[],
    isSame: boolean,
  ): void {
    const { at, calls, p50, p99, load: loads } = this.#history
    at.push(Date.now() / 1000)
    calls.push(isSame ? methods.reduce((sum, one) => sum + one.callsASecond, 0) : null)
    p50.push(median)
    p99.push(rare)
    for (let i = 0; i < Math.max(load.length, loads.length); i++) {
      loads[i] ??= Array.from({ length: at.length - 1 }, () => null)
      loads[i]?.push(isSame ? (load[i] ?? null) : null)
    }
    if (at.length <= HISTORY) return
    for (const column of [at, calls, p50, p99, ...loads]) column.shift()
  }
}

function time(at: readonly number[]): string {
  return new Date((at.at(-1) ?? 0) * 1000).toLocaleTimeString('en-GB')
}

type ThreadTimes = Pick<SystemView['threads'][number], 'busyMs' | 'idleMs'>

function loadOf(now: ThreadTimes, before: ThreadTimes | undefined): number {
  const busy = now.busyMs - (before?.busyMs ?? 0)
  const idle = now.idleMs - (before?.idleMs ?? 0)
  return before !== undefined && busy >= 0 && idle >= 0 && busy + idle > 0 ? busy / (busy + idle) : 0
}

/** Calls by how long they took, of those since the last look. */
function timesOf(before: readonly MethodView[], now: readonly MethodView[]): number[] {
  const sum: number[] = []
  const add = (methods: readonly MethodView[], sign: number) => {
    for (const { ran } of methods)
      for (const [i, n] of ran.buckets.entries()) sum[i] = (sum[i] ?? 0) + sign * n
  }
  add(now, 1)
  add(before, -1)
  return sum
}

/** Between the ends of the bucket that it falls into; null where nothing was timed. */
function quantile(buckets: readonly number[], share: number, boundsMs: readonly number[]): number | null {
  const all = buckets.reduce((sum, n) => sum + Math.max(0, n), 0)
  if (all <= 0) return null
  let left = all * share
  for (let i = 0; i < buckets.length; i++) {
    const n = Math.max(0, buckets[i] ?? 0)
    if (left <= n && n > 0) {
      const low = boundsMs[i - 1] ?? 0
      const high = boundsMs[i] ?? low * 2
      return low + (high - low) * (left / n)
    }
    left -= n
  }
  return boundsMs.at(-1) ?? null
}

function ratesOf(
  before: readonly MethodView[],
  now: readonly MethodView[],
  seconds: number,
  boundsMs: readonly number[],
): MethodRate[] {
  const earlier = new Map(before.map((one) => [`${one.type} ${one.method}`, one]))
  const errorsOf = (one: MethodView | undefined) =>
    Object.values(one?.errors ?? {}).reduce((sum, n) => sum + n, 0)
  return now
    .map((one) => {
      const then = earlier.get(`${one.type} ${one.method}`)
      const buckets = one.ran.buckets.map((n, i) => n - (then?.ran.buckets[i] ?? 0))
      const timed = buckets.reduce((sum, n) => sum + Math.max(0, n), 0)
      const took = Math.max(0, one.ran.seconds - (then?.ran.seconds ?? 0))
      return {
        type: one.type,
        method: one.method,
        callsASecond: Math.max(0, one.calls - (then?.calls ?? 0)) / seconds,
        meanMs: timed > 0 ? (took / timed) * 1000 : 0,
        p99Ms: quantile(buckets, 0.99, boundsMs) ?? 0,
        errors: errorsOf(one),
        calls: one.calls,
        busyMsASecond: (took * 1000) / seconds,
      }
    })
    .sort((a, b) => b.busyMsASecond - a.busyMsASecond || b.callsASecond - a.callsASecond)
}
