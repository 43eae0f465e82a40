// What stands on the net thread for one actor of another node.

import { type Cell, StandIn } from '../engine/index.js'
import { WINDOW_BYTES, WINDOW_MESSAGES } from './frames.js'
import type { ActorAddress } from './link.js'
import type { Outgoing } from './outgoing.js'
import type { NodeIdentity } from './refs.js'

export class RemoteActor extends StandIn implements ActorAddress {
  readonly #outgoing: Outgoing
  readonly slot: number
  readonly index: number
  readonly generation: number
  readonly token: string
  hash: string
  /** Set once, right after it is made. */
  cell!: Cell
  /** Its number on the connection of that epoch. */
  channel = -1
  epoch = -1
  /** What may still go before its node has said that it took some. */
  credit: number = WINDOW_MESSAGES
  creditBytes: number = WINDOW_BYTES
  /** Somebody in this process watches it. */
  isWatched = false
  /** When a message went there last, by performance.now. */
  usedMs = 0

  constructor(outgoing: Outgoing, { slot, index, generation, token, hash }: ActorAddress) {
    super()
    this.#outgoing = outgoing
    this.slot = slot
    this.index = index
    this.generation = generation
    this.token = token
    this.hash = hash
  }

  /** The node that the actor lives on. */
  get node(): NodeIdentity {
    return this.#outgoing.identity
  }

  get key(): string {
    return `${this.slot}.${this.index}.${this.generation}`
  }

  override message(
    _cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    slot: number,
    ask: number,
    sequence: number,
  ): void {
    this.#outgoing.message(this, method, argc, value, slot, ask, sequence)
  }

  override gaveUp(slot: number, _ask: number, sequence: number): boolean {
    return this.#outgoing.gaveUp(slot, sequence)
  }

  override callerLost(slot: number): void {
    this.#outgoing.callerLost(this, slot)
  }

  override signalled(): void {
    // It watches nobody.
  }

  override watched(): void {
    this.isWatched = true
    this.#outgoing.watch(this)
  }

  override unwatched(): void {
    this.isWatched = false
    this.#outgoing.unwatch(this)
  }

  override stop(drain: boolean): Promise<boolean> {
    return this.#outgoing.stop(this, drain)
  }

  override describe(): Promise<unknown> {
    return this.#outgoing.describe(this)
  }
}
