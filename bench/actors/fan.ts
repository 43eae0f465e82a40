// One of the many senders of the fanin row.

import * as pul from 'pulsing'

export const Fan = pul.remote(
  import.meta.url,
  class Fan {
    /** Settles when the receiver has taken all that was sent before. */
    async send(counter: pul.ActorRef, count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        const full = counter.tell({ id: i, op: 'add', n: 1 })
        if (full !== undefined) await full
      }
      // Behind all that was told; counted as they are.
      await counter.ask({ id: count, op: 'add', n: 1 })
    }
  },
)
