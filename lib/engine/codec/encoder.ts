// Values to words. Hot: tell-cross, ask-pipelined; bench/micro/codec.ts measures it alone.

import type { Buffer } from 'node:buffer'
import { REF } from '../symbols.js'
import { writeBigint, writeKind } from './encode-kinds.js'
import { failure, HostFailure, TOO_DEEP, Unfit } from './failure.js'
import type { CodecHost } from './host.js'
import { kindOf, LIST, PLAIN } from './kinds.js'
import { type Lone, type Pending, settle } from './pending.js'
import { type BufferedWords, bufferOver, isNarrow, wordsOfText, writeText } from './strings.js'
import { MAX_INTERNED, type Tables, tablesOf } from './tables.js'
import {
  ALIASED,
  ARRAY,
  ARRAY_PLUS,
  BACK,
  BOOLEAN,
  DOUBLE,
  HOLE,
  INT,
  MAX_DEPTH,
  NULL,
  OBJECT,
  RECORD,
  SPARSE,
  STRING_ID,
  UNDEFINED,
} from './tags.js'
import { OUTSIDE, TrieNode } from './trie.js'
import { GrowingWords, type Words } from './words.js'

/** Thrown where a value does not fit below the limit. */
const FULL: object = { full: true }
/** So many objects of a message are found by looking through them; beyond, by a Map. */
const SCANNED = 32

/**
 * Writes values into words. Not re-entrant: while `busy`, as in a getter of a value that is being written, use another
 * encoder, on other memory.
 */
export class Encoder implements BufferedWords {
  /** Where the next value is written; after write, behind it. Even. */
  pos = 0
  /** No word at or behind it is written. */
  limit: number
  /** Blocks that the values written hold, for their frame to name. The caller empties it. */
  readonly blocks: number[] = []
  busy = false

  // The rest is for the codec's own files.
  readonly host: CodecHost
  readonly tables: Tables
  i32: Int32Array
  f64: Float64Array
  u8: Uint8Array
  /** Position of the message being written. */
  base = 0
  /** Something in the message was written as a position in it. */
  aliased = false
  /** Strings that are no property of a plain object. */
  readonly loose: TrieNode = new TrieNode(null, '', 0)
  /** Blocks to make when the message is written and fits. */
  readonly pending: Pending[] = []
  readonly lone: Lone[] = []
  readonly #words: Words
  readonly #growing: GrowingWords | undefined
  #buffer: Buffer | undefined
  depth = 0
  count = 0
  readonly seen: object[] = new Array<object>(SCANNED).fill(FULL)
  readonly seenAt: Int32Array = new Int32Array(SCANNED)
  map: Map<object, number> | undefined = undefined

  constructor(host: CodecHost, words: Words) {
    this.host = host
    this.tables = tablesOf(host)
    this.#words = words
    this.#growing = words instanceof GrowingWords ? words : undefined
    this.i32 = words.i32
    this.f64 = words.f64
    this.u8 = words.u8
    this.limit = words.i32.length
  }

  /**
   * Writes a value at pos. True: done, pos is behind it. False: it does not fit below limit, or (over words that do not
   * grow) it holds memory that must go into blocks; nothing was made or moved. Over GrowingWords it is never false.
   * Throws ERR_PULSING_NOT_SERIALIZABLE, which names the path from `path` on, the name of the value itself.
   */
  write(value: unknown, path: string): boolean {
    if (typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)) {
      const p = this.pos
      if (p + 2 <= this.limit) {
        this.i32[p] = INT
        this.i32[p + 1] = value
        this.pos = p + 2
        return true
      }
    }
    return this.writeRoot(value, path)
  }

  writeRoot(value: unknown, path: string): boolean {
    if (this.busy) throw failure(path, undefined, new Unfit('its encoder is at work on another message'))
    if (this.#growing !== undefined) this.begin(this.#growing)
    const base = this.pos
    this.base = base
    this.busy = true
    try {
      let end: number
      if (typeof value === 'object' && value !== null) {
        const kind = kindOf(value)
        // A plain object is remembered when it turns out to have objects in it.
        if (kind === PLAIN) end = this.object(value as Record<string, unknown>, base)
        else {
          this.remember(value, base)
          end = kind === LIST ? this.array(value as unknown[], base) : writeKind(this, value, kind, base)
        }
      } else end = this.value(value, base, this.loose)
      if (this.aliased) this.i32[base] = (this.i32[base] as number) | ALIASED
      if (this.pending.length > 0 && this.#growing === undefined) return false
      settle(this, value)
      this.pos = end
      return true
    } catch (error) {
      if (error === FULL) return false
      if (error instanceof HostFailure) throw error.error
      throw failure(path, value, error)
    } finally {
      this.busy = false
      if (this.count !== 0) this.forget()
    }
  }

  /** Any value, at p. Gives the position behind it. `site` knows the strings that were seen there. */
  value(value: unknown, p: number, site: TrieNode): number {
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value && (value !== 0 || 1 / value > 0)) return this.word(INT, value, p)
        return this.double(DOUBLE, value, p)
      case 'string':
        return this.string(value, p, site)
      case 'boolean':
        return this.word(BOOLEAN, value ? 1 : 0, p)
      case 'undefined':
        return this.word(UNDEFINED, 0, p)
      case 'object':
        return value === null ? this.word(NULL, 0, p) : this.nested(value, p)
      case 'bigint':
        return writeBigint(this, value, p)
      default:
        if (typeof value === 'function' && (value as { [REF]?: unknown })[REF]) return this.nested(value, p)
        throw new Unfit('')
    }
  }

  word(tag: number, word: number, p: number): number {
    if (p + 2 > this.limit) this.grow(p + 2)
    this.i32[p] = tag
    this.i32[p + 1] = word
    return p + 2
  }

  double(tag: number, value: number, p: number): number {
    if (p + 4 > this.limit) this.grow(p + 4)
    this.i32[p] = tag
    this.i32[p + 1] = 0
    this.f64[(p >> 1) + 1] = value
    return p + 4
  }

  string(value: string, p: number, site: TrieNode): number {
    if (value === site.last) return this.word(STRING_ID, site.lastId, p)
    const { length } = value
    if (length <= MAX_INTERNED) {
      const id = this.tables.idOf(value, site)
      if (id >= 0) return this.word(STRING_ID, id, p)
    }
    const narrow = isNarrow(value)
    const end = p + wordsOfText(length, narrow)
    if (end > this.limit) this.grow(end)
    return writeText(value, narrow, this, p)
  }

  nested(value: object, p: number): number {
    const position = this.find(value)
    if (position >= 0) {
      this.aliased = true
      return this.word(BACK, position, p)
    }
    if (++this.depth > MAX_DEPTH) throw new Unfit(TOO_DEEP)
    this.remember(value, p)
    const kind = kindOf(value)
    const end =
      kind === PLAIN
        ? this.object(value as Record<string, unknown>, p)
        : kind === LIST
          ? this.array(value as unknown[], p)
          : writeKind(this, value, kind, p)
    this.depth--
    return end
  }

  /** Own keys by for-in, each value written as its key is met; what shape it was is known at the end. */
  object(object: Record<string, unknown>, start: number): number {
    let { i32, limit } = this
    const { trie } = this.tables
    let node = trie.root
    let keys: string[] | undefined
    let p = start + 2
    for (const key in object) {
      if (node.key === key && node.next !== null) node = node.next
      else {
        const next = trie.step(node, key, object)
        if (next === undefined) continue
        if (next === OUTSIDE) {
          keys ??= node.keys()
          keys.push(key)
        }
        node = next
      }
      const value = object[key]
      if (typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)) {
        if (p + 2 > limit) {
          this.grow(p + 2)
          i32 = this.i32
          limit = this.limit
        }
        i32[p] = INT
        i32[p + 1] = value
        p += 2
        continue
      }
      if (typeof value === 'string' && value === node.last && p + 2 <= limit) {
        i32[p] = STRING_ID
        i32[p + 1] = node.lastId
        p += 2
        continue
      }
      if (typeof value === 'object' && value !== null && this.count === 0) this.remember(object, start)
      p = this.value(value, p, node)
      i32 = this.i32
      limit = this.limit
    }
    if (p > limit) this.grow(p)
    if (keys === undefined) {
      const shape = node.shape >= 0 ? node.shape : trie.shapeOf(node, this.tables.internShape)
      if (shape >= 0) {
        this.i32[start] = OBJECT
        this.i32[start + 1] = shape
        return p
      }
      keys = node.keys()
    }
    return this.keysOf(start, keys, p)
  }

  /** A class that inherits enumerable properties. */
  keyed(object: Record<string, unknown>, start: number): number {
    const keys: string[] = []
    let p = start + 2
    for (const key of Object.keys(object)) {
      if (!Object.hasOwn(object, key)) continue // a getter removed it
      keys.push(key)
      p = this.value(object[key], p, this.loose)
    }
    return this.keysOf(start, keys, p)
  }

  keysOf(start: number, keys: readonly string[], at: number): number {
    let p = this.word(keys.length, 0, at)
    for (const key of keys) p = this.string(key, p, this.loose)
    this.i32[start] = RECORD
    this.i32[start + 1] = at - start
    return p
  }

  array(array: readonly unknown[], start: number): number {
    const { length } = array
    // The one cheap way to see whether it has named properties too.
    const values = Object.values(array).length
    if (length > 64 && values < length >> 2) return this.pairs(array, this.word(SPARSE, length | 0, start), 0)
    let p = this.word(ARRAY, length, start)
    let holes = 0
    for (let i = 0; i < length; i++) {
      const value = array[i]
      if (value === undefined && !(i in array)) {
        holes++
        p = this.word(HOLE, 0, p)
      } else p = this.value(value, p, this.loose)
    }
    if (values + holes <= length) return p
    this.i32[start] = ARRAY_PLUS
    return this.pairs(array, p, length)
  }

  /** Properties from index `from` on, and named ones. */
  pairs(array: readonly unknown[], start: number, from: number): number {
    let p = this.word(0, 0, start)
    let count = 0
    for (const key of Object.keys(array)) {
      if (from > 0 && String(Number(key) >>> 0) === key && Number(key) < from) continue
      p = this.string(key, p, this.loose)
      p = this.value(array[key as unknown as number], p, this.loose)
      count++
    }
    this.i32[start] = count
    return p
  }

  get buffer(): Buffer {
    this.#buffer ??= bufferOver(this)
    return this.#buffer
  }

  room(end: number): void {
    if (end > this.limit) this.grow(end)
  }

  /** Room up to `end`, else the message is not written here. */
  grow(end: number): void {
    if (this.#growing === undefined) throw FULL
    if (end <= this.limit) return
    this.#growing.reserve(end)
    this.adopt(this.#growing)
  }

  begin(words: GrowingWords): void {
    if (this.pos === 0) words.trim()
    this.adopt(words)
  }

  adopt(words: Words): void {
    this.limit = words.i32.length
    if (this.i32 === words.i32) return
    this.i32 = words.i32
    this.f64 = words.f64
    this.u8 = words.u8
    this.#buffer = undefined
  }

  /** Position in the message of an object that was met before, or -1. */
  find(object: object): number {
    if (this.map !== undefined) return this.map.get(object) ?? -1
    const { seen, count } = this
    for (let i = 0; i < count; i++) if (seen[i] === object) return this.seenAt[i] as number
    return -1
  }

  /** That the object stands at p. */
  remember(object: object, p: number): void {
    const count = this.count++
    if (count < SCANNED) {
      this.seen[count] = object
      this.seenAt[count] = p - this.base
      return
    }
    if (this.map === undefined) {
      this.map = new Map()
      for (let i = 0; i < SCANNED; i++) this.map.set(this.seen[i] as object, this.seenAt[i] as number)
    }
    this.map.set(object, p - this.base)
  }

  forget(): void {
    const count = Math.min(this.count, SCANNED)
    for (let i = 0; i < count; i++) this.seen[i] = FULL
    this.count = 0
    this.depth = 0
    this.map = undefined
    this.aliased = false
    this.pending.length = 0
    this.lone.length = 0
  }
}
