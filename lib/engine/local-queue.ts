// The messages that actors of one thread send each other: one ring, so no allocation a message.

import type { Cell } from './cell.js'

const FIRST = 1024

export class LocalQueue {
  /** By place; undefined where the message was taken out. */
  cells: (Cell | undefined)[] = new Array(FIRST).fill(undefined)
  values: unknown[] = new Array(FIRST).fill(undefined)
  /** argc << 16 | method + 1, ask, sequence, bytes / 8 of each; ask only where sequence is not 0. */
  words: Int32Array = new Int32Array(FIRST * 4)
  #mask = FIRST - 1
  #head = 0
  #tail = 0

  get length(): number {
    return this.#tail - this.#head
  }

  /** Hot: tell-local, ask-local. */
  push(
    cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    ask: number,
    sequence: number,
    bytes8: number,
  ): void {
    if (this.#tail - this.#head > this.#mask) this.#grow()
    const at = this.#tail++ & this.#mask
    this.cells[at] = cell
    this.values[at] = value
    const words = this.words
    const word = at << 2
    words[word] = (argc << 16) | (method + 1)
    words[word + 2] = sequence
    words[word + 3] = bytes8
    if (sequence !== 0) words[word + 1] = ask
  }

  /** The place of the oldest message, which is good until the next push. Not empty. */
  take(): number {
    const at = this.#head++ & this.#mask
    if (this.#head === this.#tail) this.#head = this.#tail = 0
    return at
  }

  /** Takes the messages of one actor out, oldest first; their places stay, empty. */
  extract(
    cell: Cell,
    each: (
      method: number,
      argc: number,
      value: unknown,
      ask: number,
      sequence: number,
      bytes8: number,
    ) => void,
  ): void {
    for (let i = this.#head; i < this.#tail; i++) {
      const at = i & this.#mask
      const word = at << 2
      const { words } = this
      const head = words[word] as number
      if (this.cells[at] !== cell || head === 0) continue
      this.cells[at] = undefined
      const value = this.values[at]
      this.values[at] = undefined
      each(
        (head & 0xffff) - 1,
        head >>> 16,
        value,
        words[word + 1] as number,
        words[word + 2] as number,
        words[word + 3] as number,
      )
    }
  }

  #grow(): void {
    const size = this.#mask + 1
    const cells = new Array<Cell | undefined>(size * 2).fill(undefined)
    const values = new Array<unknown>(size * 2).fill(undefined)
    const words = new Int32Array(size * 8)
    for (let i = 0; i < size; i++) {
      const at = (this.#head + i) & this.#mask
      cells[i] = this.cells[at]
      values[i] = this.values[at]
      for (let w = 0; w < 4; w++) words[i * 4 + w] = this.words[at * 4 + w] as number
    }
    this.cells = cells
    this.values = values
    this.words = words
    this.#mask = size * 2 - 1
    this.#tail = size
    this.#head = 0
  }
}
