// Two actors that tell each other in turn.

import * as pul from 'pulsing'

/** Sends the first ball and counts down with each that comes back. */
export const Ping = pul.remote(
  import.meta.url,
  class Ping {
    #partner: pul.ActorRef | undefined
    #done: (left: number) => void = () => {}

    receive(left: number): void {
      if (left === 0) this.#done(left)
      else (this.#partner as pul.ActorRef).tell(left)
    }

    /** Gives the milliseconds that `count` round trips took. */
    async play(partner: pul.ActorRef, count: number): Promise<number> {
      this.#partner = partner
      const begun = performance.now()
      await new Promise<number>((resolve) => {
        this.#done = resolve
        partner.tell(count)
      })
      return performance.now() - begun
    }
  },
)

/** Sends each ball back, one less. */
export const Pong = pul.remote(
  import.meta.url,
  class Pong extends pul.Actor {
    readonly #partner: pul.ActorRef
    #seen = 0

    constructor(partner: pul.ActorRef) {
      super()
      this.#partner = partner
    }

    /** A negative number asks how many were seen since it was last asked. */
    override receive(left: number): number | undefined {
      if (left < 0) {
        const seen = this.#seen
        this.#seen = 0
        return seen
      }
      this.#seen++
      this.#partner.tell(left - 1)
      return undefined
    }
  },
)
