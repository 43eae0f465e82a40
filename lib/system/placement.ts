// Which thread an actor is spawned on (contract, section 2).

import type { Thread } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { Placement } from '../options/index.js'

export class Placer {
  readonly #thread: Thread
  readonly #own: number
  readonly #slots: number
  /** Spawns under way, which the counts of the slots do not show yet. */
  readonly #pending: Int32Array
  #turn = 0

  /** thread: the calling one. slots: those that actors live on. */
  constructor(thread: Thread, slots: number) {
    this.#thread = thread
    this.#own = thread.slot
    this.#slots = slots
    this.#pending = new Int32Array(slots)
  }

  choose(placement: Placement): number {
    if (typeof placement === 'object') {
      const { slot } = placement
      if (slot >= this.#slots)
        throw errors.invalidOption(
          'placement.slot',
          slot,
          `a whole number from 0, the host, to ${this.#slots - 1}`,
        )
      return slot
    }
    if (placement === 'host' || this.#slots === 1) return 0
    if (placement === 'auto') return this.#own === 0 ? this.#leastLoaded() : this.#own
    for (let i = 1; i < this.#slots; i++) {
      this.#turn = (this.#turn % (this.#slots - 1)) + 1
      if (!this.#thread.controls.isUnmanned(this.#turn)) return this.#turn
    }
    return 0
  }

  began(slot: number): void {
    this.#pending[slot] = (this.#pending[slot] as number) + 1
  }

  ended(slot: number): void {
    this.#pending[slot] = (this.#pending[slot] as number) - 1
  }

  #leastLoaded(): number {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 1; i < this.#slots; i++) {
      // From the next in turn, so that equals take turns.
      const slot = ((this.#turn + i - 1) % (this.#slots - 1)) + 1
      const load = this.#thread.controls.actors(slot) + (this.#pending[slot] as number)
      if (load < least && !this.#thread.controls.isUnmanned(slot)) {
        least = load
        best = slot
      }
    }
    this.#turn = best
    return best
  }
}
