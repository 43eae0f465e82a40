// What time it is, and what happens later, as far as the contract speaks of time: timeouts of asks, tells and streams, delayed
// calls, and the backoff of restarts. A test may have a clock of its own.

/** Of Node, or of a clock by hand. */
export interface Timer {
  /** It keeps no process alive. */
  unref(): unknown
}

export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number
  /** Milliseconds since 1970, the same on all threads. */
  date(): number
  setTimeout(run: () => void, ms: number): Timer
  clearTimeout(timer: Timer | undefined): void
}

export const realClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
}
