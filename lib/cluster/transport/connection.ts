// One connection: bytes to frames and back, in two lanes, so that what is urgent overtakes what is large.

import type { Socket } from 'node:net'
import {
  CONTROL,
  chunkOf,
  DATA,
  FrameReader,
  GOODBYE,
  HEAD_BYTES,
  HELLO,
  MORE,
  PING,
  PONG,
  REFUSED,
  writeHead,
} from './framing.js'
import { MAGIC } from './hello.js'
import { AHEAD_BYTES } from './limits.js'

export interface ConnectionHandlers {
  onHello(body: Buffer): void
  onRefused(body: Buffer): void
  /** A frame is the bytes from one place to another, and valid during the call alone. */
  onFrame(bytes: Buffer, from: number, to: number): void
  onControl(bytes: Buffer, from: number, to: number): void
  /** The socket takes more. */
  onWritable(): void
  onClosed(error: Error | undefined): void
}

/** A chunk that is large enough to be given to the socket as it is. */
const LARGE_BYTES = 16 * 1024

const NOTHING = Buffer.alloc(0)

export class Connection {
  readonly socket: Socket
  readonly #handlers: ConnectionHandlers
  readonly #reader: FrameReader
  #magic: Buffer = NOTHING
  #isClosed = false
  #saidGoodbye = false
  #heardGoodbye = false
  #error: Error | undefined
  bytesIn = 0
  bytesOut = 0
  /** When something came last. */
  heardMs: number
  rttMs: number | undefined
  #pingedMs = 0

  constructor(socket: Socket, maxFrameBytes: number, handlers: ConnectionHandlers) {
    this.socket = socket
    this.#handlers = handlers
    this.heardMs = performance.now()
    this.#reader = new FrameReader(maxFrameBytes, (kind, frame, from, to) =>
      this.#frame(kind, frame, from, to),
    )
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 10_000)
    socket.on('data', (bytes: Buffer) => this.#data(bytes))
    socket.on('drain', () => this.#handlers.onWritable())
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('end', () => this.end())
    socket.on('close', () => this.#closed())
    socket.write(MAGIC)
  }

  #data(bytes: Buffer): void {
    this.heardMs = performance.now()
    this.bytesIn += bytes.length
    try {
      this.#reader.push(this.#magic.length < MAGIC.length ? this.#afterMagic(bytes) : bytes)
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  #afterMagic(bytes: Buffer): Buffer {
    const lacks = MAGIC.length - this.#magic.length
    this.#magic = Buffer.concat([this.#magic, bytes.subarray(0, lacks)])
    if (!MAGIC.subarray(0, this.#magic.length).equals(this.#magic)) throw new NotOurs(this.#magic)
    return bytes.subarray(lacks)
  }

  #frame(kind: number, bytes: Buffer, from: number, to: number): void {
    if (this.#isClosed) return
    switch (kind) {
      case DATA:
        return this.#handlers.onFrame(bytes, from, to)
      case CONTROL:
        return this.#handlers.onControl(bytes, from, to)
      case PING:
        this.write(chunkOf(PONG, NOTHING))
        return
      case PONG:
        this.rttMs = performance.now() - this.#pingedMs
        return
      case HELLO:
        return this.#handlers.onHello(bytes.subarray(from, to))
      case REFUSED:
        return this.#handlers.onRefused(bytes.subarray(from, to))
      case GOODBYE:
        this.#heardGoodbye = true
        this.end()
        return
    }
  }

  #closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#handlers.onClosed(this.#error)
  }

  // --- out

  write(bytes: Uint8Array): void {
    if (this.#isClosed || this.socket.destroyed || this.socket.writableEnded) return
    this.bytesOut += bytes.length
    this.socket.write(bytes)
  }

  ping(): void {
    this.#pingedMs = performance.now()
    this.write(chunkOf(PING, NOTHING))
  }

  /** The socket has enough to do. */
  get isBusy(): boolean {
    return this.socket.writableLength >= AHEAD_BYTES
  }

  get isClosing(): boolean {
    return this.#isClosed || this.#saidGoodbye || this.#heardGoodbye
  }

  /** Frames that may overtake others, one after another, as one write. */
  writeControl(frames: readonly Uint8Array[]): void {
    let bytes = 0
    for (const frame of frames) bytes += HEAD_BYTES + frame.length
    const all = Buffer.allocUnsafe(bytes)
    let at = 0
    for (const frame of frames) {
      writeHead(all, at, CONTROL, frame.length)
      all.set(frame, at + HEAD_BYTES)
      at += HEAD_BYTES + frame.length
    }
    this.write(all)
  }

  /** A part of a data frame. */
  writePart(part: Uint8Array, isLast: boolean): void {
    const kind = isLast ? DATA : DATA | MORE
    if (part.length < LARGE_BYTES) return this.write(chunkOf(kind, part))
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    writeHead(head, 0, kind, part.length)
    this.socket.cork()
    this.write(head)
    this.write(part)
    this.socket.uncork()
  }

  /** Says that nothing comes any more, and ends when that has gone out. */
  end(): void {
    if (this.#saidGoodbye || this.#isClosed) return
    this.#saidGoodbye = true
    this.write(chunkOf(GOODBYE, NOTHING))
    this.socket.end()
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.socket.destroy()
  }
}

/** Whatever is at the other end, it speaks something else. */
export class NotOurs extends Error {
  constructor(magic: Buffer) {
    super(
      magic[0] === 0x16 || magic[0] === 0x15
        ? 'it speaks TLS: one of the two has a passphrase, the other has none'
        : 'it is no node of a cluster, or one of the two has a passphrase and the other has none',
    )
  }
}
