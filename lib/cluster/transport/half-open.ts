// Connections of others that have not said who they are: so many at a time, the oldest ends for a new one.

import { MOST_HALF_OPEN, MOST_HALF_OPEN_EACH } from './limits.js'

interface Waiting {
  readonly from: string
  end(): void
}

export class HalfOpen {
  readonly #waiting = new Set<Waiting>()
  /** Those that were ended for others. */
  ended = 0

  /** Gives what is to be called when it has said who it is, or is gone. */
  add(from: string, end: () => void): () => void {
    const waiting: Waiting = { from, end }
    const same = [...this.#waiting].filter((one) => one.from === from)
    if (same.length >= MOST_HALF_OPEN_EACH) this.#end(same[0] as Waiting)
    else if (this.#waiting.size >= MOST_HALF_OPEN) {
      const [oldest] = this.#waiting
      this.#end(oldest as Waiting)
    }
    this.#waiting.add(waiting)
    return () => this.#waiting.delete(waiting)
  }

  #end(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    this.ended++
    waiting.end()
  }

  endAll(): void {
    for (const waiting of this.#waiting) waiting.end()
    this.#waiting.clear()
  }
}
