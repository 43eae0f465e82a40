// What happened to each message, in memory that outlives every thread: actors write it as they begin a message.

/** Messages of a round at most, actors, and those that send to them. */
export const MESSAGES = 16_384
export const LEAVES = 1000
export const SENDERS = 8

const BEGUN = 0
const DONE = BEGUN + MESSAGES
const LAST = DONE + MESSAGES
const SWAPPED = LAST + LEAVES * SENDERS
const SEQUENCE = SWAPPED + 1
const STOP = SEQUENCE + 1
const WORDS = STOP + 1

export class Ledger {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  /** A number that is higher than any before it, on whatever thread. */
  next(): number {
    return Atomics.add(this.#words, SEQUENCE, 1) + 1
  }

  /** The leaf has begun the message `number`, -1 for one that is not accounted for, of that sender. */
  begin(leaf: number, sender: number, sequence: number, number: number): void {
    if (Atomics.exchange(this.#words, LAST + leaf * SENDERS + sender, sequence) >= sequence)
      Atomics.add(this.#words, SWAPPED, 1)
    if (number >= 0) Atomics.add(this.#words, BEGUN + number, 1)
  }

  done(number: number): void {
    if (number >= 0) Atomics.add(this.#words, DONE + number, 1)
  }

  begun(number: number): number {
    return Atomics.load(this.#words, BEGUN + number)
  }

  wasDone(number: number): boolean {
    return Atomics.load(this.#words, DONE + number) > 0
  }

  /** Messages that began after a later one of their sender. */
  get swapped(): number {
    return Atomics.load(this.#words, SWAPPED)
  }

  /** Whether the chatter is to end. */
  get isOver(): boolean {
    return Atomics.load(this.#words, STOP) !== 0
  }

  set isOver(over: boolean) {
    Atomics.store(this.#words, STOP, over ? 1 : 0)
  }

  /** Before a round, when nothing is under way. */
  clear(): void {
    this.#words.fill(0, BEGUN, LAST)
  }
}
