// The rows of a pool of workers: one worker, which takes a thousand tasks at a time where the pool can say so.

import { type Ask, askInSequence, askPipelined } from '../messages.js'
import { perSecond, type Scenario } from '../scenario.js'

export interface Pool {
  ask: Ask
  close(): PromiseLike<unknown>
}

export function poolRows(open: () => Pool): readonly Scenario[] {
  const row = (
    name: string,
    operation: string,
    count: number,
    asks: (ask: Ask, count: number) => Promise<number>,
  ): Scenario => ({
    name,
    unit: 'ops/s',
    operation,
    sizes: { quick: count, full: count * 2 },
    open: async () => {
      const pool = open()
      return {
        run: async (size) => perSecond(size, await asks(pool.ask, size)),
        close: async () => {
          await pool.close()
        },
      }
    },
  })
  return [
    row('pingpong-cross', 'one awaited task { id, op, n }, in sequence', 10_000, askInSequence),
    row('ask-host', 'one awaited task { id, op, n }, in sequence', 10_000, askInSequence),
    row('ask-pipelined', 'one task { id, op, n }, 1,000 under way', 50_000, askPipelined),
  ]
}
