// Words and counts on their way between actors: one Uint8Array a message, however many words. Its memory is moved.
//
//   u32 words, u32 bytes of text, then for all words: f64 counts, i32 hashes, u8 lengths, text

import type { WordTable } from './word-table.js'

const HEADER_BYTES = 8
const WORD_BYTES = 8 + 4 + 1

export interface Unpacked {
  readonly size: number
  readonly counts: Float64Array
  readonly hashes: Int32Array
  readonly lengths: Uint8Array
  readonly text: Uint8Array
}

/** The arrays of a packet, as views of its memory. */
export function unpack(packet: Uint8Array): Unpacked {
  const { buffer, byteOffset } = packet
  const [size, bytes] = new Uint32Array(buffer, byteOffset, 2) as unknown as [number, number]
  let at = byteOffset + HEADER_BYTES
  const counts = new Float64Array(buffer, at, size)
  at += size * 8
  const hashes = new Int32Array(buffer, at, size)
  at += size * 4
  const lengths = new Uint8Array(buffer, at, size)
  return { size, counts, hashes, lengths, text: new Uint8Array(buffer, at + size, bytes) }
}

/** Packs those words of a table, in that order. */
export function pack(table: WordTable, words: ArrayLike<number>): Uint8Array {
  let bytes = 0
  for (let i = 0; i < words.length; i++) bytes += table.lengths[words[i]!]!
  const packet = new Uint8Array(HEADER_BYTES + words.length * WORD_BYTES + bytes)
  new Uint32Array(packet.buffer, 0, 2).set([words.length, bytes])
  const { counts, hashes, lengths, text } = unpack(packet)
  let at = 0
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    const start = table.starts[word]!
    const length = table.lengths[word]!
    counts[i] = table.counts[word]!
    hashes[i] = table.hashes[word]!
    lengths[i] = length
    for (let j = 0; j < length; j++) text[at + j] = table.text[start + j]!
    at += length
  }
  return packet
}

/** The shard that counts a word. The table looks at the low bits of a hash, so this looks at the high ones. */
export function shardOf(hash: number, shards: number): number {
  return (hash >>> 20) % shards
}

/** Packs the whole table, a packet a shard; undefined for a shard that gets nothing. */
export function packByShard(table: WordTable, shards: number): (Uint8Array | undefined)[] {
  const words: number[][] = Array.from({ length: shards }, () => [])
  for (let word = 0; word < table.size; word++) words[shardOf(table.hashes[word]!, shards)]!.push(word)
  return words.map((mine) => (mine.length === 0 ? undefined : pack(table, mine)))
}

/** The words of a packet, each a string with a character a byte, and their counts. */
export function* wordsOf(packet: Uint8Array): Generator<[word: string, count: number]> {
  const { size, counts, lengths, text } = unpack(packet)
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length)
  for (let i = 0, at = 0; i < size; i++) {
    const next = at + lengths[i]!
    yield [bytes.toString('latin1', at, next), counts[i]!]
    at = next
  }
}
