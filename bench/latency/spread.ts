// How latencies are kept, and what is said of them.

import { createHistogram } from 'node:perf_hooks'

export interface Spread {
  readonly count: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
  /** Pairs of a share, 0 to 1, and the microseconds that so many take at most. */
  readonly curve: readonly (readonly [share: number, us: number])[]
}

const SHARES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999]

export class Latencies {
  /** Tenths of a microsecond. */
  readonly #histogram = createHistogram({ figures: 3 })

  record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 10_000)))
  }

  get count(): number {
    return this.#histogram.count
  }

  spread(): Spread {
    const us = (share: number) => this.#histogram.percentile(share * 100) / 10
    return {
      count: this.count,
      p50Us: us(0.5),
      p99Us: us(0.99),
      p999Us: us(0.999),
      maxUs: this.#histogram.max / 10,
      curve: SHARES.map((share) => [share, us(share)]),
    }
  }
}

/**
 * Calls back so often a second, each with the time when it was due, for so long. What is late is made up for as soon as it may go.
 */
export function atRate(
  rate: number,
  forMs: number,
  due: (dueMs: number) => void,
  mayGo: () => boolean = () => true,
): Promise<void> {
  const total = Math.floor((rate * forMs) / 1000)
  const begun = performance.now()
  let done = 0
  return new Promise((resolve, reject) => {
    const turn = () => {
      try {
        const now = performance.now()
        while (done < total && begun + (done * 1000) / rate <= now && mayGo())
          due(begun + (done++ * 1000) / rate)
      } catch (error) {
        return reject(error as Error)
      }
      if (done < total) setImmediate(turn)
      else resolve()
    }
    turn()
  })
}

/** Works until that time. */
export function burn(us: number): void {
  for (const until = performance.now() + us / 1000; performance.now() < until; );
}
