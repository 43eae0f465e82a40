// Frames on a stream of bytes: each chunk begins with a byte that says what it is and three of its length. A data frame may take
// several chunks; whatever is urgent goes between them.

import { MOST_CHUNK_BYTES } from './limits.js'

// What a chunk is: one of these, and MORE where the frame goes on in the next chunk of its kind.
export const DATA = 0
export const CONTROL = 1
export const PING = 2
export const PONG = 3
export const HELLO = 4
export const REFUSED = 5
/** Nothing comes after it. */
export const GOODBYE = 6
export const MORE = 0x80

export const HEAD_BYTES = 4

export function writeHead(to: Uint8Array, at: number, kind: number, length: number): void {
  to[at] = kind
  to[at + 1] = length >>> 16
  to[at + 2] = (length >>> 8) & 255
  to[at + 3] = length & 255
}

/** A chunk by itself. */
export function chunkOf(kind: number, body: Uint8Array): Buffer {
  const chunk = Buffer.allocUnsafe(HEAD_BYTES + body.length)
  writeHead(chunk, 0, kind, body.length)
  chunk.set(body, HEAD_BYTES)
  return chunk
}

/** The bodies of chunks that are whole. */
export function chunksIn(bytes: Uint8Array): Uint8Array[] {
  const bodies: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const from = at + HEAD_BYTES
    at = from + lengthAt(bytes, at)
    bodies.push(bytes.subarray(from, at))
  }
  return bodies
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
}

const NOTHING = Buffer.alloc(0)

/** A frame is the bytes from one place to another, and valid during the call alone. */
export type OnFrame = (kind: number, bytes: Buffer, from: number, to: number) => void

export class FrameReader {
  readonly #maxFrameBytes: number
  readonly #onFrame: OnFrame
  #rest: Buffer = NOTHING
  #parts: Buffer[] = []
  #partBytes = 0

  constructor(maxFrameBytes: number, onFrame: OnFrame) {
    this.#maxFrameBytes = maxFrameBytes
    this.#onFrame = onFrame
  }

  /** Throws where the bytes are no frames. Hot: cluster-tell. */
  push(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const { length } = all
    let at = 0
    while (length - at >= HEAD_BYTES) {
      const kind = all[at] as number
      const size = lengthAt(all, at)
      if ((kind & ~MORE) > GOODBYE) throw new Error(`a chunk of the kind ${kind}`)
      if (size > MOST_CHUNK_BYTES) throw new Error(`a chunk of ${size} bytes`)
      const from = at + HEAD_BYTES
      at = from + size
      if (at > length) {
        at = from - HEAD_BYTES
        break
      }
      if (kind === DATA && this.#parts.length === 0) this.#onFrame(DATA, all, from, at)
      else this.#chunk(kind, all, from, at)
    }
    this.#rest = at === length ? NOTHING : all.subarray(at)
  }

  #chunk(kind: number, bytes: Buffer, from: number, to: number): void {
    if ((kind & ~MORE) !== DATA) {
      if ((kind & MORE) !== 0) throw new Error('a control frame in several chunks')
      return this.#onFrame(kind, bytes, from, to)
    }
    this.#partBytes += to - from
    if (this.#partBytes > this.#maxFrameBytes)
      throw new Error(`a frame of more than ${this.#maxFrameBytes} bytes`)
    this.#parts.push(Buffer.from(bytes.subarray(from, to)))
    if (kind !== DATA) return
    const frame = Buffer.concat(this.#parts)
    this.#parts = []
    this.#partBytes = 0
    this.#onFrame(DATA, frame, 0, frame.length)
  }
}
