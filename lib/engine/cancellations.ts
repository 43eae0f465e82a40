// Asks that their callers gave up (contract 3.4): said to the threads of their actors, and heard of there.

import type { Call } from './cell.js'
import { GIVEN_UP } from './deliver.js'
import { POOL_SLOT } from './frame.js'
import { StandIn } from './stand-in.js'
import type { Target } from './target.js'
import type { Thread } from './thread.js'

/** What a thread remembers at most. */
const MOST_REMEMBERED = 10_000
/** Numbers, so that a message fits into a frame. */
const NUMBERS_A_MESSAGE = 300

export class Cancellations {
  readonly #thread: Thread
  /**
   * Asks that were given up before they began here, so that they never do. One that was answered in the meantime stays in
   * it until it is among the oldest: no other ask of that slot has its number.
   */
  readonly #remembered = new Set<number>()
  /** By slot, threes of actor, ask and sequence: what was given up in this turn. */
  readonly #unsaid = new Map<number, number[]>()

  constructor(thread: Thread) {
    this.#thread = thread
  }

  /** Hot: looked at for each ask of another thread. */
  get isEmpty(): boolean {
    return this.#remembered.size === 0
  }

  /** Whether that ask is not to begin; it is forgotten. */
  take(slot: number, sequence: number): boolean {
    return this.#remembered.delete(keyOf(slot, sequence))
  }

  /** An ask of this thread was given up: the actor's side is told, of all those of this turn at once. */
  say(target: Target, ask: number, sequence: number): void {
    const thread = this.#thread
    if (thread.stopped) return
    const { slot, index } = target
    if (target.cell !== undefined) {
      this.#abort(target.cell.calls, thread.slot, ask, sequence) // one that waits is looked up before it begins
      return
    }
    // Whose instances may be anywhere.
    const isPool = slot === POOL_SLOT
    const actor = isPool ? -index - 1 : index
    if (isPool) this.#heardOf(actor, thread.slot, ask, sequence)
    if (this.#unsaid.size === 0) queueMicrotask(() => this.#flush())
    for (let to = 0; to < thread.slots; to++) {
      if (isPool ? to === thread.slot : to !== slot) continue
      const list = this.#unsaid.get(to) ?? []
      list.push(actor, ask, sequence)
      this.#unsaid.set(to, list)
    }
  }

  /** What `say` said on the thread of that slot. */
  heard(slot: number, list: readonly number[]): void {
    for (let i = 0; i + 2 < list.length; i += 3)
      this.#heardOf(list[i] as number, slot, list[i + 1] as number, list[i + 2] as number)
  }

  /** actor: its index; below 0 a pool's, - id - 1. */
  #heardOf(actor: number, slot: number, ask: number, sequence: number): void {
    const { cells } = this.#thread
    const some = actor >= 0 ? [cells[actor]] : cells.filter((cell) => cell?.pool === -actor - 1)
    if (some.length === 0) return
    for (const cell of some) {
      if (cell?.instance instanceof StandIn && cell.instance.gaveUp(slot, ask, sequence)) return
      if (this.#abort(cell?.calls, slot, ask, sequence)) return
    }
    this.#remembered.add(keyOf(slot, sequence))
    if (this.#remembered.size <= MOST_REMEMBERED) return
    const [oldest] = this.#remembered
    this.#remembered.delete(oldest as number)
  }

  /** Aborts the signal of the call, where it is under way. */
  #abort(calls: Iterable<Call> | undefined, slot: number, ask: number, sequence: number): boolean {
    for (const call of calls ?? []) {
      if (call.slot !== slot || call.ask !== ask || call.sequence !== sequence) continue
      call.controller?.abort()
      call.source?.cancel()
      return true
    }
    return false
  }

  #flush(): void {
    const thread = this.#thread
    for (const [slot, list] of this.#unsaid) {
      const agent = thread.targetAt(slot, 0, 0, 0)
      for (let i = 0; i < list.length && !thread.stopped; i += NUMBERS_A_MESSAGE)
        thread.sender.signal(agent, GIVEN_UP, list.slice(i, i + NUMBERS_A_MESSAGE))
    }
    this.#unsaid.clear()
  }
}

function keyOf(slot: number, sequence: number): number {
  return slot * 2 ** 32 + (sequence >>> 0)
}
