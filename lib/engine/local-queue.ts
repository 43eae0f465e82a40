// The messages that actors of one thread send each other: one ring, so no allocation a message.

import type { Cell } from './cell.js'

const FIRST = 1024

export class LocalQueue {
  #cells: (Cell | undefined)[] = new Array(FIRST).fill(undefined)
  #values: unknown[] = new Array(FIRST).fill(undefined)
  /** method, argc, ask, sequence of each */
  #words = new Int32Array(FIRST * 4)
  #mask = FIRST - 1
  #head = 0
  #tail = 0
  // The message taken last.
  cell: Cell | undefined = undefined
  value: unknown = undefined
  method = 0
  argc = 0
  ask = 0
  sequence = 0

  get length(): number {
    return this.#tail - this.#head
  }

  /** Hot: tell-local, ask-local. */
  push(cell: Cell, method: number, argc: number, value: unknown, ask: number, sequence: number): void {
    if (this.#tail - this.#head > this.#mask) this.#grow()
    const at = this.#tail++ & this.#mask
    this.#cells[at] = cell
    this.#values[at] = value
    const words = this.#words
    const word = at << 2
    words[word] = method
    words[word + 1] = argc
    words[word + 2] = ask
    words[word + 3] = sequence
  }

  /** Not empty. Puts the oldest message in the fields. */
  take(): void {
    const at = this.#head & this.#mask
    this.cell = this.#cells[at]
    this.value = this.#values[at]
    this.#cells[at] = undefined
    this.#values[at] = undefined
    const words = this.#words
    const word = at << 2
    this.method = words[word] as number
    this.argc = words[word + 1] as number
    this.ask = words[word + 2] as number
    this.sequence = words[word + 3] as number
    this.#head++
    if (this.#head === this.#tail) this.#head = this.#tail = 0
  }

  /** Takes the messages of one actor out, oldest first; their places stay, empty. */
  extract(
    cell: Cell,
    each: (method: number, argc: number, value: unknown, ask: number, sequence: number) => void,
  ): void {
    for (let i = this.#head; i < this.#tail; i++) {
      const at = i & this.#mask
      const word = at << 2
      if (this.#cells[at] !== cell || this.#words[word] === -1) continue
      const words = this.#words
      this.#cells[at] = undefined
      each(
        words[word] as number,
        words[word + 1] as number,
        this.#values[at],
        words[word + 2] as number,
        words[word + 3] as number,
      )
      this.#values[at] = undefined
    }
  }

  #grow(): void {
    const size = this.#mask + 1
    const cells = new Array<Cell | undefined>(size * 2).fill(undefined)
    const values = new Array<unknown>(size * 2).fill(undefined)
    const words = new Int32Array(size * 8)
    for (let i = 0; i < size; i++) {
      const at = (this.#head + i) & this.#mask
      cells[i] = this.#cells[at]
      values[i] = this.#values[at]
      for (let w = 0; w < 4; w++) words[i * 4 + w] = this.#words[at * 4 + w] as number
    }
    this.#cells = cells
    this.#values = values
    this.#words = words
    this.#mask = size * 2 - 1
    this.#tail = size
    this.#head = 0
  }
}
