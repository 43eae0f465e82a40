// A system as its observers are shown it: asked of its threads when somebody looks, and never in between.

import { BOUNDS, type ClassReport, type MethodReport, type TimesReport } from '../engine/index.js'
import { type QueueReport, queuesOf } from '../queue/index.js'
import type {
  ActorReport,
  ActorSystem,
  ActorsWanted,
  Backlog,
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
  asksUnderWay: 0,
  deadLetters: {},
  backlogs: [],
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
  /** Its asks that wait for an answer. */
  readonly asksUnderWay: number
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
  /** Upper ends of the buckets of their times; the last bucket has none. */
  readonly boundsSeconds: readonly number[]
  /** What waits, by class; none where it was not asked for. */
  readonly backlogs: readonly Backlog[]
  readonly members: readonly Member[]
  readonly cluster: ClusterStats
  readonly counts: {
    readonly deadLetters: number
    /** Those whose reason is known: of threads that have died it is not. */
    readonly deadLettersByReason: Readonly<Record<string, number>>
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

  /** backlogs: whether all mailboxes are looked at, which takes longer. */
  async system(backlogs = false): Promise<SystemView> {
    const { nodeId, addr } = this.#system
    const [{ threads, reports }, members, cluster] = await Promise.all([
      this.#threads(backlogs),
      this.members(),
      this.#system.clusterStats(),
    ])
    const { deadLetters, unobservedErrors, restarts, threadsDied } = this.#system.counts()
    const deadLettersByReason = sumsOf(reports.map((report) => report.deadLetters))
    return {
      nodeId,
      addr,
      pid: process.pid,
      upMs: Math.round(performance.now() - this.#begunMs),
      rssBytes: process.memoryUsage.rss(),
      threads,
      methods: methodsOf(reports.flatMap(({ classes }) => classes)),
      boundsSeconds: BOUNDS,
      backlogs: backlogsOf(reports.flatMap((report) => report.backlogs)),
      members,
      cluster,
      counts: { deadLetters, deadLettersByReason, unobservedErrors, restarts, threadsDied },
    }
  }

  members(): Promise<Member[]> {
    return this.#system.members()
  }

  async threads(): Promise<ThreadView[]> {
    return (await this.#threads(false)).threads
  }

  queues(): Promise<QueueReport[]> {
    return queuesOf(this.#system)
  }

  async actors(wanted: ActorsWanted): Promise<ActorsView> {
    const reports = await Promise.all(
      this.#system
        .threadCounts()
        .map(({ slot }) => this.#system.report(slot, { actors: wanted, backlogs: false }, ANSWER_MS)),
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

  async #threads(backlogs: boolean): Promise<{ threads: ThreadView[]; reports: ThreadReport[] }> {
    const reports: ThreadReport[] = []
    const threads = await Promise.all(
      this.#system.threadCounts().map(async ({ slot, actors, eventLoopDelay }): Promise<ThreadView> => {
        const asked = performance.now()
        const report = await this.#system.report(slot, { actors: undefined, backlogs }, ANSWER_MS)
        const { activeMs, idleMs } = this.#system.activity(slot)
        const { heapUsedBytes, heapLimitBytes, externalBytes, asksUnderWay } = report ?? NOTHING
        if (report !== undefined) reports.push(report)
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
          asksUnderWay,
        }
      }),
    )
    return { threads, reports }
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

/** Of counts by a word. */
function sumsOf(all: readonly Readonly<Record<string, number | undefined>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const one of all)
    for (const [word, count = 0] of Object.entries(one)) sums[word] = (sums[word] ?? 0) + count
  return sums
}

function backlogsOf(all: readonly Backlog[]): Backlog[] {
  const sums = new Map<string, Backlog>()
  for (const { type, waiting, backlogMs } of all) {
    const before = sums.get(type)
    sums.set(type, {
      type,
      waiting: waiting + (before?.waiting ?? 0),
      backlogMs: Math.max(backlogMs, before?.backlogMs ?? 0),
    })
  }
  return [...sums.values()]
}

function sumOf(a: MethodReport, b: MethodReport): MethodReport {
  return {
    method: a.method,
    calls: a.calls + b.calls,
    errors: sumsOf([a.errors, b.errors]),
    ran: timesOf(a.ran, b.ran),
    waited: timesOf(a.waited, b.waited),
  }
}

function timesOf(a: TimesReport, b: TimesReport): TimesReport {
  if (a.buckets.length === 0) return b
  return { buckets: a.buckets.map((n, i) => n + (b.buckets[i] ?? 0)), seconds: a.seconds + b.seconds }
}
