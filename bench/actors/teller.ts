// The sender of the tell rows. Its time includes the ask at the end, which is answered when all is counted.

import * as pul from 'pulsing'
import { type Add, TEXT } from '../messages.js'
import type { Tally } from './counter.js'

export interface TimedTally extends Tally {
  elapsedMs: number
}

export const Teller = pul.remote(
  import.meta.url,
  class Teller {
    async objects(counter: pul.ActorRef, count: number): Promise<TimedTally> {
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        const full = counter.tell({ id: i, op: 'add', n: 1 })
        if (full !== undefined) await full
      }
      return finish(counter, { id: count, op: 'get', n: 0 }, begun)
    }

    async texts(counter: pul.ActorRef, count: number): Promise<TimedTally> {
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        const full = counter.tell({ id: i, op: 'add', n: 1, text: TEXT })
        if (full !== undefined) await full
      }
      return finish(counter, { id: count, op: 'get', n: 0 }, begun)
    }

    async integers(counter: pul.ActorRef, count: number): Promise<TimedTally> {
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        const full = counter.tell(1)
        if (full !== undefined) await full
      }
      return finish(counter, -1, begun)
    }

    async shared(counter: pul.ActorRef, count: number): Promise<TimedTally> {
      const message: Add = pul.share({ id: 0, op: 'add', n: 1 })
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        const full = counter.tell(message)
        if (full !== undefined) await full
      }
      return finish(counter, { id: count, op: 'get', n: 0 }, begun)
    }
  },
)

async function finish(counter: pul.ActorRef, question: unknown, begun: number): Promise<TimedTally> {
  const { count, sum } = (await counter.ask(question)) as Tally
  return { count, sum, elapsedMs: performance.now() - begun }
}
