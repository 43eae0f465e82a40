// A clock that stands still until a test moves it.

import type { Clock, Timer } from '../engine/index.js'

interface Entry extends Timer {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/**
 * The time of a test's system: timeouts of asks, tells and streams, delayed calls, the backoff of restarts. A test moves it; what
 * actors do by timers of Node's own is not its.
 */
export class ManualClock implements Clock {
  readonly #settle: () => Promise<void>
  readonly #begun = Date.now()
  readonly #timers = new Set<Entry>()
  #nowMs = 0
  #order = 0

  /** @internal settle: resolves when nothing is left to be done at once. */
  constructor(settle: () => Promise<void>) {
    this.#settle = settle
  }

  /** Milliseconds that have passed by it. */
  now(): number {
    return this.#nowMs
  }

  /** The same as a date: milliseconds since 1970. */
  date(): number {
    return this.#begun + this.#nowMs
  }

  /**
   * Lets time pass, a moment at a time: what comes due is done in its order, and what follows from it, before the next.
   * @param ms how much, in milliseconds, 0 or more
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY)
      throw new RangeError(`${ms} ms can't pass: give 0 or more.`)
    const endMs = this.#nowMs + ms
    await this.#settle()
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
      await this.#settle()
    }
    this.#nowMs = endMs
  }

  /** @internal */
  setTimeout(run: () => void, ms: number): Timer {
    const entry: Entry = {
      atMs: this.#nowMs + Math.max(0, ms),
      order: this.#order++,
      run,
      unref: () => entry,
    }
    this.#timers.add(entry)
    return entry
  }

  /** @internal */
  clearTimeout(timer: Timer | undefined): void {
    this.#timers.delete(timer as Entry)
  }

  #next(endMs: number): Entry | undefined {
    let first: Entry | undefined
    for (const one of this.#timers) {
      if (one.atMs > endMs) continue
      if (
        first === undefined ||
        one.atMs < first.atMs ||
        (one.atMs === first.atMs && one.order < first.order)
      )
        first = one
    }
    return first
  }
}
