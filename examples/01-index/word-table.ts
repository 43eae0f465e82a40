// A table of words and how often each was seen. Words are bytes, so what is no UTF-8 needs no care, and none becomes a
// string before it is shown. Open addressing; all memory is in a few typed arrays.

import { FOLDED } from './words.js'

/** Slots a word: half of them stay empty, so that a search is short. */
const SLOTS_A_WORD = 2

export class WordTable {
  /** How many different words there are. */
  size = 0
  /** The words, folded, one after the other, in the order they were first seen; what lies behind `end` is free. */
  text: Uint8Array
  end = 0
  /** Of each word: its hash, where it begins in `text`, its length, its count. */
  hashes: Int32Array
  starts: Int32Array
  lengths: Uint8Array
  counts: Float64Array
  /** Number of a word plus 1, or 0 where a slot is empty. */
  #slots: Int32Array

  /** @param words room for so many words, a power of two; @param bytes for so many bytes of text */
  constructor(words: number, bytes: number) {
    this.text = new Uint8Array(bytes)
    this.hashes = new Int32Array(words)
    this.starts = new Int32Array(words)
    this.lengths = new Uint8Array(words)
    this.counts = new Float64Array(words)
    this.#slots = new Int32Array(words * SLOTS_A_WORD)
  }

  hasRoom(words: number, bytes: number): boolean {
    return this.size + words <= this.hashes.length && this.end + bytes <= this.text.length
  }

  /**
   * Counts the word that stands in `bytes` from `from` on, and gives its number. There has to be room. Hot: once for most
   * words.
   */
  count(bytes: Uint8Array, from: number, length: number, hash: number, times: number): number {
    const { text, hashes, starts, lengths } = this
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = slots[slot]! - 1
      if (word < 0) {
        slots[slot] = this.size + 1
        return this.#add(bytes, from, length, hash, times)
      }
      if (hashes[word] !== hash || lengths[word] !== length) continue
      const start = starts[word]!
      let same = 0
      while (same < length && text[start + same] === FOLDED[bytes[from + same]!]) same++
      if (same === length) {
        this.counts[word]! += times
        return word
      }
    }
  }

  /** Makes room, at least twice what there was. Memory grows with the different words alone. */
  reserve(words: number, bytes: number): void {
    if (this.end + bytes > this.text.length) {
      const most = 2 ** 31 - 1
      if (this.end + bytes > most)
        throw new RangeError('one part of the index holds over 2 GiB of different words')
      const text = new Uint8Array(Math.min(most, Math.max(this.text.length * 2, this.end + bytes)))
      text.set(this.text.subarray(0, this.end))
      this.text = text
    }
    let room = this.hashes.length
    if (this.size + words <= room) return
    while (room < this.size + words) room *= 2
    this.hashes = grown(this.hashes, new Int32Array(room))
    this.starts = grown(this.starts, new Int32Array(room))
    this.lengths = grown(this.lengths, new Uint8Array(room))
    this.counts = grown(this.counts, new Float64Array(room))
    const slots = new Int32Array(room * SLOTS_A_WORD)
    const mask = slots.length - 1
    for (let word = 0; word < this.size; word++) {
      let slot = this.hashes[word]! & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = word + 1
    }
    this.#slots = slots
  }

  clear(): void {
    this.size = 0
    this.end = 0
    this.#slots.fill(0)
  }

  #add(bytes: Uint8Array, from: number, length: number, hash: number, times: number): number {
    const word = this.size++
    const start = this.end
    this.hashes[word] = hash
    this.starts[word] = start
    this.lengths[word] = length
    this.counts[word] = times
    for (let i = 0; i < length; i++) this.text[start + i] = FOLDED[bytes[from + i]!]!
    this.end = start + length
    return word
  }
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
