// The call whose method runs on this JavaScript thread, and calls that were given up (contract 3.4).

import { errors } from '../errors.js'
import type { Cell } from './cell.js'

/** Of whatever system; a method runs to its first await before another does. */
class Running {
  /** Undefined between calls. */
  cell: Cell | undefined = undefined
  controller: AbortController | undefined = undefined

  /** The method has returned. Gives what callSignal made. */
  ended(): AbortController | undefined {
    const { controller } = this
    this.cell = undefined
    this.controller = undefined
    return controller
  }
}

export const running: Running = new Running()

/**
 * The signal of the call that runs (contract 3.4): aborted when its caller gives the call up, by a signal or a timeout of its
 * own, and when the actor stops. Read it in a method, or in `receive`, before the first await.
 * @throws ERR_PULSING_NOT_IN_CALL anywhere else
 */
export function callSignal(): AbortSignal {
  if (running.cell === undefined) throw errors.notInCall()
  running.controller ??= new AbortController()
  return running.controller.signal
}

/** What a thread remembers at most. */
const MOST = 10_000

/**
 * Asks of other threads that were given up before they began here, so that they never do. An ask that was answered in the
 * meantime stays in it until it is among the oldest: no other ask of that slot has its number.
 */
export class GivenUp {
  readonly #keys = new Set<number>()

  /** Hot: looked at for each ask. */
  get isEmpty(): boolean {
    return this.#keys.size === 0
  }

  add(slot: number, sequence: number): void {
    this.#keys.add(keyOf(slot, sequence))
    if (this.#keys.size <= MOST) return
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest)
      return
    }
  }

  /** Whether it is one of them; it is forgotten. */
  take(slot: number, sequence: number): boolean {
    return this.#keys.delete(keyOf(slot, sequence))
  }
}

function keyOf(slot: number, sequence: number): number {
  return slot * 2 ** 32 + (sequence >>> 0)
}
