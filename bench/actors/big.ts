// Many actors that each ping random others and wait for each pong: the "big" of the Erlang benchmarks.

import * as pul from 'pulsing'

interface Go {
  readonly others: readonly pul.ActorRef[]
  readonly pings: number
  readonly end: pul.ActorRef
}

/** A ping is the reference of whoever waits for the pong, which is a number. */
export const Pinger = pul.remote(
  import.meta.url,
  class Pinger extends pul.Actor {
    #go: Go | undefined
    #left = 0
    #random = 1
    #self: pul.ActorRef | undefined

    override onStart(_id: pul.ActorId, context: pul.ActorContext): void {
      this.#self = context.self
      this.#random = context.self.actorId.generation * 2654435761
    }

    override receive(message: pul.ActorRef | number | Go): void {
      if (message instanceof pul.ActorRef) {
        message.tell(0)
        return
      }
      if (typeof message !== 'number') {
        this.#go = message
        this.#left = message.pings
      }
      const { others, end } = this.#go as Go
      if (this.#left-- > 0) (others[this.#next(others.length)] as pul.ActorRef).tell(this.#self)
      else end.tell(0)
    }

    #next(bound: number): number {
      this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0
      return Math.floor((this.#random / 2 ** 32) * bound)
    }
  },
)

/** Makes them, on all threads, and starts them. */
export const BigMaster = pul.remote(
  import.meta.url,
  class BigMaster {
    #pingers: pul.ActorRef[] = []
    #ended = 0
    #done: () => void = () => {}

    async make(count: number): Promise<void> {
      for (let i = 0; i < count; i++)
        this.#pingers.push((await Pinger.options({ placement: 'spread' }).spawn()).ref)
    }

    receive(): void {
      if (++this.#ended === this.#pingers.length) this.#done()
    }

    async run(pings: number): Promise<{ ended: number; elapsedMs: number }> {
      this.#ended = 0
      const { ref } = pul.self(this)
      const begun = performance.now()
      await new Promise<void>((resolve) => {
        this.#done = resolve
        for (const pinger of this.#pingers) pinger.tell({ others: this.#pingers, pings, end: ref })
      })
      return { ended: this.#ended, elapsedMs: performance.now() - begun }
    }
  },
)
