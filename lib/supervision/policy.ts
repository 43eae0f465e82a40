// When an actor is made again, and after how long (contract 5.1).

import type { RestartPolicy, Strategy } from '../options/index.js'

/** What a spawn says of it. */
export interface RestartSpec {
  readonly policy: RestartPolicy
  readonly maxRestarts: number
  readonly restartWindowMs: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  /** For its children. */
  readonly strategy: Strategy | undefined
  /** Its parent's, for it and its siblings. */
  readonly group: Strategy | undefined
}

/** Anything that may run its constructor again. */
export function isMadeAgain({ policy }: RestartSpec): boolean {
  return policy !== 'never'
}

/** Waits that are told apart: each is twice the one before, so the last is at its longest. */
const MOST_DOUBLINGS = 30
/** A wait is longer than said by up to this share, so that what failed together does not come back together. */
const JITTER = 0.25

/** The restarts of one actor, as far as they count. */
export class RestartHistory {
  readonly #spec: RestartSpec
  /** When they were, within the window: no more than maxRestarts, or than make a difference to the wait. */
  readonly #times: number[]

  /** times: those of a life that ended with its thread. */
  constructor(spec: RestartSpec, times: readonly number[] = []) {
    this.#spec = spec
    this.#times = [...times]
  }

  get times(): readonly number[] {
    return this.#times
  }

  /** Counts a restart; milliseconds to wait before it, undefined where it is one too many. random: 0 to 1. */
  next(now: number, random: number): number | undefined {
    const { maxRestarts, restartWindowMs, minBackoffMs, maxBackoffMs } = this.#spec
    const times = this.#times
    while (times.length > 0 && now - (times[0] as number) > restartWindowMs) times.shift()
    if (times.length >= maxRestarts) return undefined
    const wait = minBackoffMs * 2 ** Math.min(times.length, MOST_DOUBLINGS) * (1 + JITTER * random)
    if (times.length > MOST_DOUBLINGS && maxRestarts === Number.POSITIVE_INFINITY) times.shift()
    times.push(now)
    return Math.min(wait, maxBackoffMs)
  }
}
