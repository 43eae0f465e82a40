// A thread that is kept busy by small messages, and a timer on it.

import * as pul from 'pulsing'
import { burn, Latencies, type Spread } from './spread.js'

export const Busy = pul.remote(
  import.meta.url,
  class Busy {
    #taken = 0

    take(us: number): void {
      burn(us)
      this.#taken++
    }

    taken(): number {
      return this.#taken
    }
  },
)

/** A timer of a millisecond, set again each time, and how late it is. */
export class Ticker {
  readonly #latencies = new Latencies()
  #timer: NodeJS.Timeout | undefined

  start(): void {
    const set = () => {
      const due = performance.now() + 1
      this.#timer = setTimeout(() => {
        this.#latencies.record(Math.max(0, performance.now() - due))
        set()
      }, 1)
    }
    set()
  }

  end(): Spread {
    clearTimeout(this.#timer)
    return this.#latencies.spread()
  }
}

export const Clock = pul.remote(
  import.meta.url,
  class Clock {
    readonly #ticker = new Ticker()

    start(): void {
      this.#ticker.start()
    }

    end(): Spread {
      return this.#ticker.end()
    }
  },
)
