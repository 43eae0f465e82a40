// Text in words. Short strings by plain loops, longer ones by Buffer's native methods, which cost 45 ns to call; where
// the two meet was measured by bench/micro/codec.ts.

import { Buffer } from 'node:buffer'
import { LATIN1, UTF16 } from './tags.js'
import type { Words } from './words.js'

/** Methods of Buffer that its declarations leave out. */
interface RawBuffer {
  latin1Write(text: string, at: number, length: number): number
  ucs2Write(text: string, at: number, bytes: number): number
  latin1Slice(from: number, to: number): string
  ucs2Slice(from: number, to: number): string
}

/** The same memory as a Buffer too, which has the native methods. */
export interface BufferedWords extends Words {
  readonly buffer: Buffer
}

const WRITE_BY_LOOP = 12
/** V8 makes trees, not strings, of more than 12 characters that are put together. */
const READ_BY_LOOP = 12

// In a one-byte string V8 need not look: the set has no character that could stand there.
const WIDE = /[^\0-\xff]/
const { fromCharCode } = String

export function bufferOver(words: Words): Buffer {
  return Buffer.from(words.u8.buffer, words.u8.byteOffset, words.u8.byteLength)
}

/** Whether each character fits in a byte, for strings that are not short. */
export function isNarrow(text: string): boolean {
  return text.length > WRITE_BY_LOOP && !WIDE.test(text)
}

/** Words that a string takes, its head included. */
export function wordsOfText(length: number, narrow: boolean): number {
  return 2 + (narrow ? ((length + 7) >> 3) << 1 : ((length + 3) >> 2) << 1)
}

/** Writes at p, where there is room for wordsOfText. Gives the position behind it. */
export function writeText(text: string, narrow: boolean, words: BufferedWords, p: number): number {
  const { i32, u8 } = words
  const { length } = text
  i32[p + 1] = length
  const at = (p + 2) << 2
  if (length <= WRITE_BY_LOOP) {
    let all = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      all |= code
      u8[at + i] = code
    }
    if (all < 256) {
      i32[p] = LATIN1
      return p + wordsOfText(length, true)
    }
  } else if (narrow) {
    ;(words.buffer as unknown as RawBuffer).latin1Write(text, at, length)
    i32[p] = LATIN1
    return p + wordsOfText(length, true)
  }
  ;(words.buffer as unknown as RawBuffer).ucs2Write(text, at, length * 2)
  i32[p] = UTF16
  return p + wordsOfText(length, false)
}

/** Text of one byte a character, at a position in bytes. */
export function readLatin1(words: BufferedWords, at: number, length: number): string {
  if (length > READ_BY_LOOP) return (words.buffer as unknown as RawBuffer).latin1Slice(at, at + length)
  const { u8 } = words
  let text = ''
  let p = at
  const end = at + length
  for (; p + 4 <= end; p += 4) {
    text += fromCharCode(u8[p] as number, u8[p + 1] as number, u8[p + 2] as number, u8[p + 3] as number)
  }
  switch (end - p) {
    case 3:
      return text + fromCharCode(u8[p] as number, u8[p + 1] as number, u8[p + 2] as number)
    case 2:
      return text + fromCharCode(u8[p] as number, u8[p + 1] as number)
    case 1:
      return text + fromCharCode(u8[p] as number)
    default:
      return text
  }
}

export function readUtf16(words: BufferedWords, at: number, length: number): string {
  return (words.buffer as unknown as RawBuffer).ucs2Slice(at, at + length * 2)
}
