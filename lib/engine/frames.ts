// Frames that stand by themselves: what is larger than a frame of the arena, or has to wait.

import { errors } from '../errors/index.js'
import type { Port } from './binding.js'
import { type CodecHost, Decoder, Encoder, GrowingWords } from './codec/index.js'
import type { ThreadCodecHost } from './codec-host.js'
import {
  ASK,
  ASK_HEADER_WORDS,
  BLOCKS_BIT,
  CALL,
  HEADER_WORDS,
  ITEM,
  ITEM_HEADER_WORDS,
  KIND_MASK,
  KIND_SHIFT,
  MAX_FRAME_BYTES,
  METHOD_SHIFT,
  SIGNAL,
  SPILLED,
  TELL,
} from './frame.js'
import type { Target } from './target.js'

export const MAX_FRAME_WORDS: number = MAX_FRAME_BYTES >> 2

/** A frame, and the blocks that it holds until it is handed over. */
export interface Made {
  readonly frame: Int32Array
  readonly blocks: readonly number[]
}

/** Not methods: an answer, what the system sends for a spawn, and the items of a stream. */
export const ANSWER = -1
export const SPAWN = -2
export const ITEMS = -3

/** What the value of a call is named in messages of errors. */
export function path(method: number, argc: number): string {
  if (method === ANSWER) return 'result'
  if (method === SPAWN) return 'spawn'
  if (method === ITEMS) return 'item'
  return method === 0 ? 'message' : argc === 1 ? 'args[0]' : 'args'
}

/** Words of the trailer of a frame with so many blocks. */
export function trailerWords(blocks: number): number {
  return (blocks + 3) & ~1
}

/** The trailer of a frame that ends before word `end`. */
export function writeTrailer(i32: Int32Array, end: number, blocks: readonly number[], bytes: number): void {
  i32[end - 1] = blocks.length
  i32[end - 2] = Math.ceil(bytes / 8)
  for (let i = 0; i < blocks.length; i++) i32[end - 3 - i] = blocks[i] as number
}

export class FrameMaker {
  readonly #port: Port
  readonly #slot: number
  readonly #maxMessageBytes: number
  readonly #host: ThreadCodecHost
  readonly #scratch = new GrowingWords()
  readonly #encoder: Encoder

  constructor(port: Port, slot: number, maxMessageBytes: number, host: ThreadCodecHost) {
    this.#port = port
    this.#slot = slot
    this.#maxMessageBytes = maxMessageBytes
    this.#host = host
    this.#encoder = new Encoder(host, this.#scratch, maxMessageBytes)
  }

  /** A frame of its own, with a block where the message is larger than a frame. */
  message(
    kind: number,
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    ask: number,
    sequence: number,
  ): Made {
    const header =
      kind === ASK || kind === SIGNAL ? ASK_HEADER_WORDS : kind === TELL ? HEADER_WORDS : HEADER_WORDS + 2
    const made = this.#standalone(header, argc, value, path(kind === SIGNAL ? SPAWN : method, argc))
    const { frame } = made
    frame[0] = (frame[0] as number) | (kind << KIND_SHIFT) | (method << METHOD_SHIFT)
    frame[1] = target.index
    frame[2] = target.generation
    if (header === ASK_HEADER_WORDS) {
      frame[4] = this.#slot
      frame[5] = ask
      frame[6] = sequence
      frame[7] = argc
    } else if (kind === CALL) {
      frame[4] = argc
    }
    return made
  }

  /** An answer, or an item. */
  answer(
    kind: number,
    ask: number,
    sequence: number,
    value: unknown,
    source: number,
    generation: number,
  ): Int32Array {
    const isItem = kind === ITEM
    const header = isItem ? ITEM_HEADER_WORDS : HEADER_WORDS
    const { frame } = this.#standalone(header, 1, value, path(isItem ? ITEMS : ANSWER, 1))
    frame[0] = (frame[0] as number) | (kind << KIND_SHIFT)
    frame[1] = ask
    frame[2] = sequence
    if (isItem) {
      frame[4] = source
      frame[5] = generation
    }
    return frame
  }

  #standalone(header: number, argc: number, value: unknown, root: string): Made {
    // A send from within a getter must not write over the scratch of the one around it.
    const nested = this.#encoder.busy
    const scratch = nested ? new GrowingWords() : this.#scratch
    const encoder = nested ? new Encoder(this.#host, scratch, this.#maxMessageBytes) : this.#encoder
    const host = this.#host
    const before = { copied: host.copiedBytes, all: host.blockBytes }
    host.copiedBytes = host.blockBytes = 0
    encoder.pos = 0
    let blocks: number[] = []
    try {
      if (argc > 1) encoder.writeList(value as unknown[], root)
      else if (argc === 1) encoder.write(value, root)
      blocks = [...encoder.blocks]
      encoder.blocks.length = 0
      const words = encoder.pos
      const bytes = words * 4 + host.copiedBytes
      if (bytes > this.#maxMessageBytes) throw errors.messageTooLarge(bytes, this.#maxMessageBytes)
      const spilled = words + header + blocks.length + 4 > MAX_FRAME_WORDS
      if (spilled) blocks.push(host.makeBlock(scratch.u8.subarray(0, words * 4)))
      const payload = spilled ? 2 : words
      const trailer = blocks.length === 0 ? 0 : trailerWords(blocks.length)
      const frame = new Int32Array(header + payload + trailer)
      if (spilled) {
        frame[header] = SPILLED
        frame[header + 1] = blocks[blocks.length - 1] as number
      } else {
        frame.set(scratch.i32.subarray(0, words), header)
      }
      frame[0] = (frame.length >> 1) | (blocks.length > 0 ? BLOCKS_BIT : 0)
      if (blocks.length > 0) writeTrailer(frame, frame.length, blocks, host.blockBytes)
      return { frame, blocks }
    } catch (error) {
      this.drop(encoder.blocks)
      this.drop(blocks)
      encoder.blocks.length = 0
      throw error
    } finally {
      host.copiedBytes = before.copied
      host.blockBytes = before.all
    }
  }

  /** Blocks that no frame will carry. */
  drop(blocks: readonly number[]): void {
    for (const id of blocks) this.#port.dropBlock(id)
  }

  /** The message of a tell that was never sent; undefined where it stands in a block. */
  valueOf(frame: Int32Array): unknown {
    const kind = ((frame[0] as number) >> KIND_SHIFT) & KIND_MASK
    const from = kind === TELL ? HEADER_WORDS : HEADER_WORDS + 2
    if (((frame[0] as number) & BLOCKS_BIT) !== 0 || (kind === CALL && frame[4] === 0)) return undefined
    const copy = frame.slice(from)
    const words = { i32: copy, f64: new Float64Array(copy.buffer), u8: new Uint8Array(copy.buffer) }
    const decoder = new Decoder(this.#host as CodecHost, words)
    decoder.pos = 0
    return decoder.read()
  }
}
