// A chunk: a piece of memory that a reader fills with the text of files and a tokenizer counts. Its last byte is part of
// no word, so none reaches over its end, and any tokenizer can count any chunk, alone and in any order: files are small and
// many share a chunk, or large and have many chunks.

import { FOLDED, LONGEST } from './words.js'

/** Bytes of a chunk: few enough for a core's cache, enough to make a message of it seldom. */
export const CHUNK_BYTES: number = 256 * 1024

const SEPARATOR = 0x0a

export class Chunk {
  readonly bytes: Uint8Array
  end = 0
  /** Where the text of the file in hand begins. */
  #start = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** How much fits, beside the separator behind it. */
  get room(): number {
    return this.bytes.length - 1 - this.end
  }

  beginFile(): void {
    this.#start = this.end
  }

  /** Takes the file in hand out again. */
  dropFile(): void {
    this.end = this.#start
  }

  endFile(): void {
    this.bytes[this.end++] = SEPARATOR
  }

  /**
   * Cuts off the word that the file in hand stops in, as it may go on in the next chunk, and copies it there. Of one that
   * is too long already the beginning is enough: it stays too long whatever follows.
   */
  moveOpenWord(next: Chunk): void {
    let cut = this.end
    while (cut > this.#start && FOLDED[this.bytes[cut - 1]!] !== 0) cut--
    const kept = this.bytes.subarray(cut, Math.min(this.end, cut + LONGEST + 1))
    next.bytes.set(kept, 0)
    next.end = kept.length
    next.#start = 0
    this.end = cut
  }
}
