// What is counted of the calls of a class on one thread, where the system is observed. Each call is counted; of short ones one in
// some is timed, and stands for those between it and the one timed before.

import { channel } from 'node:diagnostics_channel'
import {
  PulsingBusinessError,
  PulsingRuntimeError,
  PulsingSystemError,
  PulsingTimeoutError,
  PulsingUnsupportedError,
} from '../errors/index.js'
import type { DeadLetterReason } from './hooks.js'

/** Upper ends of the histograms of how long calls take, in seconds. */
export const BOUNDS: readonly number[] = [
  0.000_01, 0.000_1, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** Calls that were timed, on the thread of their actor; while somebody listens, all are. And those that failed. */
const CALLS = channel('pulsing:call')
const FAILURES = channel('pulsing:callError')

/** A call is short below so many milliseconds; then half as many as there were so far are not timed, and at most so many. */
const SHORT_MS = 0.1
const MOST_SKIPPED = 255

/** Of one method: how often it was called, and how long that took, in seconds. */
export interface MethodReport {
  readonly method: string
  readonly calls: number
  /** By kind of the error: business, system, timeout, unsupported, runtime, or other. */
  readonly errors: Readonly<Record<string, number>>
  /** How long calls took; those that are under way are not there yet. */
  readonly ran: TimesReport
  /** How long they had waited when they began, at least (docs/observing.md). */
  readonly waited: TimesReport
}

/** Calls by their time: up to each bound, and longer; and all of their seconds together. Empty where there was none. */
export interface TimesReport {
  readonly buckets: readonly number[]
  readonly seconds: number
}

const NONE: TimesReport = { buckets: [], seconds: 0 }

export interface ClassReport {
  readonly type: string
  /** Those that were called. */
  readonly methods: readonly MethodReport[]
}

class Times {
  readonly buckets: Float64Array = new Float64Array(BOUNDS.length + 1)
  seconds = 0

  /** So many calls that took, or waited, that long each. */
  add(ms: number, weight: number): void {
    const seconds = ms / 1000
    let at = 0
    while (at < BOUNDS.length && seconds > (BOUNDS[at] as number)) at++
    this.buckets[at] = (this.buckets[at] as number) + weight
    this.seconds += seconds * weight
  }

  report(): TimesReport {
    return { buckets: [...this.buckets], seconds: this.seconds }
  }
}

/** Of one actor, where the system is observed. */
export class Seen {
  /** Of its class on this thread. */
  readonly tally: Tally
  /** What its calls took together: an estimate, as short ones are sampled. */
  runMs = 0
  /** When it was paused last, 0 where nothing waited when that was over. */
  pausedMs = 0
  /** And since when messages have waited without a moment in which none did; 0 where none do. */
  backlogMs = 0

  constructor(tally: Tally) {
    this.tally = tally
  }

  ended(method: number, begunMs: number, weight: number): void {
    this.runMs += this.tally.ended(method, begunMs, weight)
  }

  ran(calls: number): void {
    this.runMs += this.tally.ran(calls)
  }

  paused(): void {
    this.pausedMs = performance.now()
    if (this.backlogMs === 0) this.backlogMs = this.pausedMs
  }
}

/** Of one class. By method number: 0 is receive. */
export class Tally {
  readonly type: string
  readonly #names: readonly string[]
  /** Calls up to when left was set last. */
  readonly #calls: Float64Array
  /** How many calls there were when one was timed last. */
  readonly #timed: Float64Array
  readonly #ran: (Times | undefined)[] = []
  readonly #waited: (Times | undefined)[] = []
  readonly #errors: (Map<string, number> | undefined)[] = []
  /** How many calls were not to be timed before the next is, and how many of those have not come yet. */
  readonly #skipped: Int32Array
  readonly left: Int32Array
  /** Of the call that was begun last: when, in milliseconds, 0 where it is not timed; and how many calls it stands for. */
  begunMs = 0
  weight = 0

  constructor(type: string, names: readonly string[]) {
    this.type = type
    this.#names = names
    this.#calls = new Float64Array(names.length + 1)
    this.#timed = new Float64Array(names.length + 1)
    this.#skipped = new Int32Array(names.length + 1)
    this.left = new Int32Array(names.length + 1)
  }

  /** A call that is to be timed begins. Gives when. */
  begin(method: number): number {
    this.#skip(method, 0)
    const calls = this.#calls[method] as number
    this.weight = calls - (this.#timed[method] as number)
    this.#timed[method] = calls
    this.begunMs = performance.now()
    return this.begunMs
  }

  /** So many calls are not timed from here on. */
  #skip(method: number, calls: number): void {
    this.#calls[method] = this.#countOf(method)
    this.#skipped[method] = this.left[method] = calls
  }

  #countOf(method: number): number {
    return (this.#calls[method] as number) + (this.#skipped[method] as number) - (this.left[method] as number)
  }

  /** The call that was begun, and is timed, has waited so long, as have those that it stands for. */
  waited(method: number, ms: number): void {
    this.#waited[method] ??= new Times()
    this.#waited[method]?.add(Math.max(0, ms), this.weight)
  }

  /** The call that was begun is asynchronous: its end is told with what this gives. */
  take(): number {
    const { begunMs } = this
    this.begunMs = 0
    return begunMs
  }

  /** A run of receive is done: so many calls behind the one that was begun. Gives what they took, as ended does. */
  ran(more: number): number {
    this.#calls[0] = (this.#calls[0] as number) + more
    const { begunMs } = this
    if (begunMs === 0) return 0
    this.#timed[0] = (this.#timed[0] as number) + more
    return this.ended(0, begunMs, this.weight + more, more + 1)
  }

  /** A call that was timed is done, one of so many that took that long together. Gives the time of all it stands for. */
  ended(method: number, begunMs: number, weight: number, count = 1): number {
    const tookMs = (performance.now() - begunMs) / count
    const isHeard = CALLS.hasSubscribers
    if (isHeard)
      CALLS.publish({ class: this.type, method: this.#nameOf(method), durationMs: tookMs, calls: weight })
    const most = Math.min(MOST_SKIPPED, Math.floor((this.#calls[method] as number) / 2))
    this.#skip(method, tookMs < SHORT_MS && !isHeard ? most : 0)
    this.begunMs = 0
    this.#ran[method] ??= new Times()
    this.#ran[method]?.add(tookMs, weight)
    return tookMs * weight
  }

  failed(method: number, error: Error): void {
    let errors = this.#errors[method]
    if (errors === undefined) {
      errors = new Map()
      this.#errors[method] = errors
    }
    const name = kindOf(error)
    if (FAILURES.hasSubscribers)
      FAILURES.publish({ class: this.type, method: this.#nameOf(method), kind: name, error })
    errors.set(name, (errors.get(name) ?? 0) + 1)
  }

  #nameOf(method: number): string {
    return method === 0 ? 'receive' : (this.#names[method - 1] as string)
  }

  report(): ClassReport {
    const methods: MethodReport[] = []
    for (let number = 0; number <= this.#names.length; number++) {
      const calls = this.#countOf(number)
      if (calls === 0) continue
      methods.push({
        method: this.#nameOf(number),
        calls,
        errors: Object.fromEntries(this.#errors[number] ?? []),
        ran: this.#ran[number]?.report() ?? NONE,
        waited: this.#waited[number]?.report() ?? NONE,
      })
    }
    return { type: this.type, methods }
  }
}

const KINDS: readonly (readonly [kind: string, Class: abstract new (...args: never[]) => Error])[] = [
  ['business', PulsingBusinessError],
  ['system', PulsingSystemError],
  ['timeout', PulsingTimeoutError],
  ['unsupported', PulsingUnsupportedError],
  ['runtime', PulsingRuntimeError],
]

function kindOf(error: Error): string {
  return KINDS.find(([, Class]) => error instanceof Class)?.[0] ?? 'other'
}

/** Of all classes of a thread. */
export class Tallies {
  readonly #all = new Map<object, Tally>()
  /** Of this thread, by their reason. */
  readonly deadLetters: Partial<Record<DeadLetterReason, number>> = {}

  lost(reason: DeadLetterReason): void {
    this.deadLetters[reason] = (this.deadLetters[reason] ?? 0) + 1
  }

  /** key: the class's own. */
  of(key: object, type: string, methods: readonly string[]): Tally {
    let tally = this.#all.get(key)
    if (tally === undefined) {
      tally = new Tally(type, methods)
      this.#all.set(key, tally)
    }
    return tally
  }

  reports(): ClassReport[] {
    return [...this.#all.values()].map((tally) => tally.report()).filter(({ methods }) => methods.length > 0)
  }
}
