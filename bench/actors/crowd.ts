// Many receivers, and one that tells them all in rotation.

import * as pul from 'pulsing'
import { check } from '../scenario.js'

/** Messages that actors of this thread have counted. */
let counted = 0

const One = pul.remote(
  import.meta.url,
  class One {
    add(message: { n: number }): void {
      counted += message.n
    }

    /** What all of its thread have counted, since that was asked last. */
    counted(): number {
      const count = counted
      counted = 0
      return count
    }
  },
)

type OneProxy = pul.ActorProxy<InstanceType<typeof One>>

/** Under way at a time. */
const AT_ONCE = 1000

async function spawnAll(count: number, spawn: () => PromiseLike<OneProxy>): Promise<OneProxy[]> {
  const all: OneProxy[] = []
  while (all.length < count) {
    all.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - all.length) }, spawn))))
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return all
}

export const Crowd = pul.remote(
  import.meta.url,
  class Crowd {
    #all: OneProxy[] = []

    async gather(count: number, where: 'beside' | 'across'): Promise<void> {
      const there = One.options({ placement: where === 'beside' ? { slot: 1 } : { slot: 2 } })
      this.#all = await spawnAll(count, () => there.spawn())
    }

    /** Gives the milliseconds it took until all have counted. */
    async tellEach(messages: number): Promise<number> {
      const telling = this.#all.map((one) => pul.tell(one))
      const begun = performance.now()
      for (let i = 0, of = 0; i < messages; i++) {
        const full = (telling[of] as pul.Telling<OneProxy>).add({ id: i, op: 'add', n: 1 } as never)
        if (full !== undefined) await full
        if (++of === telling.length) of = 0
      }
      let count = 0
      while (count < messages) count += await (this.#all[0] as OneProxy).counted()
      const elapsedMs = performance.now() - begun
      check('the count', count, messages)
      return elapsedMs
    }
  },
)
