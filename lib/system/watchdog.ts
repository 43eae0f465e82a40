// Finds engine threads that do not come back to their event loop (contract 5.5), from the host.

/** What of a thread changes while it lives: it turns its loop, or idles in it. */
export interface Sign {
  readonly turn: number
  readonly idleMs: number
}

export interface WatchdogOptions {
  /** Milliseconds without a sign after which a thread is reported, Infinity for never. */
  readonly stuckThreadMs: number
  /** Milliseconds without a sign after which it is ended, Infinity for never. */
  readonly terminateStuckAfterMs: number
  /** Those of the engine threads. */
  readonly slots: readonly number[]
  /** Undefined where no thread runs there now. */
  readonly signOf: (slot: number) => Sign | undefined
  readonly stuck: (slot: number, stuckMs: number) => void
  readonly terminate: (slot: number, stuckMs: number) => void
}

interface Seen {
  sign: Sign
  since: number
  reported: boolean
  ended: boolean
}

const LEAST_INTERVAL_MS = 5
const MOST_INTERVAL_MS = 1000
/** Looks within the shorter of the two times. */
const LOOKS = 4

export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #seen = new Map<number, Seen>()
  readonly #timer: NodeJS.Timeout | undefined
  #lookedAt = performance.now()

  constructor(options: WatchdogOptions) {
    this.#options = options
    const shortest = Math.min(options.stuckThreadMs, options.terminateStuckAfterMs)
    if (shortest === Number.POSITIVE_INFINITY || options.slots.length === 0) return
    const everyMs = Math.min(Math.max(shortest / LOOKS, LEAST_INTERVAL_MS), MOST_INTERVAL_MS)
    this.#timer = setInterval(() => this.#look(), everyMs).unref()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    // Where this thread itself, or the whole machine, stood still, nobody's silence says anything.
    const isLate = now - this.#lookedAt > 2 * MOST_INTERVAL_MS
    this.#lookedAt = now
    for (const slot of this.#options.slots) this.#lookAt(slot, now, isLate)
  }

  #lookAt(slot: number, now: number, isLate: boolean): void {
    const { stuckThreadMs, terminateStuckAfterMs, signOf, stuck, terminate } = this.#options
    const sign = signOf(slot)
    const seen = this.#seen.get(slot)
    if (sign === undefined) {
      this.#seen.delete(slot)
      return
    }
    if (isLate || seen === undefined || seen.sign.turn !== sign.turn || seen.sign.idleMs !== sign.idleMs) {
      this.#seen.set(slot, { sign, since: now, reported: false, ended: false })
      return
    }
    const stuckMs = now - seen.since
    if (!seen.reported && stuckMs >= stuckThreadMs) {
      seen.reported = true
      stuck(slot, stuckMs)
    }
    if (!seen.ended && stuckMs >= terminateStuckAfterMs) {
      seen.ended = true
      terminate(slot, stuckMs)
    }
  }
}
