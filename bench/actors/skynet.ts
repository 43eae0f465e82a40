// A tree of actors with ten children each, that adds up its leaves.

import * as pul from 'pulsing'

interface Task {
  readonly parent: pul.ActorRef
  readonly number: number
  readonly size: number
}

/** A leaf answers its number, the others what their ten children answered. Each ends when it has answered. */
export const Skynet = pul.remote(
  import.meta.url,
  class SkynetNode extends pul.Actor {
    #left = 10
    #sum = 0
    #parent: pul.ActorRef | undefined

    override async receive(message: Task | number, context: pul.ActorContext): Promise<void> {
      if (typeof message === 'number') {
        this.#sum += message
        if (--this.#left > 0) return
        ;(this.#parent as pul.ActorRef).tell(this.#sum)
        context.stop()
        return
      }
      const { parent, number, size } = message
      if (size === 1) {
        parent.tell(number)
        context.stop()
        return
      }
      this.#parent = parent
      const part = size / 10
      for (let i = 0; i < 10; i++) {
        const child = await Skynet.spawn()
        child.ref.tell({ parent: context.self, number: number + i * part, size: part })
      }
    }
  },
)

/** Starts a tree of so many leaves: its second level on all threads. */
export const SkynetMaster = pul.remote(
  import.meta.url,
  class SkynetMaster {
    #left = 0
    #sum = 0
    #done: () => void = () => {}

    receive(sum: number): void {
      this.#sum += sum
      if (--this.#left === 0) this.#done()
    }

    async run(leaves: number): Promise<{ sum: number; elapsedMs: number }> {
      const { ref } = pul.self(this)
      this.#left = 10
      this.#sum = 0
      const begun = performance.now()
      const ended = new Promise<void>((resolve) => {
        this.#done = resolve
      })
      const part = leaves / 10
      for (let i = 0; i < 10; i++) {
        const child = await Skynet.options({ placement: 'spread' }).spawn()
        child.ref.tell({ parent: ref, number: i * part, size: part })
      }
      await ended
      return { sum: this.#sum, elapsedMs: performance.now() - begun }
    }
  },
)
