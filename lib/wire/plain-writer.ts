// Plain values as msgpack, in one walk, straight into the memory that goes out. What it does not carry is left to the encoder,
// which knows all kinds. Hot: cluster-tell, cluster-ask-pipelined.

import { Buffer } from 'node:buffer'
import { BYTE_ORDER_MARK, isWhole, MOST_LEVELS, MOST_OBJECTS } from './plain.js'
import { MINUS_ZERO, UNDEFINED } from './tags.js'

/** Native methods of Buffer, and what its declarations leave out. */
interface RawBuffer {
  latin1Write(text: string, at: number, bytes: number): number
  utf8Write(text: string, at: number, bytes: number): number
}

/** Shorter texts have a head of one byte, and are written by a loop: a native method costs 45 ns to call. */
const WRITE_BY_LOOP = 32
const MOST_FIXMAP = 15

const PLAIN_OBJECT: object = Object.prototype
const PLAIN_ARRAY: object = Array.prototype

/** What a write gives that did not come to its end. */
export const NOT_WRITTEN = -1

export class PlainWriter {
  #bytes!: Buffer
  #view!: DataView
  readonly #met: (object | undefined)[] = new Array(MOST_OBJECTS).fill(undefined)
  #count = 0

  /** Where it writes from here on. */
  use(bytes: Buffer): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  /**
   * Writes at that position, and gives the one behind; NOT_WRITTEN where there is no room, or plain msgpack does not carry it.
   * What stands behind the position is garbage then.
   */
  write(value: unknown, at: number): number {
    // A getter that threw may have left some.
    this.#count = 0
    const end = this.#value(value, at, 0)
    while (this.#count > 0) this.#met[--this.#count] = undefined
    return end > this.#bytes.length ? NOT_WRITTEN : end
  }

  /** A whole number that is not below 0, and no more than 2^53. Behind the memory's end nothing is written. */
  count(value: number, at: number): number {
    const bytes = this.#bytes
    if (value < 128) {
      bytes[at] = value
      return at + 1
    }
    if (value < 65_536) {
      bytes[at] = 0xcd
      bytes[at + 1] = value >>> 8
      bytes[at + 2] = value
      return at + 3
    }
    if (value < 2 ** 32) return this.#word(0xce, value | 0, at)
    this.#word(0xcf, Math.floor(value / 2 ** 32), at)
    const low = value >>> 0
    bytes[at + 5] = low >>> 24
    bytes[at + 6] = low >>> 16
    bytes[at + 7] = low >>> 8
    bytes[at + 8] = low
    return at + 9
  }

  // Typed arrays take no writes behind their end, so the position alone says whether there was room: it is looked at once.

  #value(value: unknown, at: number, level: number): number {
    switch (typeof value) {
      case 'number':
        return this.#number(value, at)
      case 'string':
        return this.#text(value, at)
      case 'boolean':
        this.#bytes[at] = value ? 0xc3 : 0xc2
        return at + 1
      case 'undefined':
        return this.#leaf(UNDEFINED, at)
      case 'object':
        if (value === null) {
          this.#bytes[at] = 0xc0
          return at + 1
        }
        return this.#object(value, at, level)
      default:
        return NOT_WRITTEN
    }
  }

  #number(value: number, at: number): number {
    const bytes = this.#bytes
    const whole = value | 0
    if (whole === value) {
      if (whole >= 0) return whole === 0 && 1 / value < 0 ? this.#leaf(MINUS_ZERO, at) : this.count(whole, at)
      if (whole >= -32) {
        bytes[at] = whole
        return at + 1
      }
      return this.#word(0xd2, whole, at)
    }
    if (at + 9 > bytes.length) return NOT_WRITTEN
    bytes[at] = 0xcb
    this.#view.setFloat64(at + 1, value)
    return at + 9
  }

  #word(head: number, value: number, at: number): number {
    const bytes = this.#bytes
    bytes[at] = head
    bytes[at + 1] = value >>> 24
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 8
    bytes[at + 4] = value
    return at + 5
  }

  #leaf(type: number, at: number): number {
    const bytes = this.#bytes
    bytes[at] = 0xd4
    bytes[at + 1] = type
    bytes[at + 2] = 0
    return at + 3
  }

  #text(text: string, at: number): number {
    const { length } = text
    if (length >= WRITE_BY_LOOP) return this.#longText(text, at)
    const bytes = this.#bytes
    bytes[at] = 0xa0 | length
    const from = at + 1
    let all = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      all |= code
      bytes[from + i] = code
    }
    return all < 128 ? from + length : this.#longText(text, at)
  }

  #longText(text: string, at: number): number {
    const size = Buffer.byteLength(text)
    // As many bytes as characters: each is one of ASCII, and is copied as it stands.
    const isAscii = size === text.length
    if (!isAscii && (text.charCodeAt(0) === BYTE_ORDER_MARK || !isWellFormed(text))) return NOT_WRITTEN
    let from = at + 1
    if (size < WRITE_BY_LOOP) this.#bytes[at] = 0xa0 | size
    else from = this.#head(size, 0xd9, at)
    if (from + size > this.#bytes.length) return NOT_WRITTEN
    const bytes = this.#bytes as unknown as RawBuffer
    if (isAscii) bytes.latin1Write(text, from, size)
    else bytes.utf8Write(text, from, size)
    return from + size
  }

  /** That of a text or of bytes: `head` is the one for a length of one byte, those for longer ones follow it. */
  #head(size: number, head: number, at: number): number {
    const bytes = this.#bytes
    if (size < 256) {
      bytes[at] = head
      bytes[at + 1] = size
      return at + 2
    }
    if (size >= 65_536) return this.#word(head + 2, size, at)
    bytes[at] = head + 1
    bytes[at + 1] = size >>> 8
    bytes[at + 2] = size
    return at + 3
  }

  #object(object: object, at: number, level: number): number {
    if (level > MOST_LEVELS || !this.#isNew(object)) return NOT_WRITTEN
    const prototype: unknown = Object.getPrototypeOf(object)
    if (prototype === PLAIN_OBJECT) return this.#plain(object as Record<string, unknown>, at, level)
    if (prototype === PLAIN_ARRAY && Array.isArray(object)) return this.#list(object, at, level)
    if (prototype === Uint8Array.prototype && isWhole(object as Uint8Array)) {
      const { length } = object as Uint8Array
      const from = this.#head(length, 0xc4, at)
      if (from + length > this.#bytes.length) return NOT_WRITTEN
      this.#bytes.set(object as Uint8Array, from)
      return from + length
    }
    return NOT_WRITTEN
  }

  #plain(object: Record<string, unknown>, at: number, level: number): number {
    let p = at + 1
    let count = 0
    for (const key in object) {
      if (key === '__proto__') return NOT_WRITTEN
      p = this.#text(key, p)
      if (p < 0) return NOT_WRITTEN
      p = this.#value(object[key], p, level + 1)
      if (p < 0) return NOT_WRITTEN
      count++
    }
    if (count <= MOST_FIXMAP) this.#bytes[at] = 0x80 | count
    else p = this.#moved(0xde, count, at, p)
    return p
  }

  #list(list: readonly unknown[], at: number, level: number): number {
    const { length } = list
    // With holes, or with properties beside its elements, it is none of ours.
    if (Object.values(list).length !== length) return NOT_WRITTEN
    let p = at + 1
    for (let i = 0; i < length; i++) {
      const value = list[i]
      if (value === undefined && !(i in list)) return NOT_WRITTEN
      p = this.#value(value, p, level + 1)
      if (p < 0 || p > this.#bytes.length) return NOT_WRITTEN
    }
    if (length <= MOST_FIXMAP) this.#bytes[at] = 0x90 | length
    else p = this.#moved(0xdc, length, at, p)
    return p
  }

  /** Makes room for a head of three bytes where there was one for one. */
  #moved(head: number, count: number, at: number, end: number): number {
    const bytes = this.#bytes
    if (count >= 65_536 || end + 2 > bytes.length) return NOT_WRITTEN
    bytes.copyWithin(at + 3, at + 1, end)
    bytes[at] = head
    bytes[at + 1] = count >>> 8
    bytes[at + 2] = count
    return end + 2
  }

  /** Remembers it, where that is not met again and there are not too many. */
  #isNew(object: object): boolean {
    const met = this.#met
    for (let i = 0; i < this.#count; i++) if (met[i] === object) return false
    if (this.#count === MOST_OBJECTS) return false
    met[this.#count++] = object
    return true
  }
}

function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}
