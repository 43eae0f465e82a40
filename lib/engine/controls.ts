// The control blocks of all slots, as any thread may read them: what their threads do, and have done.

import * as frame from './frame.js'

const WORDS = frame.CONTROL_BYTES >> 2

/** A method that runs, or ran last: index of its actor, -1 for none, and the method's number. */
export interface Running {
  readonly index: number
  readonly method: number
}

export class Controls {
  readonly #words: Int32Array
  readonly #slots: number

  constructor(arena: SharedArrayBuffer, slots: number) {
    this.#words = new Int32Array(arena, 0, WORDS * slots)
    this.#slots = slots
  }

  #at(slot: number, word: number): number {
    return this.#words[slot * WORDS + word] as number
  }

  /** Turns of a thread's event loop. */
  turn(slot: number): number {
    return this.#at(slot, frame.TURN)
  }

  running(slot: number): Running {
    return { index: this.#at(slot, frame.CURRENT), method: this.#at(slot, frame.METHOD) }
  }

  /** Of the thread of that slot that has ended last. */
  ranLast(slot: number): Running {
    return { index: this.#at(slot, frame.LAST_CURRENT), method: this.#at(slot, frame.LAST_METHOD) }
  }

  /** How long the turns of a slot's event loop took: the longest in milliseconds, and how many by bucket. */
  turns(slot: number): { longestMs: number; counts: Int32Array } {
    const at = slot * WORDS + frame.TURNS
    return {
      longestMs: this.#at(slot, frame.LONGEST_TURN),
      counts: this.#words.slice(at, at + frame.TURN_BUCKETS),
    }
  }

  /** Live actors of a slot. */
  actors(slot: number): number {
    // Its agent is one of them.
    return Math.max(this.#at(slot, frame.ACTORS) - 1, 0)
  }

  /** That count of every slot, added up. */
  total(word: number): number {
    let sum = 0
    for (let slot = 0; slot < this.#slots; slot++) sum += this.#at(slot, word) >>> 0
    return sum
  }

  /** No thread comes for that slot any more. */
  isUnmanned(slot: number): boolean {
    return this.#at(slot, frame.UNMANNED) !== 0
  }

  /** On the host. */
  setUnmanned(slot: number): void {
    this.#words[slot * WORDS + frame.UNMANNED] = 1
  }
}
