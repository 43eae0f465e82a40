// Writing the objects that are not plain.

import { writeBuffer, writeView } from './encode-bytes.js'
import { writeArray } from './encode-objects.js'
import type { Encoder } from './encoder.js'
import { formOf } from './error-forms.js'
import { HostFailure, Unfit } from './failure.js'
import {
  BOXED_KIND,
  BUFFER_KIND,
  DATE_KIND,
  ERROR_KIND,
  LIST,
  MAP_KIND,
  REFERENCE_KIND,
  REGEXP_KIND,
  SET_KIND,
  SHARED_KIND,
  VIEW_KIND,
} from './kinds.js'
import { BIG_BIGINT, BIGINT, BOXED, DATE, ERROR, MAP, REFERENCE, REGEXP, SET } from './tags.js'
import type { TrieNode } from './trie.js'

const bigints = new BigInt64Array(1)
const bigintWords = new Int32Array(bigints.buffer)

/** Written at p, where the encoder remembers it. */
export function writeKind(e: Encoder, value: object, kind: number, p: number, site: TrieNode): number {
  switch (kind) {
    case LIST:
      return writeArray(e, value as unknown[], p, site)
    case REFERENCE_KIND:
      return writeReference(e, value, p)
    case MAP_KIND:
      return writeMap(e, value as Map<unknown, unknown>, p, site)
    case SET_KIND:
      return writeSet(e, value as Set<unknown>, p, site)
    case DATE_KIND:
      return e.double(DATE, Date.prototype.getTime.call(value), p)
    case REGEXP_KIND: {
      const { source, flags } = value as RegExp
      return e.string(flags, e.string(source, e.word(REGEXP, 0, p), e.loose), e.loose)
    }
    case BOXED_KIND:
      return e.value(unboxed(value), e.word(BOXED, 0, p), e.loose)
    case ERROR_KIND:
      return e.value(formOf(value as Error), e.word(ERROR, 0, p), e.loose)
    case BUFFER_KIND:
    case SHARED_KIND:
      return writeBuffer(e, value as ArrayBufferLike, p)
    case VIEW_KIND:
      return writeView(e, value as ArrayBufferView, p)
    default:
      throw new Unfit('')
  }
}

function writeReference(e: Encoder, ref: object, p: number): number {
  e.room(p + 6)
  e.word(REFERENCE, 0, p)
  try {
    e.host.refToWords(ref, e.i32, p + 2)
  } catch (error) {
    throw new HostFailure(error)
  }
  return p + 6
}

/** Entries first, as they are now: what is in them may have getters that change the map. */
function writeMap(e: Encoder, map: Map<unknown, unknown>, start: number, site: TrieNode): number {
  const entries: unknown[] = []
  Map.prototype.forEach.call(map, (value, key) => entries.push(key, value))
  let p = e.word(MAP, entries.length >> 1, start)
  for (let i = 0; i < entries.length; i += 2)
    p = e.value(entries[i + 1], e.value(entries[i], p, e.loose), site)
  return p
}

function writeSet(e: Encoder, set: Set<unknown>, start: number, site: TrieNode): number {
  const values: unknown[] = []
  Set.prototype.forEach.call(set, (value) => values.push(value))
  let p = e.word(SET, values.length, start)
  for (let i = 0; i < values.length; i++) p = e.value(values[i], p, site)
  return p
}

export function writeBigint(e: Encoder, value: bigint, p: number): number {
  if (BigInt.asIntN(64, value) === value) {
    e.room(p + 4)
    e.word(BIGINT, 0, p)
    bigints[0] = value
    e.i32[p + 2] = bigintWords[0] as number
    e.i32[p + 3] = bigintWords[1] as number
    return p + 4
  }
  const digits = (value < 0n ? -value : value).toString(16)
  return e.string(digits, e.word(BIG_BIGINT, value < 0n ? 1 : 0, p), e.loose)
}

const BOXES: readonly { valueOf(): unknown }[] = [
  Number.prototype,
  String.prototype,
  Boolean.prototype,
  BigInt.prototype,
]

/** The primitive in a boxed one, whatever its own valueOf says. */
export function unboxed(value: object): unknown {
  for (const box of BOXES) {
    try {
      return box.valueOf.call(value)
    } catch {}
  }
  throw new Unfit('')
}
