// Makes many actors on its own thread.

import * as pul from 'pulsing'

/** What the actors of this thread have done. */
const tally = { started: 0, handled: 0, expected: 0, done: () => {} }

export const Newborn = pul.remote(
  import.meta.url,
  class Newborn extends pul.Actor {
    override onStart(): void {
      tally.started++
    }

    override receive(): void {
      if (++tally.handled === tally.expected) tally.done()
    }
  },
)

export interface Births {
  started: number
  handled: number
  elapsedMs: number
}

export const Nursery = pul.remote(
  import.meta.url,
  class Nursery {
    /** Makes `count` actors and tells each one message. What was made is stopped again, which is not timed. */
    async fill(count: number): Promise<Births> {
      const born: pul.ActorProxy<InstanceType<typeof Newborn>>[] = []
      tally.started = tally.handled = 0
      tally.expected = count
      const allHandled = new Promise<void>((resolve) => {
        tally.done = resolve
      })
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        const actor = await Newborn.spawn()
        actor.ref.tell(i)
        born.push(actor)
      }
      await allHandled
      const elapsedMs = performance.now() - begun
      const { started, handled } = tally
      for (const actor of born) await actor[Symbol.asyncDispose]()
      return { started, handled, elapsedMs }
    }
  },
)
