// What is sent to one node, whatever connection there is to it: it waits for one, asks for one, and goes out by turns.

import type { Connection } from './connection.js'
import { chunksIn, DATA, HEAD_BYTES, writeHead } from './framing.js'
import type { PeerIdentity } from './hello.js'
import { BATCH_BYTES, CHUNK_BYTES, FIRST_BATCH_BYTES, HIGH_BYTES, LOW_BYTES, ROOM_BYTES } from './limits.js'

export interface AssociationOwner {
  /** It has something to send, and no connection. */
  dial(association: Association): void
  drained(association: Association): void
}

/** What waits in the data lane: chunks that are whole, or a frame that goes out in parts. */
interface Waiting {
  readonly bytes: Uint8Array
  readonly isChunks: boolean
}

const NOTHING = Buffer.alloc(0)

export class Association {
  readonly #owner: AssociationOwner
  readonly addr: string
  /** Undefined for a seed that has not said who it is. */
  peer: PeerIdentity | undefined
  /** It is to be this node, or none. */
  readonly expected: Pick<PeerIdentity, 'nodeId' | 'incarnation'> | undefined
  #connection: Connection | undefined
  readonly #waiting: Waiting[] = []
  /** How much of the first of those has gone out, where it goes in parts. */
  #offset = 0
  /** Where small frames are put together, behind all that waits: what is there from `from` to `to` has not gone out. */
  #batch: Buffer = NOTHING
  #from = 0
  #to = 0
  #control: Uint8Array[] = []
  queuedBytes = 0
  #isFull = false
  #flushing = false
  #isClosed = false
  /** When something other than a ping went or came. */
  usedMs: number = performance.now()
  // Of dialling.
  failures = 0
  /** Connections that were lost. */
  losses = 0
  /** Of those that are gone. */
  #bytesIn = 0
  #bytesOut = 0
  timer: NodeJS.Timeout | undefined

  constructor(
    owner: AssociationOwner,
    addr: string,
    expected: Pick<PeerIdentity, 'nodeId' | 'incarnation'> | undefined,
  ) {
    this.#owner = owner
    this.addr = addr
    this.expected = expected
  }

  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  get connection(): Connection | undefined {
    return this.#connection
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get bytesIn(): number {
    return this.#bytesIn + (this.#connection?.bytesIn ?? 0)
  }

  get bytesOut(): number {
    return this.#bytesOut + (this.#connection?.bytesOut ?? 0)
  }

  /** More is queued than should be. */
  get isFull(): boolean {
    return this.#isFull
  }

  get isEmpty(): boolean {
    return this.queuedBytes === 0
  }

  /** A frame for the data lane, whose memory is this one's from here on. False: no more should follow. */
  send(frame: Uint8Array): boolean {
    const { length } = frame
    if (length > ROOM_BYTES - HEAD_BYTES) {
      this.#endBatch()
      this.#waiting.push({ bytes: frame, isChunks: false })
      return this.#queued(length)
    }
    this.room().set(frame, this.at)
    return this.wrote(this.at + length)
  }

  /** Memory in which the next frame of the data lane may be written, at `at`: there is room for ROOM_BYTES. Hot: cluster-tell. */
  room(): Buffer {
    if (this.#batch.length - this.#to < ROOM_BYTES) {
      this.#endBatch()
      this.#batch = Buffer.allocUnsafeSlow(
        Math.min(Math.max(this.#batch.length * 2, FIRST_BATCH_BYTES), BATCH_BYTES),
      )
      this.#from = this.#to = 0
    }
    return this.#batch
  }

  get at(): number {
    return this.#to + HEAD_BYTES
  }

  /** There is a frame now, from `at` to `end`. False: no more should follow. */
  wrote(end: number): boolean {
    const bytes = end - this.#to
    writeHead(this.#batch, this.#to, DATA, bytes - HEAD_BYTES)
    this.#to = end
    return this.#queued(bytes)
  }

  #endBatch(): void {
    if (this.#to === this.#from) return
    this.#waiting.push({ bytes: this.#batch.subarray(this.#from, this.#to), isChunks: true })
    this.#from = this.#to
  }

  /** A frame that may overtake those of the data lane. */
  control(frame: Uint8Array): void {
    this.#control.push(frame)
    this.#queued(frame.length)
  }

  #queued(bytes: number): boolean {
    this.queuedBytes += bytes
    if (this.queuedBytes > HIGH_BYTES) this.#isFull = true
    if (this.#flushing) return !this.#isFull
    this.usedMs = performance.now()
    if (this.#connection === undefined) this.#owner.dial(this)
    else {
      this.#flushing = true
      queueMicrotask(() => this.flush())
    }
    return !this.#isFull
  }

  /** What waits goes to the socket, as far as that takes it. */
  flush(): void {
    this.#flushing = false
    const connection = this.#connection
    if (connection === undefined || connection.isClosing) return
    while (!connection.isBusy) {
      if (this.#control.length > 0) {
        const control = this.#control
        this.#control = []
        connection.writeControl(control)
        for (const { length } of control) this.queuedBytes -= length
      } else if (this.#waiting.length > 0) this.#flushFirst(connection, this.#waiting[0] as Waiting)
      else if (this.#from < this.#to) {
        const bytes = this.#batch.subarray(this.#from, this.#to)
        this.#from = this.#to
        this.queuedBytes -= bytes.length
        connection.write(bytes)
      } else break
    }
    if (!this.#isFull || this.queuedBytes > LOW_BYTES) return
    this.#isFull = false
    this.#owner.drained(this)
  }

  #flushFirst(connection: Connection, { bytes, isChunks }: Waiting): void {
    if (isChunks) {
      this.#waiting.shift()
      this.queuedBytes -= bytes.length
      return connection.write(bytes)
    }
    const part = bytes.subarray(this.#offset, this.#offset + CHUNK_BYTES)
    this.#offset += part.length
    const isLast = this.#offset === bytes.length
    if (isLast) {
      this.#waiting.shift()
      this.#offset = 0
    }
    this.queuedBytes -= part.length
    connection.writePart(part, isLast)
  }

  // --- of the transport

  /** What waits in the control lane, for another. */
  takeControl(): Uint8Array[] {
    const control = this.#control
    this.#control = []
    for (const { length } of control) this.queuedBytes -= length
    return control
  }

  opened(connection: Connection, peer: PeerIdentity): void {
    this.#connection = connection
    this.peer = peer
    this.failures = 0
    this.usedMs = performance.now()
    clearTimeout(this.timer)
    this.timer = undefined
  }

  /** The connection is gone. Gives the frames of the data lane that did not go out whole; what was urgent is void. */
  lost(): Uint8Array[] {
    this.#bytesIn = this.bytesIn
    this.#bytesOut = this.bytesOut
    this.#connection = undefined
    this.#endBatch()
    const unsent = this.#waiting.flatMap(({ bytes, isChunks }) => (isChunks ? chunksIn(bytes) : [bytes]))
    this.#waiting.length = 0
    this.#control = []
    this.#batch = NOTHING
    this.#from = this.#to = this.#offset = this.queuedBytes = 0
    this.#isFull = false
    return unsent
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.timer)
    this.#connection?.end()
  }
}
