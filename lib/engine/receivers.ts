// Runs of plain messages to one actor's receive: the commonest case, with all else left out. Hot: tell-cross-int.

import type { Cell, Method } from './cell.js'
import * as codec from './codec/index.js'
import * as frame from './frame.js'

/** Hands over the frame at word `at`, then the entries of the batch from `next` while they are the same actor's; gives the entry behind. */
export type Receive = (cell: Cell, at: number, next: number, to: number) => number

/** What the loop below calls for all that is not common. */
export interface ReceiverHooks {
  readonly i32: Int32Array
  readonly control: Int32Array
  /** The value at that word. */
  readonly read: (at: number) => unknown
  /** An object came back: true where it is a promise, so that the actor may be paused now. */
  readonly isPromise: (cell: Cell, result: object) => boolean
  /** The message at that word could not be read, or its method threw. */
  readonly failed: (cell: Cell, at: number, isRead: boolean, error: unknown) => void
}

interface Scope extends ReceiverHooks {
  readonly INT: number
  readonly SCHEDULE: number
  readonly SAME: number
  readonly CURSOR: number
}

interface Receiver {
  receive(message: unknown, context: unknown): unknown
}

/** Copied by its source for each class, so it may use nothing but what it is given. */
function makeReceive({ i32, control, read, isPromise, failed, INT, SCHEDULE, SAME, CURSOR }: Scope): Receive {
  return (cell, first, from, to) => {
    const instance = cell.instance as Receiver
    const { context } = cell
    let at = first
    let next = from
    let isRead = false
    try {
      for (;;) {
        isRead = false
        const value = i32[at + 4] === INT ? i32[at + 5] : read(at + 4)
        isRead = true
        const result = instance.receive(value, context)
        if (typeof result === 'object' && result !== null && isPromise(cell, result)) return next
        if (next === to) return next
        const entry = control[SCHEDULE + next] as number
        if (entry < SAME) return next
        at = (entry ^ SAME) << 1
        control[CURSOR] = ++next
      }
    } catch (error) {
      failed(cell, at, isRead, error)
      return next
    }
  }
}

/** Runs that a class has had before it is worth a function of its own. */
const RUNS_TO_GENERATE = 8

export class Receivers {
  readonly #scope: Scope
  /** By a class's methods: its own function, or how many long runs it has had. */
  readonly #own = new WeakMap<readonly (Method | undefined)[], Receive | number>()
  #made = 0
  /** For any class. */
  readonly common: Receive

  constructor(hooks: ReceiverHooks) {
    const { SCHEDULE, SAME, CURSOR } = frame
    this.#scope = { ...hooks, INT: codec.INT, SCHEDULE, SAME, CURSOR }
    this.common = makeReceive(this.#scope)
  }

  /**
   * For the actors of one class, by its methods, once it had some long runs: a function of its own, so that the compiler
   * knows which receive it calls, and makes it part of the loop. Undefined before.
   */
  of(methods: readonly (Method | undefined)[]): Receive | undefined {
    const known = this.#own.get(methods) ?? 0
    if (typeof known === 'function') return known
    const own = known + 1 < RUNS_TO_GENERATE ? known + 1 : this.#generate()
    this.#own.set(methods, own)
    return typeof own === 'function' ? own : undefined
  }

  #generate(): Receive {
    if (!codec.mayGenerate()) return this.common
    try {
      // Numbered, since the compiler takes the same source for the same function.
      const make = new Function(`return ${makeReceive} // ${++this.#made}`) as () => typeof makeReceive
      return make()(this.#scope)
    } catch {
      // Whatever was done to the source, as by a bundler: it does not stand alone.
      return this.common
    }
  }
}
