// A pipeline of four stages with bounded mailboxes, the last one slow.

import * as pul from 'pulsing'

export interface Item {
  readonly id: number
  readonly text: string
  readonly value: number
}

/** Microseconds that the last stage computes for each record. */
const SLOW_US = 5

type Next = pul.ActorProxy<{ take(item: Item): void }>

export const Stage = pul.remote(
  import.meta.url,
  class Stage {
    readonly #next: pul.Telling<Next>
    constructor(next: Next) {
      this.#next = pul.tell(next)
    }
    /** Waits where the next stage is full, and takes no other record meanwhile. */
    async take(item: Item): Promise<void> {
      await this.#next.take({ id: item.id, text: item.text, value: item.value + 1 })
    }
  },
  { maxConcurrency: 1 },
)

export const Sink = pul.remote(
  import.meta.url,
  class Sink {
    #count = 0
    #sum = 0
    #wanted = 0
    #done: () => void = () => {}
    take(item: Item): void {
      for (const since = performance.now(); performance.now() - since < SLOW_US / 1000; );
      this.#sum += item.value
      if (++this.#count === this.#wanted) this.#done()
    }
    /** The sum of the values, once so many records have come since it was asked last. */
    async taken(wanted: number): Promise<number> {
      this.#wanted = wanted
      if (this.#count < wanted)
        await new Promise<void>((resolve) => {
          this.#done = resolve
        })
      const sum = this.#sum
      this.#count = this.#sum = 0
      this.#wanted = 0
      return sum
    }
  },
)
