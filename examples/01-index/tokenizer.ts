// A tokenizer: finds the words of the chunks it is given and counts them in a table of its own. When the table is full, and
// at the end, the counts go to the shards, a packet each: a frequent word crosses threads seldom, however often it occurs.

import * as pul from 'pulsing'
import { CHUNK_BYTES } from './chunk.js'
import { packByShard } from './packet.js'
import type { ShardProxy } from './shard.js'
import { WordTable } from './word-table.js'
import { FOLDED, LONGEST, SHORTEST } from './words.js'

/** A chunk can't have more words than this: each is of two bytes at least, and one stands between them. */
const MOST_WORDS = Math.ceil(CHUNK_BYTES / (SHORTEST + 1))
const FNV_BASIS = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193
const SHORT_WORDS = 2 ** 12
const TABLE_WORDS = 2 ** 18
const TABLE_BYTES = 12 * CHUNK_BYTES

export interface Tokenized {
  readonly bytes: number
  readonly words: number
  readonly overlong: number
}

export const Tokenizer = pul.remote(
  import.meta.url,
  class Tokenizer {
    readonly #shards: readonly ShardProxy[]
    readonly #table = new WordTable(TABLE_WORDS, TABLE_BYTES)
    /** Short words seen lately, by their hash: their bytes as two numbers, which say all of them, and their number. */
    readonly #short = new Int32Array(SHORT_WORDS * 3)
    #merging: Promise<unknown> | undefined
    #bytes = 0
    #words = 0
    #overlong = 0

    constructor(shards: readonly ShardProxy[]) {
      this.#shards = shards.map((shard) => pul.withCall(shard, { timeoutMs: Number.POSITIVE_INFINITY }))
    }

    /**
     * Counts the words of a chunk and gives its memory back to the reader. It does so only when the shards have taken what
     * was sent to them, so that a slow shard slows the readers, and no counts pile up.
     */
    async count(bytes: Uint8Array, end: number): Promise<Uint8Array> {
      if (!this.#table.hasRoom(MOST_WORDS, end)) this.#flush()
      this.#bytes += end
      this.#countWords(bytes, end)
      if (this.#merging !== undefined) await this.#merging
      return pul.transfer(bytes, [bytes.buffer as ArrayBuffer])
    }

    /** Sends all that is left, and says what it has counted. */
    async finish(): Promise<Tokenized> {
      this.#flush()
      await this.#merging
      return { bytes: this.#bytes, words: this.#words, overlong: this.#overlong }
    }

    /** Hot: once a byte. A chunk ends in a byte of no word, so the end is looked for between words only. */
    #countWords(bytes: Uint8Array, end: number): void {
      const table = this.#table
      const short = this.#short
      const { counts } = table
      let words = 0
      for (let at = 0; at < end; at++) {
        let byte = FOLDED[bytes[at]!]!
        if (byte === 0) continue
        const from = at
        let hash = FNV_BASIS
        // The last eight bytes.
        let low = 0
        let high = 0
        do {
          high = (high << 8) | (low >>> 24)
          low = (low << 8) | byte
          hash = Math.imul(hash ^ byte, FNV_PRIME)
          byte = FOLDED[bytes[++at]!]!
        } while (byte > 0)
        const length = at - from
        if (length < SHORTEST) continue
        if (length > LONGEST) {
          this.#overlong++
          continue
        }
        words++
        hash ^= hash >>> 15
        if (length > 8) {
          table.count(bytes, from, length, hash, 1)
          continue
        }
        const place = (hash & (SHORT_WORDS - 1)) * 3
        if (short[place] === low && short[place + 1] === high) {
          counts[short[place + 2]!]!++
          continue
        }
        short[place] = low
        short[place + 1] = high
        short[place + 2] = table.count(bytes, from, length, hash, 1)
      }
      this.#words += words
    }

    #flush(): void {
      const packets = packByShard(this.#table, this.#shards.length)
      this.#table.clear()
      this.#short.fill(0)
      const merges = packets.map((packet, i) =>
        packet === undefined
          ? undefined
          : this.#shards[i]!.merge(pul.transfer(packet, [packet.buffer as ArrayBuffer])),
      )
      const merging = Promise.all([this.#merging, ...merges]).finally(() => {
        if (this.#merging === merging) this.#merging = undefined
      })
      this.#merging = merging
      // Its failure is seen by the call that awaits it.
      merging.catch(() => undefined)
    }
  },
)

export type TokenizerProxy = pul.ActorProxy<InstanceType<typeof Tokenizer>>
