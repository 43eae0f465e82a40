// The targets that one thread knows, each once, however often a reference to it arrives.

import type { Port } from './binding.js'
import { POOL_SLOT, ROOM_GONE } from './frame.js'
import { Target } from './target.js'

const FIRST_SWEEP = 4096

export class Targets {
  readonly #port: Port
  readonly #own: number
  /** By slot, the pools last; then by generation, which no two actors of a slot share. */
  readonly #bySlot: readonly Map<number, Target>[]
  #count = 0
  #sweepAt = FIRST_SWEEP

  /** own: the slot of this thread, whose live actors' targets are with their cells. */
  constructor(port: Port, own: number, slots: number) {
    this.#port = port
    this.#own = own
    this.#bySlot = Array.from({ length: slots + 1 }, () => new Map<number, Target>())
  }

  /** An actor of another thread, a pool, or one of this thread that is gone. */
  at(slot: number, index: number, generation: number, classId: number): Target {
    let target = this.#on(slot).get(generation)
    if (target === undefined) {
      target = new Target(slot, index, generation, classId)
      if (slot === this.#own) target.gone = true
      this.keep(target)
    }
    if (target.classId === 0) target.classId = classId // a bounce did not say it
    return target
  }

  keep(target: Target): void {
    this.#on(target.slot).set(target.generation, target)
    if (++this.#count > this.#sweepAt) this.#sweep()
  }

  /** The youngest of that place that is known. */
  lastAt(slot: number, index: number): Target | undefined {
    let last: Target | undefined
    for (const target of this.#on(slot).values())
      if (target.index === index && (last === undefined || target.generation - last.generation > 0))
        last = target
    return last
  }

  /** It is not gone, as far as its own thread says. */
  isThere({ slot, index, generation }: Target): boolean {
    return (this.#port.account(slot, index, generation, 0, 0) & 3) !== ROOM_GONE
  }

  /** Nobody is there any more. */
  lost(matches: (target: Target) => boolean): void {
    for (const some of this.#bySlot)
      for (const target of some.values()) if (matches(target)) target.gone = true
  }

  #on(slot: number): Map<number, Target> {
    return this.#bySlot[slot === POOL_SLOT ? this.#bySlot.length - 1 : slot] as Map<number, Target>
  }

  /** Forgets what is gone; what lives stays, so that what was sent to it stays counted. */
  #sweep(): void {
    this.#count = 0
    for (const some of this.#bySlot) {
      for (const [key, target] of some) {
        if (target.index === 0 || target.waiting !== undefined) continue
        if (!this.isThere(target)) some.delete(key)
      }
      this.#count += some.size
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#count * 2)
  }
}
