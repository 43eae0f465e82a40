// Values to words. Hot: tell-cross, ask-pipelined; bench/micro/codec.ts measures it alone.

import type { Buffer } from 'node:buffer'
import { REF } from '../symbols.js'
import { writeBigint, writeKind } from './encode-kinds.js'
import { writeArray, writeObject } from './encode-objects.js'
import { failure, HostFailure, TOO_DEEP, Unfit } from './failure.js'
import type { CodecHost } from './host.js'
import { kindAtSight, LIST, PLAIN } from './kinds.js'
import { type Lone, type Pending, settle } from './pending.js'
import { Seen } from './seen.js'
import { type BufferedWords, bufferOver, isNarrow, wordsOfText, writeText } from './strings.js'
import { MAX_INTERNED, type Tables, tablesOf } from './tables.js'
import * as tags from './tags.js'
import { mayMove } from './transfer.js'
import { TrieNode } from './trie.js'
import { GrowingWords, type Words } from './words.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const { ALIASED, BACK, BOOLEAN, DOUBLE, INT, MAX_DEPTH, NULL, STRING_ID, UNDEFINED } = tags

/** Thrown where a value does not fit below the limit. */
const FULL: object = { full: true }
const KEPT_POSITIONS = 4096

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
  readonly maxBytes: number
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
  readonly #growing: GrowingWords | undefined
  #buffer: Buffer | undefined
  depth = 0
  readonly seen: Seen = new Seen()
  /** Where the objects stand that were seen, by their numbers. */
  readonly positions: number[] = new Array<number>(32).fill(0)

  /** maxBytes: of one message; ERR_PULSING_MESSAGE_TOO_LARGE over it, before any block is made. */
  constructor(host: CodecHost, words: Words, maxBytes: number = Number.POSITIVE_INFINITY) {
    this.host = host
    this.maxBytes = maxBytes
    this.tables = tablesOf(host)
    this.#growing = words instanceof GrowingWords ? words : undefined
    this.i32 = words.i32
    this.f64 = words.f64
    this.u8 = words.u8
    this.limit = words.i32.length
  }

  /**
   * Writes a value at pos. True: done, pos is behind it, and below limit there is room for the numbers of its blocks.
   * False: it does not fit below limit; nothing was made or moved. Over GrowingWords it is never false.
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
    } else if (
      typeof value !== 'object' &&
      typeof value !== 'string' &&
      this.pos + 4 <= this.limit &&
      !this.busy
    ) {
      // No code of a user's runs, and it fits.
      switch (typeof value) {
        case 'number':
        case 'boolean':
        case 'undefined':
          this.pos = this.value(value, this.pos, this.loose)
          return true
      }
    }
    return this.writeRoot(value, path)
  }

  /** The same for an array of the caller's own making: it has no holes and no named properties, which saves looking. */
  writeList(values: readonly unknown[], path: string): boolean {
    return this.writeRoot(values, path, true)
  }

  writeRoot(value: unknown, path: string, bare = false): boolean {
    if (this.busy) throw failure(path, undefined, new Unfit('its encoder is at work on another message'))
    // What a stack overflow left, in the middle of tidying up.
    if (this.seen.count !== 0) this.forget()
    if (this.#growing !== undefined) this.begin(this.#growing)
    const base = this.pos
    this.base = base
    this.busy = true
    try {
      let end: number
      if (typeof value === 'object' && value !== null) {
        const kind = kindAtSight(value)
        // A plain object is remembered when it turns out to have objects in it.
        if (kind === PLAIN)
          end = writeObject(this, value as Record<string, unknown>, base, this.tables.trie.root)
        else {
          this.remember(value, base)
          end =
            kind === LIST
              ? writeArray(this, value as unknown[], base, this.loose, bare)
              : writeKind(this, value, kind, base, this.loose)
        }
      } else end = this.value(value, base, this.loose)
      if (this.aliased) this.i32[base] = (this.i32[base] as number) | ALIASED
      if (this.pending.length > 0 && this.#growing === undefined && !this.#trailerFits(end)) return false
      if (this.pending.length > 0 || mayMove()) settle(this, value, (end - base) * 4)
      this.pos = end
      return true
    } catch (error) {
      if (error === FULL) return false
      if (error instanceof HostFailure) throw error.error
      throw failure(path, value, error)
    } finally {
      this.busy = false
      if (this.seen.count !== 0) this.forget()
    }
  }

  #trailerFits(end: number): boolean {
    return end + this.pending.length + 4 <= this.limit
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
        return value === null ? this.word(NULL, 0, p) : this.nested(value, p, site)
      case 'bigint':
        return writeBigint(this, value, p)
      default:
        if (typeof value === 'function' && (value as { [REF]?: unknown })[REF])
          return this.nested(value, p, site)
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
    if (value === site.last2) {
      const { last2 } = site
      site.last2 = site.last
      site.last = last2
      const id = site.lastId2
      site.lastId2 = site.lastId
      site.lastId = id
      return this.word(STRING_ID, id, p)
    }
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

  nested(value: object, p: number, site: TrieNode): number {
    const position = this.find(value)
    if (position >= 0) {
      this.aliased = true
      return this.word(BACK, position, p)
    }
    if (++this.depth > MAX_DEPTH) throw new Unfit(TOO_DEEP)
    this.remember(value, p)
    const kind = kindAtSight(value)
    let end: number
    if (kind === PLAIN) {
      end = writeObject(this, value as Record<string, unknown>, p, this.tables.trie.entryOf(site))
    } else if (kind === LIST) end = writeArray(this, value as unknown[], p, site)
    else end = writeKind(this, value, kind, p, site)
    this.depth--
    return end
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
    const number = this.seen.find(object)
    return number < 0 ? -1 : (this.positions[number] as number)
  }

  /** That the object stands at p. */
  remember(object: object, p: number): void {
    this.positions[this.seen.add(object)] = p - this.base
  }

  forget(): void {
    this.seen.clear()
    this.depth = 0
    this.aliased = false
    // Setting a length costs more than a small message.
    if (this.positions.length > KEPT_POSITIONS) this.positions.length = KEPT_POSITIONS
    if (this.pending.length > 0) this.pending.length = 0
    if (this.lone.length > 0) this.lone.length = 0
  }
}
