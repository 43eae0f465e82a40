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

const NOTHING = Buffer.alloc(0)

export class FrameReader {
  readonly #maxFrameBytes: number
  readonly #onFrame: (kind: number, frame: Buffer) => void
  #rest: Buffer = NOTHING
  #parts: Buffer[] = []
  #partBytes = 0

  /** onFrame: the frame is valid during the call only where it came in one chunk. */
  constructor(maxFrameBytes: number, onFrame: (kind: number, frame: Buffer) => void) {
    this.#maxFrameBytes = maxFrameBytes
    this.#onFrame = onFrame
  }

  /** Throws where the bytes are no frames. Hot: cluster-tell. */
  push(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    while (all.length - at >= HEAD_BYTES) {
      const kind = all[at] as number
      const length =
        ((all[at + 1] as number) << 16) | ((all[at + 2] as number) << 8) | (all[at + 3] as number)
      if ((kind & ~MORE) > GOODBYE) throw new Error(`a chunk of the kind ${kind}`)
      if (length > MOST_CHUNK_BYTES) throw new Error(`a chunk of ${length} bytes`)
      const end = at + HEAD_BYTES + length
      if (end > all.length) break
      this.#chunk(kind, all.subarray(at + HEAD_BYTES, end))
      at = end
    }
    this.#rest = at === all.length ? NOTHING : all.subarray(at)
  }

  #chunk(kind: number, body: Buffer): void {
    if ((kind & ~MORE) !== DATA) {
      if ((kind & MORE) !== 0) throw new Error('a control frame in several chunks')
      return this.#onFrame(kind, body)
    }
    if (this.#parts.length === 0 && kind === DATA) return this.#onFrame(DATA, body)
    this.#partBytes += body.length
    if (this.#partBytes > this.#maxFrameBytes)
      throw new Error(`a frame of more than ${this.#maxFrameBytes} bytes`)
    this.#parts.push(Buffer.from(body))
    if (kind !== DATA) return
    const frame = Buffer.concat(this.#parts)
    this.#parts = []
    this.#partBytes = 0
    this.#onFrame(DATA, frame)
  }
}
