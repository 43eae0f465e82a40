// The tree that the chaos test shakes: leaves that account for each message, branches that make leaves, and chatter.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ActorContext,
  type ActorId,
  type ActorProxy,
  type ActorRef,
  PulsingBusinessError,
  type RemoteOptions,
  remote,
  tell,
} from 'pulsing'
import { Ledger } from './ledger.js'

/** What a planted fault does to the account of messages: the test has to find it. */
export type Plant = 'loss' | 'double' | 'swap' | undefined

export interface LeafOptions {
  readonly id: number
  readonly memory: SharedArrayBuffer
  readonly plant: Plant
}

/** The host's own number among the senders. */
export const HOST = 0
const PLANTED_EVERY = 97

const forever: RemoteOptions = {
  restartPolicy: 'on-failure',
  maxRestarts: Number.POSITIVE_INFINITY,
  minBackoffMs: 0,
  maxBackoffMs: 20,
}

export const Leaf = remote(
  import.meta.url,
  class Leaf {
    readonly #id: number
    readonly #ledger: Ledger
    readonly #plant: Plant

    constructor({ id, memory, plant }: LeafOptions) {
      this.#id = id
      this.#ledger = new Ledger(memory)
      this.#plant = plant
    }

    #begin(number: number, sequence: number, sender = HOST): void {
      const isPlanted = number >= 0 && number % PLANTED_EVERY === 0
      if (isPlanted && this.#plant === 'loss') return
      this.#ledger.begin(this.#id, sender, sequence, number)
      if (isPlanted && this.#plant === 'double') this.#ledger.begin(this.#id, sender, sequence + 0.5, number)
      if (isPlanted && this.#plant === 'swap') this.#ledger.begin(this.#id, sender, sequence - 1, -1)
    }

    note(number: number, sequence: number): number {
      this.#begin(number, sequence)
      this.#ledger.done(number)
      return number
    }
    async later(number: number, sequence: number, ms: number): Promise<number> {
      this.#begin(number, sequence)
      await sleep(ms)
      this.#ledger.done(number)
      return number
    }
    async *count(number: number, sequence: number): AsyncGenerator<number> {
      this.#begin(number, sequence)
      for (let i = 0; i < 50; i++) yield i
      this.#ledger.done(number)
    }
    fail(number: number, sequence: number): never {
      this.#begin(number, sequence)
      throw new Error('chaos')
    }
    refuse(number: number, sequence: number): never {
      this.#begin(number, sequence)
      throw new PulsingBusinessError(409, 'chaos')
    }
    exit(number: number, sequence: number): never {
      this.#begin(number, sequence)
      process.exit(1)
    }
    stray(number: number, sequence: number): void {
      this.#begin(number, sequence)
      setTimeout(() => {
        throw new Error('chaos in a timer')
      }, 1)
    }
    loop(number: number, sequence: number): never {
      this.#begin(number, sequence)
      for (;;);
    }
    fill(number: number, sequence: number): never {
      this.#begin(number, sequence)
      const kept: number[][] = []
      for (;;) kept.push(new Array(500_000).fill(kept.length))
    }
    /** Of another actor; no number comes first, which a dead letter would be known by. */
    chat(_mark: 'chat', sender: number, sequence: number): void {
      this.#begin(-1, sequence, sender)
    }
    sync(): void {}
  },
  forever,
)

export type LeafProxy = ActorProxy<InstanceType<typeof Leaf>>

export function leafName(id: number): string {
  return `leaf/${id}`
}

/** Makes leaves, on its own thread: they go and come with it. */
export const Branch = remote(
  import.meta.url,
  class Branch {
    readonly #first: number
    readonly #count: number
    readonly #leaf: Omit<LeafOptions, 'id'>
    constructor(first: number, count: number, leaf: Omit<LeafOptions, 'id'>) {
      this.#first = first
      this.#count = count
      this.#leaf = leaf
    }
    async onStart(_id: ActorId, context: ActorContext): Promise<void> {
      for (let i = 0; i < this.#count; i++) {
        const id = this.#first + i
        await context.spawn(Leaf, { name: leafName(id), args: [{ ...this.#leaf, id }] })
      }
    }
    sync(): void {}
  },
  forever,
)

/** Sends to leaves on all threads until it is told to stop. */
export const Chatter = remote(
  import.meta.url,
  class Chatter {
    readonly #sender: number
    readonly #ledger: Ledger
    constructor(sender: number, memory: SharedArrayBuffer) {
      this.#sender = sender
      this.#ledger = new Ledger(memory)
    }
    /** Asks that it made, and those that settled, of whatever kind. */
    async run(leaves: readonly ActorRef[]): Promise<{ asked: number; settled: number }> {
      const proxies = leaves.map((ref) => ref.asType(Leaf))
      let asked = 0
      let settled = 0
      for (let i = 0; !this.#ledger.isOver; i++) {
        const asks: Promise<unknown>[] = []
        for (let k = 0; k < 20; k++) {
          const leaf = proxies[(i * 20 + k) % proxies.length] as LeafProxy
          if (k % 4 !== 0)
            void Promise.resolve(tell(leaf).chat('chat', this.#sender, this.#ledger.next())).catch(
              () => undefined,
            )
          else {
            asked++
            asks.push(
              leaf.chat('chat', this.#sender, this.#ledger.next()).then(
                () => settled++,
                () => settled++,
              ),
            )
          }
        }
        await Promise.all(asks)
        await sleep(1)
      }
      return { asked, settled }
    }
  },
  forever,
)

export type ChatterProxy = ActorProxy<InstanceType<typeof Chatter>>
