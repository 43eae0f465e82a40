// Plain values of msgpack to values, in one walk that believes nothing: each length is compared with what has come before anything
// is made. What is not plain, or not right, is left to the decoder, which knows all kinds and says what is wrong.
// Hot: cluster-tell, cluster-ask-pipelined.

import type { Buffer } from 'node:buffer'
import { values } from '../engine/index.js'
import { MOST_LEVELS } from './plain.js'
import { type KeyNode, KeyTrie } from './shapes.js'
import { MINUS_ZERO, UNDEFINED } from './tags.js'

const { setOwn } = values

/** Native methods of Buffer that its declarations leave out. */
interface RawBuffer {
  utf8Slice(from: number, to: number): string
}

/** Shorter texts are read by a loop. V8 makes trees, not strings, of more than 12 characters that are put together. */
const READ_BY_LOOP = 12

const { fromCharCode } = String

/** Thrown, and caught by `read`: no error, since nothing is wrong yet. */
const LEFT = Symbol('left to the decoder')

/** What a read gives that did not come to its end. */
export const NOT_READ: unique symbol = Symbol('not read')

export class PlainReader {
  readonly #trie = new KeyTrie()
  readonly #values: unknown[] = []
  #top = 0
  #bytes!: Buffer
  /** Where it reads, and where what it may read ends. */
  #at = 0
  #to = 0

  /**
   * The value that takes all of those bytes; NOT_READ where it is not plain, or not right. Bytes in it are Buffers over the same
   * memory.
   */
  read(bytes: Buffer, from: number, to: number): unknown {
    this.#bytes = bytes
    this.#at = from
    this.#to = to
    try {
      const value = this.#value(this.#trie.root, 0)
      return this.#at === to ? value : NOT_READ
    } catch (error) {
      if (error !== LEFT) throw error
      this.#values.fill(undefined, 0, this.#top)
      this.#top = 0
      return NOT_READ
    }
  }

  /** site: the key that it is the value of. */
  #value(site: KeyNode, level: number): unknown {
    const bytes = this.#bytes
    const at = this.#at
    if (at >= this.#to) throw LEFT
    const head = bytes[at] as number
    if (head < 0x80) {
      this.#at = at + 1
      return head
    }
    if (head < 0x90) return this.#map(head & 15, at + 1, site, level)
    if (head < 0xa0) return this.#list(head & 15, at + 1, site, level)
    if (head < 0xc0) return this.#short(head & 31, at + 1, site)
    if (head >= 0xe0) {
      this.#at = at + 1
      return head - 256
    }
    switch (head) {
      case 0xc0:
        this.#at = at + 1
        return null
      case 0xc2:
        this.#at = at + 1
        return false
      case 0xc3:
        this.#at = at + 1
        return true
      case 0xc4:
        return this.#binary(1)
      case 0xc5:
        return this.#binary(2)
      case 0xc6:
        return this.#binary(4)
      case 0xcb:
        return this.#past(8) ? bytes.readDoubleBE(at + 1) : undefined
      case 0xcc:
        return this.#word(1)
      case 0xcd:
        return this.#word(2)
      case 0xce:
        return this.#word(4)
      case 0xd0:
        return (this.#word(1) << 24) >> 24
      case 0xd1:
        return (this.#word(2) << 16) >> 16
      case 0xd2:
        return this.#word(4) | 0
      case 0xd4:
        return this.#leaf()
      case 0xd9:
        return this.#long(this.#word(1))
      case 0xda:
        return this.#long(this.#word(2))
      case 0xdb:
        return this.#long(this.#word(4))
      case 0xdc:
        return this.#list(this.#word(2), this.#at, site, level)
      case 0xde:
        return this.#map(this.#word(2), this.#at, site, level)
      default:
        throw LEFT
    }
  }

  /** Behind the head and so many bytes, where they have come. */
  #past(size: number): true {
    this.#at += 1 + size
    if (this.#at > this.#to) throw LEFT
    return true
  }

  /** The number behind the head. */
  #word(size: number): number {
    const bytes = this.#bytes
    const at = this.#at + 1
    this.#past(size)
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] as number)
    return value
  }

  #leaf(): unknown {
    const type = this.#bytes[this.#at + 1]
    this.#past(2)
    if (type === UNDEFINED) return undefined
    if (type === MINUS_ZERO) return -0
    throw LEFT
  }

  #binary(size: number): Buffer {
    const length = this.#word(size)
    const from = this.#at
    this.#at = from + length
    if (this.#at > this.#to) throw LEFT
    return this.#bytes.subarray(from, this.#at)
  }

  #long(length: number): string {
    const from = this.#at
    this.#at = from + length
    if (this.#at > this.#to) throw LEFT
    return (this.#bytes as unknown as RawBuffer).utf8Slice(from, this.#at)
  }

  #short(length: number, from: number, site: KeyNode): string {
    const end = from + length
    if (end > this.#to) throw LEFT
    this.#at = end
    if (site.isText(this.#bytes, from, length)) return site.text
    const text = readShort(this.#bytes, from, length)
    site.met(text)
    return text
  }

  #list(count: number, from: number, site: KeyNode, level: number): unknown[] {
    // Each value takes a byte at least.
    if (level >= MOST_LEVELS || count > this.#to - from) throw LEFT
    this.#at = from
    const list: unknown[] = []
    for (let i = 0; i < count; i++) list.push(this.#value(site, level + 1))
    return list
  }

  #map(count: number, from: number, site: KeyNode, level: number): object {
    if (level >= MOST_LEVELS || count * 2 > this.#to - from) throw LEFT
    this.#at = from
    const read = this.#values
    const base = this.#top
    let node = this.#trie.entryOf(site)
    for (let i = 0; i < count; i++) {
      const next = this.#key(node)
      if (typeof next === 'string') return this.#loose(node, next, count, base, level)
      node = next
      read[this.#top] = undefined
      this.#top++
      const value = this.#value(node, level + 1)
      read[base + i] = value
    }
    const object = node.make(read, base)
    for (let i = base; i < base + count; i++) read[i] = undefined
    this.#top = base
    return object
  }

  /** An object of keys that are not worth a shape. node: where the first of them led, whose values are there. key: the next. */
  #loose(node: KeyNode, key: string, count: number, base: number, level: number): object {
    const object = node.make(this.#values, base)
    this.#values.fill(undefined, base, this.#top)
    this.#top = base
    const { outside } = this.#trie
    let next: KeyNode | string = key
    for (let i = node.depth; i < count; i++) {
      if (i > node.depth) next = this.#key(outside)
      if (next === '__proto__') throw LEFT
      setOwn(object, next as string, this.#value(outside, level + 1))
    }
    return object
  }

  /** Reads a key, and gives where it leads; the key itself where that is not worth a node. */
  #key(node: KeyNode): KeyNode | string {
    const bytes = this.#bytes
    const at = this.#at
    if (at >= this.#to) throw LEFT
    const head = bytes[at] as number
    if (head === 0xd9) {
      const key = this.#long(this.#word(1))
      return this.#trie.step(node, key) ?? key
    }
    // One that is longer still, or none, is rare.
    if (head < 0xa0 || head >= 0xc0) throw LEFT
    const length = head & 31
    const end = at + 1 + length
    if (end > this.#to) throw LEFT
    this.#at = end
    const { next } = node
    if (next?.isKey(bytes, at + 1, length)) return next
    const key = readShort(bytes, at + 1, length)
    return this.#trie.step(node, key) ?? key
  }
}

/** Text of at most 31 bytes. */
function readShort(bytes: Buffer, from: number, length: number): string {
  if (length > READ_BY_LOOP) return (bytes as unknown as RawBuffer).utf8Slice(from, from + length)
  let text = ''
  for (let i = 0; i < length; i++) {
    const code = bytes[from + i] as number
    if (code >= 128) return (bytes as unknown as RawBuffer).utf8Slice(from, from + length)
    text += fromCharCode(code)
  }
  return text
}
