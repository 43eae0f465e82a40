// Writing plain objects and arrays. Hot: tell-cross, ask-pipelined.

import { writeKind } from './encode-kinds.js'
import type { Encoder } from './encoder.js'
import { kindOf, PLAIN } from './kinds.js'
import * as tags from './tags.js'
import type { TrieNode } from './trie.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const { ARRAY, ARRAY_PLUS, HOLE, INT, OBJECT, RECORD, SPARSE, STRING_ID } = tags

const { hasOwnProperty: isOwn } = Object.prototype

/** At `start`. Each value is written as for-in gives its key; what shape it was is known at the end, by the trie. */
export function writeObject(
  e: Encoder,
  object: Record<string, unknown>,
  start: number,
  root: TrieNode,
): number {
  let { i32, limit } = e
  const { trie } = e.tables
  let node = root
  let keys: string[] | undefined
  let p = start + 2
  for (const key in object) {
    // While the object keeps its hidden class, this is no call.
    if (!isOwn.call(object, key)) continue
    if (node.key === key && node.next !== null) node = node.next
    else {
      const next = trie.step(node, key)
      if (next === trie.outside) {
        keys ??= node.keys()
        keys.push(key)
      }
      node = next
    }
    const value = object[key]
    if (typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (p + 2 > limit) {
        e.grow(p + 2)
        i32 = e.i32
        limit = e.limit
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
    if (typeof value === 'object' && value !== null && e.seen.count === 0) e.remember(object, start)
    p = e.value(value, p, node)
    i32 = e.i32
    limit = e.limit
  }
  if (node === root) {
    // Not even one key: perhaps only at first sight a plain object, such as an iterator.
    const kind = kindOf(object)
    if (kind !== PLAIN) return writeKind(e, object, kind, start, root)
  }
  if (p > limit) e.grow(p)
  if (keys === undefined) {
    const shape = node.shape >= 0 ? node.shape : trie.shapeOf(node, e.tables.internShape)
    if (shape >= 0) {
      e.i32[start] = OBJECT
      e.i32[start + 1] = shape
      return p
    }
    keys = node.keys()
  }
  return writeKeys(e, start, keys, p)
}

function writeKeys(e: Encoder, start: number, keys: readonly string[], at: number): number {
  let p = e.word(keys.length, 0, at)
  for (const key of keys) p = e.string(key, p, e.loose)
  e.i32[start] = RECORD
  e.i32[start + 1] = at - start
  return p
}

/** At `start`. Strings and objects of its elements are known by `site`. `bare`: it has no named properties. */
export function writeArray(
  e: Encoder,
  array: readonly unknown[],
  start: number,
  site: TrieNode,
  bare = false,
): number {
  const { length } = array
  // The one cheap way to see whether it has named properties too.
  const values = bare ? length : Object.values(array).length
  if (length > 64 && values < length >> 2) {
    return writePairs(e, array, e.word(SPARSE, length | 0, start), 0, site)
  }
  let p = e.word(ARRAY, length, start)
  let holes = 0
  for (let i = 0; i < length; i++) {
    const value = array[i]
    if (typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (p + 2 > e.limit) e.grow(p + 2)
      const { i32 } = e
      i32[p] = INT
      i32[p + 1] = value
      p += 2
    } else if (value === undefined && !(i in array)) {
      holes++
      p = e.word(HOLE, 0, p)
    } else p = e.value(value, p, site)
  }
  if (values + holes <= length) return p
  e.i32[start] = ARRAY_PLUS
  return writePairs(e, array, p, length, site)
}

/** Properties from index `from` on, and named ones. */
function writePairs(
  e: Encoder,
  array: readonly unknown[],
  start: number,
  from: number,
  site: TrieNode,
): number {
  let p = e.word(0, 0, start)
  let count = 0
  for (const key of Object.keys(array)) {
    if (from > 0 && String(Number(key) >>> 0) === key && Number(key) < from) continue
    p = e.string(key, p, e.loose)
    p = e.value(array[key as unknown as number], p, site)
    count++
  }
  e.i32[start] = count
  return p
}
