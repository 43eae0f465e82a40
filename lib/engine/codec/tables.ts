// What a thread knows of the engine's table of strings and shapes, one for each system.

import type { CodecHost } from './host.js'
import { makeReader, type Reader } from './readers.js'
import { NEVER, NO_KEYS, Trie, type TrieNode } from './trie.js'

/** Longer strings are not looked up. */
export const MAX_INTERNED = 32

const FILTER_SIZE = 1024
const FIRST_SCORE = 4
const BEST_SCORE = 64
const CHEAP = 12
const REST = -1000

export class Tables {
  readonly host: CodecHost
  readonly trie: Trie = new Trie()
  /** By id, as far as this thread has met them. */
  readonly strings: (string | undefined)[] = []
  readonly readers: (Reader | undefined)[] = []
  readonly #ids = new Map<string, number>()
  /** Hashes of strings that were seen and not interned. */
  readonly #seen = new Int32Array(FILTER_SIZE)
  #full = false
  readonly internShape = (keys: string): number => this.host.internShape(keys)

  constructor(host: CodecHost) {
    this.host = host
  }

  /**
   * The id of a string that is not one of the last two at this place; -1: it is to be written as it is. A string gets an
   * id when it is seen a second time. A place where that does not pay, as with ever new strings, rests from trying.
   */
  idOf(text: string, site: TrieNode): number {
    if (site.score <= 0) {
      if (++site.score === 0) site.score = FIRST_SCORE
      return -1
    }
    let id = this.#ids.get(text)
    if (id === undefined) {
      if (--site.score === 0) site.score = REST
      if (this.#full) return -1
      const hash = hashOf(text)
      const at = hash & (FILTER_SIZE - 1)
      if (this.#seen[at] !== hash) {
        this.#seen[at] = hash
        return -1
      }
      id = this.host.internString(text)
      if (id < 0) {
        this.#full = true
        return -1
      }
      // The table's own copy is kept, never the string given: that may be a slice of one a thousand times as long.
      this.#ids.set(this.textOf(id), id)
      if (site.score > 0) site.score++
    } else if (text.length <= CHEAP) {
      // To find it cost more than to write it again.
      if (--site.score === 0) site.score = REST
    } else if (site.score < BEST_SCORE) site.score++
    const known = this.textOf(id)
    site.last2 = site.last
    site.lastId2 = site.lastId
    site.last = known
    site.lastId = id
    return id
  }

  textOf(id: number): string {
    if (id < 0) return NEVER
    const known = this.strings[id]
    if (known !== undefined) return known
    const text = internalized(this.host.stringOf(id))
    while (this.strings.length <= id) this.strings.push(undefined)
    this.strings[id] = text
    return text
  }

  keysOf(shape: number): string[] {
    const keys = this.host.shapeKeys(shape)
    return keys === NO_KEYS ? [] : keys.split('\0')
  }

  readerOf(shape: number): Reader {
    const known = this.readers[shape]
    if (known !== undefined) return known
    const reader = makeReader(this.keysOf(shape), (faster) => {
      this.readers[shape] = faster
    })
    while (this.readers.length <= shape) this.readers.push(undefined)
    this.readers[shape] = reader
    return reader
  }
}

/** The one copy that literals of the program are, so that comparing the two compares pointers. */
function internalized(text: string): string {
  for (const key in { [text]: 0 }) return key
  return text
}

function hashOf(text: string): number {
  let hash = text.length + 1
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

let lastHost: CodecHost | undefined
let lastTables: Tables | undefined
const tables = new WeakMap<CodecHost, Tables>()

/** All encoders and decoders of one host share its tables. */
export function tablesOf(host: CodecHost): Tables {
  if (host === lastHost && lastTables !== undefined) return lastTables
  let known = tables.get(host)
  if (known === undefined) {
    known = new Tables(host)
    tables.set(host, known)
  }
  lastHost = host
  lastTables = known
  return known
}
