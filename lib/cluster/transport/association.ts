// What is sent to one node, whatever connection there is to it: it waits for one, asks for one, and goes out by turns.

import type { Connection } from './connection.js'
import { CONTROL, DATA } from './framing.js'
import type { PeerIdentity } from './hello.js'
import { CHUNK_BYTES, HIGH_BYTES, LOW_BYTES } from './limits.js'

export interface AssociationOwner {
  /** It has something to send, and no connection. */
  dial(association: Association): void
  drained(association: Association): void
}

/** Small frames are put together up to so many bytes. */
const BATCH_BYTES = 64 * 1024

export class Association {
  readonly #owner: AssociationOwner
  readonly addr: string
  /** Undefined for a seed that has not said who it is. */
  peer: PeerIdentity | undefined
  /** It is to be this node, or none. */
  readonly expected: Pick<PeerIdentity, 'nodeId' | 'incarnation'> | undefined
  #connection: Connection | undefined
  #data: Uint8Array[] = []
  /** The first of those that has not gone out whole, and how far. */
  #first = 0
  #offset = 0
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

  /** A frame for the data lane, whose memory is this one's from here on. False: no more should follow. Hot: cluster-tell. */
  send(frame: Uint8Array): boolean {
    this.#data.push(frame)
    return this.#queued(frame)
  }

  /** A frame that may overtake those of the data lane. */
  control(frame: Uint8Array): void {
    this.#control.push(frame)
    this.#queued(frame)
  }

  #queued(frame: Uint8Array): boolean {
    this.queuedBytes += frame.length
    this.usedMs = performance.now()
    if (this.queuedBytes > HIGH_BYTES) this.#isFull = true
    if (this.#connection === undefined) this.#owner.dial(this)
    else if (!this.#flushing) {
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
        connection.writeFrames(CONTROL, control)
        for (const { length } of control) this.queuedBytes -= length
      } else if (this.#first < this.#data.length) this.#flushData(connection)
      else break
    }
    if (!this.#isFull || this.queuedBytes > LOW_BYTES) return
    this.#isFull = false
    this.#owner.drained(this)
  }

  #flushData(connection: Connection): void {
    const data = this.#data
    const first = data[this.#first] as Uint8Array
    if (first.length > CHUNK_BYTES) {
      const part = first.subarray(this.#offset, this.#offset + CHUNK_BYTES)
      this.#offset += part.length
      const isLast = this.#offset === first.length
      connection.writePart(part, isLast)
      this.queuedBytes -= part.length
      if (!isLast) return
      this.#offset = 0
      data[this.#first++] = EMPTY
    } else {
      let bytes = 0
      let end = this.#first
      for (; end < data.length && bytes < BATCH_BYTES; end++) {
        const { length } = data[end] as Uint8Array
        if (length > CHUNK_BYTES) break
        bytes += length
      }
      connection.writeFrames(
        DATA,
        this.#first === 0 && end === data.length ? data : data.slice(this.#first, end),
      )
      this.queuedBytes -= bytes
      this.#first = end
    }
    if (this.#first < data.length && this.#first < 1024) return
    this.#data = data.slice(this.#first)
    this.#first = 0
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
    const unsent = this.#data.slice(this.#first)
    this.#data = []
    this.#control = []
    this.#first = this.#offset = this.queuedBytes = 0
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

const EMPTY = new Uint8Array(0)
