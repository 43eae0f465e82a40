// Where messages to one actor or pool go: one object a thread and actor, so that what this thread sent is counted once.

import type { Cell } from './cell.js'
import { POOL_SLOT } from './frame.js'
import type { Outbox } from './outbox.js'

/** A message that waits for room, or for a segment. */
export interface WaitingSend {
  readonly frame: Int32Array
  readonly blocks: readonly number[]
  /** The ask it belongs to; sequence 0 for a tell. */
  readonly ask: number
  readonly sequence: number
  /** Its promise is settled, or its sender gave it up. */
  over: boolean
  accept: (() => void) | undefined
}

/** Messages a sender sends before it counts them for the first time. */
const FIRST_CREDIT: number = 16

export class Target {
  readonly slot: number
  readonly index: number
  readonly generation: number
  /** The interned description of its class; 0 for none. */
  classId: number
  /** The actor itself, on its own thread. */
  cell: Cell | undefined = undefined
  /** The reference that stands for it on this thread. */
  ref: object | undefined = undefined
  /** Messages that may go before the next count. */
  credit: number = FIRST_CREDIT
  /** What credit was when counted last, and how much it is to be next; it doubles while there is room. */
  granted: number = FIRST_CREDIT
  step: number = FIRST_CREDIT
  /** Bytes / 8 sent since. */
  bytes8 = 0
  /** Nobody is there any more. */
  gone = false
  waiting: WaitingSend[] | undefined = undefined
  /** Where messages to it are written; undefined until it was asked for, and while messages wait. */
  out: Outbox | undefined = undefined

  constructor(slot: number, index: number, generation: number, classId: number) {
    this.slot = slot
    this.index = index
    this.generation = generation
    this.classId = classId
  }

  /** What was sent is counted; so many more may go. 0: the mailbox is full. */
  grant(messages: number): void {
    this.credit = messages
    this.granted = messages
    this.step = Math.max(messages, FIRST_CREDIT)
    this.bytes8 = 0
  }

  get uncounted(): number {
    return this.granted - this.credit
  }
}

/** The most that a sending thread may exceed a capacity by (contract 3.6). */
export const MOST_CREDIT: number = 1000

/** As it is called in messages of errors. */
export function nameOf(target: Target): string {
  const { slot, index, generation } = target
  return slot === POOL_SLOT ? `pool ${index}` : `${slot}.${index}.${generation}`
}
