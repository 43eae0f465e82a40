// Frames whose header is whole numbers, and whose value, where they have one, is plain: written into the memory that goes out, and
// read from that which came in. Whatever else a frame may be is left to the encoder and the decoder. Hot: cluster-tell.

import type { Buffer } from 'node:buffer'
import { NOT_READ, PlainReader } from './plain-reader.js'
import { NOT_WRITTEN, PlainWriter } from './plain-writer.js'

/** In the place of a number that a header does not have. */
export const NONE = -1

export class PlainFrameWriter {
  readonly #writer = new PlainWriter()

  /**
   * Writes at that position, and gives the one behind; below 0: there was no room, or plain msgpack does not carry the value.
   * a to d: the header's numbers, from the first that is NONE on none.
   */
  write(
    bytes: Buffer,
    at: number,
    kind: number,
    a: number,
    b: number,
    c: number,
    d: number,
    hasValue: boolean,
    value: unknown,
  ): number {
    const writer = this.#writer
    if (writer.bytes !== bytes) writer.use(bytes)
    let parts = hasValue ? 3 : 2
    let p = writer.count(a, at + 2)
    if (b !== NONE) {
      p = writer.count(b, p)
      parts++
      if (c !== NONE) {
        p = writer.count(c, p)
        parts++
        if (d !== NONE) {
          p = writer.count(d, p)
          parts++
        }
      }
    }
    bytes[at] = 0x90 | parts
    bytes[at + 1] = kind * 2 + (hasValue ? 1 : 0)
    if (hasValue) return writer.write(value, p)
    return p > bytes.length ? NOT_WRITTEN : p
  }
}

export class PlainFrameReader {
  readonly #reader = new PlainReader()
  #bytes!: Buffer
  #at = 0
  #to = 0
  kind: number = NONE
  a: number = NONE
  b: number = NONE
  c: number = NONE
  d: number = NONE
  hasValue = false
  #value: unknown

  /** Whether those bytes are such a frame, which this one's fields then say. */
  read(bytes: Buffer, from: number, to: number): boolean {
    if (to - from < 2) return false
    const head = bytes[from] as number
    const kind = bytes[from + 1] as number
    const hasValue = (kind & 1) === 1
    const numbers = (head & 15) - (hasValue ? 2 : 1)
    if (head >> 4 !== 9 || kind >= 128 || numbers < 0 || numbers > 4) return false
    this.#bytes = bytes
    this.#at = from + 2
    this.#to = to
    this.kind = kind >> 1
    this.hasValue = hasValue
    this.a = numbers > 0 ? this.#count() : NONE
    this.b = numbers > 1 ? this.#count() : NONE
    this.c = numbers > 2 ? this.#count() : NONE
    this.d = numbers > 3 ? this.#count() : NONE
    if (!hasValue) return this.#at === to
    if (this.#at > to) return false
    const value = this.#reader.read(bytes, this.#at, to)
    if (value === NOT_READ) return false
    this.#value = value
    return true
  }

  /** The value of the frame that was read last, once. */
  take(): unknown {
    const value = this.#value
    this.#value = undefined
    return value
  }

  /** Behind the frame's end from there on, where it is none, or larger than a number counts. */
  #count(): number {
    const bytes = this.#bytes
    const at = this.#at
    const head = bytes[at] as number
    const size =
      head < 0x80 ? 0 : head === 0xcc ? 1 : head === 0xcd ? 2 : head === 0xce ? 4 : head === 0xcf ? 8 : NONE
    this.#at = at + 1 + size
    if (size === NONE || this.#at > this.#to) {
      this.#at = this.#to + 1
      return NONE
    }
    if (size === 0) return head
    let value = 0
    for (let i = 1; i <= size; i++) value = value * 256 + (bytes[at + i] as number)
    if (value <= Number.MAX_SAFE_INTEGER) return value
    this.#at = this.#to + 1
    return NONE
  }
}
