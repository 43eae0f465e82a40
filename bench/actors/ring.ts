// A ring of actors that hand on a number which counts down.

import * as pul from 'pulsing'

interface Link {
  next: pul.ActorRef
}

export const RingNode = pul.remote(
  import.meta.url,
  class RingNode extends pul.Actor {
    readonly #place: number
    readonly #end: pul.ActorRef
    #next: pul.ActorRef | undefined

    constructor(place: number, end: pul.ActorRef) {
      super()
      this.#place = place
      this.#end = end
    }

    override receive(message: number | Link): void {
      if (typeof message !== 'number') this.#next = message.next
      else if (message === 0) this.#end.tell(this.#place)
      else (this.#next as pul.ActorRef).tell(message - 1)
    }
  },
)

/** Makes the ring on its own thread and starts the rounds. */
export const RingMaster = pul.remote(
  import.meta.url,
  class RingMaster {
    #nodes: pul.ActorRef[] = []
    #done: (place: number) => void = () => {}

    async make(size: number, placement: pul.Placement = 'auto'): Promise<void> {
      const { ref } = pul.self(this)
      for (let place = 0; place < size; place++)
        this.#nodes.push((await RingNode.options({ placement }).spawn(place, ref)).ref)
      this.#nodes.forEach((node, place) => {
        node.tell({ next: this.#nodes[(place + 1) % size] })
      })
    }

    /** The place of the node where the number came to nought. */
    receive(place: number): void {
      this.#done(place)
    }

    async run(hops: number): Promise<{ place: number; elapsedMs: number }> {
      const begun = performance.now()
      const place = await new Promise<number>((resolve) => {
        this.#done = resolve
        this.#nodes[0]?.tell(hops)
      })
      return { place, elapsedMs: performance.now() - begun }
    }
  },
)
