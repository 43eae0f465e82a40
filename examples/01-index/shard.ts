// A shard: the actor that holds the counts of the words whose hash falls to it. Tokenizers send it what they counted.

import * as pul from 'pulsing'
import { pack, unpack } from './packet.js'
import { WordTable } from './word-table.js'

export const Shard = pul.remote(
  import.meta.url,
  class Shard {
    readonly #table = new WordTable(65_536, 1024 * 1024)

    /** Adds the words of a packet. The answer says that there is room for the next. */
    merge(packet: Uint8Array): void {
      const table = this.#table
      const { size, counts, hashes, lengths, text } = unpack(packet)
      table.reserve(size, text.length)
      for (let i = 0, at = 0; i < size; i++) {
        const length = lengths[i]!
        table.count(text, at, length, hashes[i]!, counts[i]!)
        at += length
      }
    }

    /** How many different words it holds. */
    size(): number {
      return this.#table.size
    }

    /** A packet of its `limit` most frequent words. */
    top(limit: number): Uint8Array {
      const { counts, size } = this.#table
      const byCount = (a: number, b: number) => counts[b]! - counts[a]! || this.#compareText(a, b)
      let best: number[] = []
      let least = 0
      for (let word = 0; word < size; word++) {
        if (counts[word]! < least) continue
        best.push(word)
        if (best.length < 2 * limit + 1000) continue
        best = best.sort(byCount).slice(0, limit)
        least = counts[best.at(-1)!]!
      }
      const packet = pack(this.#table, best.sort(byCount).slice(0, limit))
      return pul.transfer(packet, [packet.buffer as ArrayBuffer])
    }

    /** A packet of `limit` words in the order they came, from that one on. */
    page(from: number, limit: number): Uint8Array {
      const length = Math.max(0, Math.min(limit, this.#table.size - from))
      const packet = pack(
        this.#table,
        Int32Array.from({ length }, (_, i) => from + i),
      )
      return pul.transfer(packet, [packet.buffer as ArrayBuffer])
    }

    #compareText(a: number, b: number): number {
      const { text, starts, lengths } = this.#table
      const of = (word: number) => text.subarray(starts[word]!, starts[word]! + lengths[word]!)
      return Buffer.compare(of(a), of(b))
    }
  },
)

export type ShardProxy = pul.ActorProxy<InstanceType<typeof Shard>>
