// Words to values. Hot: tell-cross, ask-pipelined; bench/micro/codec.ts measures it alone.

import type { Buffer } from 'node:buffer'
import { readKind } from './decode-kinds.js'
import { setOwn } from './generate.js'
import type { CodecHost } from './host.js'
import { Patch, Stand } from './patch.js'
import type { Reader } from './readers.js'
import { type BufferedWords, bufferOver, readLatin1, readUtf16 } from './strings.js'
import { type Tables, tablesOf } from './tables.js'
import * as tags from './tags.js'
import type { Words } from './words.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const {
  ARRAY,
  ARRAY_PLUS,
  BACK,
  BOOLEAN,
  DOUBLE,
  HOLE,
  INT,
  LATIN1,
  NULL,
  OBJECT,
  RECORD,
  SPARSE,
  STRING_ID,
  TAG_MASK,
  UNDEFINED,
  UTF16,
} = tags

/** Reads what an Encoder of the same system wrote, on whatever thread. Runs no code of a user's. */
export class Decoder implements BufferedWords {
  /** Where the next value is read; after read, behind it. */
  pos = 0

  // The rest is for the codec's own files.
  readonly host: CodecHost
  readonly tables: Tables
  readonly i32: Int32Array
  readonly f64: Float64Array
  readonly u8: Uint8Array
  readonly strings: (string | undefined)[]
  readonly readers: (Reader | undefined)[]
  /** Position of the message being read. */
  base = 0
  /** In a message with aliases: what was read so far, by position. */
  known: Map<number, object> | undefined = undefined
  patch: Patch | undefined = undefined
  #buffer: Buffer | undefined

  constructor(host: CodecHost, words: Words) {
    this.host = host
    this.tables = tablesOf(host)
    this.strings = this.tables.strings
    this.readers = this.tables.readers
    this.i32 = words.i32
    this.f64 = words.f64
    this.u8 = words.u8
  }

  read(): unknown {
    const p = this.pos
    const tag = this.i32[p] as number
    if (tag === INT) {
      this.pos = p + 2
      return this.i32[p + 1]
    }
    return tag > TAG_MASK ? this.readAliased(p) : this.value()
  }

  value(): unknown {
    const { i32, pos } = this
    const word = i32[pos + 1] as number
    const tag = (i32[pos] as number) & TAG_MASK
    switch (tag) {
      case INT:
        this.pos = pos + 2
        return word
      case STRING_ID:
        this.pos = pos + 2
        return this.strings[word] ?? this.tables.textOf(word)
      case OBJECT: {
        this.pos = pos + 2
        if (this.known !== undefined) return this.aliasedObject(pos, this.tables.keysOf(word))
        return (this.readers[word] ?? this.tables.readerOf(word))(this)
      }
      case DOUBLE:
        this.pos = pos + 4
        return this.f64[(pos >> 1) + 1]
      case BOOLEAN:
        this.pos = pos + 2
        return word === 1
      case UNDEFINED:
        this.pos = pos + 2
        return undefined
      case NULL:
        this.pos = pos + 2
        return null
      case LATIN1:
        this.pos = pos + 2 + (((word + 7) >> 3) << 1)
        return readLatin1(this, (pos + 2) << 2, word)
      case UTF16:
        this.pos = pos + 2 + (((word + 3) >> 2) << 1)
        return readUtf16(this, (pos + 2) << 2, word)
      case ARRAY:
        this.pos = pos + 2
        return this.array(this.keep(pos, []), word)
      case ARRAY_PLUS: {
        this.pos = pos + 2
        const array = this.array(this.keep(pos, []), word)
        this.pairs(array)
        return array
      }
      case SPARSE: {
        this.pos = pos + 2
        const array: unknown[] = this.keep(pos, [])
        array.length = word >>> 0
        this.pairs(array)
        return array
      }
      case RECORD:
        return this.record(pos, word)
      case BACK:
        this.pos = pos + 2
        return this.known?.get(word) ?? this.stand(word)
      default:
        return readKind(this, tag, word, pos)
    }
  }

  array(array: unknown[], length: number): unknown[] {
    const { i32 } = this
    for (let i = 0; i < length; i++) {
      const p = this.pos
      const tag = i32[p]
      if (tag === INT) {
        this.pos = p + 2
        array.push(i32[p + 1])
      } else if (tag === HOLE) {
        this.pos = p + 2
        array.length = i + 1
      } else array.push(this.value())
    }
    return array
  }

  pairs(array: unknown[]): void {
    const count = this.i32[this.pos] as number
    this.pos += 2
    for (let i = 0; i < count; i++) setOwn(array, this.value() as string, this.value())
  }

  record(p: number, toKeys: number): object {
    this.pos = p + toKeys
    const count = this.i32[this.pos] as number
    this.pos += 2
    const keys: string[] = []
    for (let i = 0; i < count; i++) keys.push(this.value() as string)
    const end = this.pos
    this.pos = p + 2
    const object = this.aliasedObject(p, keys)
    this.pos = end
    return object
  }

  /** The object is there before its values, so that they may lead back to it. */
  aliasedObject(p: number, keys: readonly string[]): object {
    const object = this.keep(p, {})
    for (const key of keys) setOwn(object, key, this.value())
    return object
  }

  /** That the object stands at p. */
  keep<T extends object>(p: number, object: T): T {
    this.known?.set(p - this.base, object)
    return object
  }

  /** What stands for an object that is not there yet: the only one that can't be is an error, made of its form. */
  stand(position: number): object {
    this.patch ??= new Patch()
    const stand = new Stand(position)
    this.patch.stands.push(stand)
    return stand
  }

  readAliased(p: number): unknown {
    const outer = this.base
    this.base = p
    this.known = new Map()
    try {
      const value = this.value()
      const { patch, known } = this
      if (patch === undefined) return value
      for (const stand of patch.stands) patch.replace(stand, known.get(stand.position) as object)
      return patch.apply(value)
    } finally {
      this.base = outer
      this.known = undefined
      this.patch = undefined
    }
  }

  get buffer(): Buffer {
    this.#buffer ??= bufferOver(this)
    return this.#buffer
  }
}
