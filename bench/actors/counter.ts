// The receivers of the tell rows.

import * as pul from 'pulsing'
import type { Add } from '../messages.js'

export interface Tally {
  count: number
  sum: number
}

/** Counts objects. `op: 'get'` is answered with what was counted, and it begins anew. */
export const Counter = pul.remote(
  import.meta.url,
  class Counter extends pul.Actor {
    #count = 0
    #sum = 0

    override receive(message: Add): Tally | undefined {
      if (message.op === 'get') {
        const tally = { count: this.#count, sum: this.#sum }
        this.#count = this.#sum = 0
        return tally
      }
      this.#count++
      this.#sum += message.n
      return undefined
    }
  },
)

/** Counts integers. -1 is answered with what was counted, and it begins anew. */
export const IntCounter = pul.remote(
  import.meta.url,
  class IntCounter extends pul.Actor {
    #count = 0
    #sum = 0

    override receive(message: number): Tally | undefined {
      if (message === -1) {
        const tally = { count: this.#count, sum: this.#sum }
        this.#count = this.#sum = 0
        return tally
      }
      this.#count++
      this.#sum += message
      return undefined
    }
  },
)
