// Both ends of the stream row.

import * as pul from 'pulsing'
import { check } from '../scenario.js'

export const Streamer = pul.remote(
  import.meta.url,
  class Streamer {
    async *count(count: number): AsyncGenerator<number, number> {
      for (let i = 0; i < count; i++) yield i
      return count
    }

    /** Gives the milliseconds it took. */
    async read(
      from: pul.ActorProxy<{ count(count: number): AsyncGenerator<number, number> }>,
      count: number,
    ) {
      const begun = performance.now()
      let next = 0
      for await (const item of from.count(count)) {
        if (item !== next++) throw new Error(`wrong answer: item ${next - 1} is ${item}`)
      }
      const elapsedMs = performance.now() - begun
      check('the number of items', next, count)
      return elapsedMs
    }
  },
)
