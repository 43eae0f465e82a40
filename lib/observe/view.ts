// A system as its observers are shown it: asked of its threads when somebody looks, and never in between.

import { BOUNDS, type ClassReport, type MethodReport } from '../engine/index.js'
import { type QueueReport, queuesOf } from '../queue/index.js'
import type {
  ActorReport,
  ActorSystem,
  ActorsWanted,
  ClusterStats,
  Member,
  ThreadReport,
  ThreadStats,
} from '../system/index.js'

/** What a thread that is busy, or stuck, may take to answer. */
const ANSWER_MS = 1000
const NOTHING: ThreadReport = {
  heapUsedBytes: 0,
  heapLimitBytes: 0,
  externalBytes: 0,
  classes: [],
  actors: [],
  found: 0,
}

/** A thread, as it is shown. */
export interface ThreadView extends Omit<ThreadStats, 'utilization'> {
  /** False where it did not answer within a second: it is busy, or stuck. */
  readonly answers: boolean
  /** Milliseconds that its answer took: what anybody waits who asks it for something. */
  readonly answerMs: number | undefined
  /** Milliseconds since it began in which its event loop was busy, and in which not. */
  readonly busyMs: number
  readonly idleMs: number
  readonly heapUsedBytes: number
  readonly heapLimitBytes: number
  readonly externalBytes: number
}

/** A method of a class, over all threads. */
export interface MethodView extends MethodReport {
  readonly type: string
}

/** Actors, the first of all threads. */
export interface ActorsView {
  readonly actors: readonly ActorReport[]
  /** How many there are that the filter lets through. */
  readonly found: number
  /** Threads that did not answer. */
  readonly missing: readonly number[]
}

export interface SystemView {
  readonly nodeId: string
  readonly addr: string | undefined
  readonly pid: number
  readonly upMs: number
  readonly rssBytes: number
  readonly threads: readonly ThreadView[]
  readonly methods: readonly MethodView[]
  readonly members: readonly Member[]
  readonly cluster: ClusterStats
  readonly counts: {
    readonly deadLetters: number
    readonly unobservedErrors: number
    readonly restarts: number
    readonly threadsDied: number
  }
}

export class View {
  readonly #system: ActorSystem
  readonly #begunMs = performance.now()

  constructor(system: ActorSystem) {
    this.#system = system
  }

  async system(): Promise<SystemView> {
    const { nodeId, addr } = this.#system
    const [{ threads, classes }, members, cluster] = await Promise.all([
      this.#threads(),
      this.members(),
      this.#system.clusterStats(),
    ])
    const { deadLetters, unobservedErrors, restarts, threadsDied } = this.#system.counts()
    return {
      nodeId,
      addr,
      pid: process.pid,
      upMs: Math.round(performance.now() - this.#begunMs),
      rssBytes: process.memoryUsage.rss(),
      threads,
      methods: methodsOf(classes),
      members,
      cluster,
      counts: { deadLetters, unobservedErrors, restarts, threadsDied },
    }
  }

  members(): Promise<Member[]> {
    return this.#system.members()
  }

  async threads(): Promise<ThreadView[]> {
    return (await this.#threads()).threads
  }

  queues(): Promise<QueueReport[]> {
    return queuesOf(this.#system)
  }

  async actors(wanted: ActorsWanted): Promise<ActorsView> {
    const reports = await Promise.all(
      this.#system.threadCounts().map(({ slot }) => this.#system.report(slot, { actors: wanted }, ANSWER_MS)),
    )
    const order = wanted.by === 'age' || wanted.by === 'time' ? (`${wanted.by}Ms` as const) : wanted.by
    const actors = reports.flatMap((report) => report?.actors ?? [])
    actors.sort((a, b) => b[order] - a[order])
    return {
      actors: actors.slice(0, wanted.top),
      found: reports.reduce((sum, report) => sum + (report?.found ?? 0), 0),
      missing: reports.flatMap((report, slot) => (report === undefined ? [slot] : [])),
    }
  }

  async #threads(): Promise<{ threads: ThreadView[]; classes: ClassReport[] }> {
    const classes: ClassReport[] = []
    const threads = await Promise.all(
      this.#system.threadCounts().map(async ({ slot, actors, eventLoopDelay }): Promise<ThreadView> => {
        const asked = performance.now()
        const report = await this.#system.report(slot, { actors: undefined }, ANSWER_MS)
        const { activeMs, idleMs } = this.#system.activity(slot)
        const { heapUsedBytes, heapLimitBytes, externalBytes, classes: own } = report ?? NOTHING
        classes.push(...own)
        return {
          slot,
          actors,
          eventLoopDelay,
          answers: report !== undefined,
          answerMs: report === undefined ? undefined : performance.now() - asked,
          busyMs: activeMs,
          idleMs,
          heapUsedBytes,
          heapLimitBytes,
          externalBytes,
        }
      }),
    )
    return { threads, classes }
  }
}

/** Those of a class are one, whatever thread they were called on. */
function methodsOf(classes: readonly ClassReport[]): MethodView[] {
  const all = new Map<string, MethodView>()
  for (const { type, methods } of classes)
    for (const one of methods) {
      const key = `${type} ${one.method}`
      const before = all.get(key)
      all.set(key, before === undefined ? { type, ...one } : { type, ...sumOf(before, one) })
    }
  return [...all.values()]
}

function sumOf(a: MethodReport, b: MethodReport): MethodReport {
  const errors: Record<string, number> = { ...a.errors }
  for (const [kind, count] of Object.entries(b.errors)) errors[kind] = (errors[kind] ?? 0) + count
  return {
    method: a.method,
    calls: a.calls + b.calls,
    errors,
    buckets: [...BOUNDS, 0].map((_, i) => (a.buckets[i] ?? 0) + (b.buckets[i] ?? 0)),
    seconds: a.seconds + b.seconds,
  }
}
