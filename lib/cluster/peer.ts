// One other node, as this one talks to it about actors: what goes out, what comes in, and the connection in between.

import type { LossReason, StopReason } from '../actor/index.js'
import { END, ERROR, VALUE } from '../engine/index.js'
import { errors, isPulsingError } from '../errors/index.js'
import type { LocalThread } from '../system/index.js'
import {
  NONE,
  type Plain,
  type PlainFrameReader,
  type PlainFrameWriter,
  type WireDecoder,
  type WireEncoder,
  WireError,
} from '../wire/index.js'
import type { Classes } from './classes.js'
import * as frames from './frames.js'
import { Incoming } from './incoming.js'
import type { Carried, Link } from './link.js'
import { Outgoing } from './outgoing.js'
import type { NodeIdentity } from './refs.js'
import type { Tokens } from './tokens.js'
import type { Association } from './transport/index.js'

export interface PeerOptions {
  readonly identity: NodeIdentity
  readonly local: LocalThread
  readonly classes: Classes
  readonly tokens: Tokens
  readonly encoder: WireEncoder
  readonly decoder: WireDecoder
  readonly writer: PlainFrameWriter
  readonly reader: PlainFrameReader
  /** A connection to it, dialled where there is none. */
  readonly associate: () => Association
  /** It sent a frame that no node of this version would. */
  readonly bad: () => void
  /** A request of the peer's. */
  readonly serve: (operation: string, argument: unknown) => Promise<unknown>
  readonly gossip: (message: unknown) => void
  /** From here on, the encoder writes for that peer. */
  readonly writeFor: (peer: Peer) => void
}

export class Peer implements Link {
  readonly identity: NodeIdentity
  readonly local: LocalThread
  readonly classes: Classes
  readonly tokens: Tokens
  readonly outgoing: Outgoing
  readonly incoming: Incoming
  readonly #options: PeerOptions
  #association: Association | undefined
  /** Hashes of classes that were said on this connection. */
  readonly #said = new Set<string>()

  constructor(options: PeerOptions) {
    this.#options = options
    this.identity = options.identity
    this.local = options.local
    this.classes = options.classes
    this.tokens = options.tokens
    this.outgoing = new Outgoing(this)
    this.incoming = new Incoming(this)
  }

  get nodeId(): string {
    return this.identity.nodeId
  }

  get isBlocked(): boolean {
    return this.#association?.isFull ?? false
  }

  get usedMs(): number {
    return this.#association?.usedMs ?? 0
  }

  get association(): Association | undefined {
    return this.#association
  }

  /** Nothing is under way, so that the connection may be closed. */
  get isIdle(): boolean {
    return this.outgoing.isIdle && this.incoming.isIdle
  }

  // --- out

  send(header: readonly Plain[], value?: Carried): boolean {
    return this.sendBytes(this.encode(header, value))
  }

  encode(header: readonly Plain[], value?: Carried): Uint8Array {
    this.#options.writeFor(this)
    return this.#options.encoder.encodeFrame(header, value?.value, value?.root ?? '', value !== undefined)
  }

  sendBytes(frame: Uint8Array): boolean {
    return this.#connection().send(frame)
  }

  /** Hot: cluster-tell, cluster-ask-pipelined. */
  put(kind: number, a: number, b: number, c: number, d: number, hasValue: boolean, value: unknown): number {
    const association = this.#connection()
    const room = association.room()
    const { at } = association
    const end = this.#options.writer.write(room, at, kind, a, b, c, d, hasValue, value)
    if (end < 0) return 0
    association.wrote(end)
    return end - at
  }

  control(header: readonly Plain[]): void {
    this.#connection().control(this.encode(header))
  }

  gossip(message: unknown): void {
    this.#connection().control(this.encode([frames.GOSSIP], { value: message, root: 'gossip' }))
  }

  introduce(classId: number): string {
    const hash = this.classes.hashOf(classId)
    if (hash === '' || this.#said.has(hash)) return hash
    this.#said.add(hash)
    const text = this.classes.textOf(hash) as string
    this.sendBytes(this.#options.encoder.encodePlain([frames.CLASS, hash, text]))
    return hash
  }

  #connection(): Association {
    this.#association ??= this.#options.associate()
    return this.#association
  }

  // --- the connection

  opened(association: Association): void {
    this.#association = association
  }

  drained(): void {
    this.outgoing.drained()
  }

  /** unsent: frames that did not go. */
  lost(unsent: readonly Uint8Array[], goesOn: boolean): void {
    this.#association = undefined
    this.#said.clear()
    this.incoming.lost()
    this.outgoing.lost(unsent.flatMap((frame) => this.#tellIn(frame)))
    if (goesOn && this.outgoing.isWatching) this.outgoing.watchAgain()
  }

  /** The node is dead: so are its actors, as far as this one goes. */
  dead(): void {
    this.incoming.lost()
    this.outgoing.allGone()
    this.#association?.close()
    this.#association = undefined
  }

  #tellIn(frame: Uint8Array): { channel: number; method: number; value: unknown }[] {
    try {
      const { header, read } = this.#options.decoder.decodeFrame(frame)
      if (header[0] !== frames.TELL) return []
      return [{ channel: header[1] as number, method: header[2] as number, value: read() }]
    } catch {
      return []
    }
  }

  // --- in

  /** Hot: cluster-tell, cluster-ask-pipelined. A frame that no node of this version sends is counted. */
  received(bytes: Buffer, from: number, to: number): void {
    try {
      const { reader } = this.#options
      const isPlain = reader.read(bytes, from, to) && this.#handlePlain(reader, to - from)
      if (!isPlain && !this.#handle(bytes.subarray(from, to))) this.#bad()
    } catch (error) {
      if (!(error instanceof WireError) && !isPulsingError(error)) throw error
      this.#bad()
    }
  }

  #answered(request: Plain | undefined, read: () => unknown, kind: number): boolean {
    if (!isWhole(request)) return false
    let value: unknown
    try {
      value = read()
    } catch (error) {
      const known = errors.notReadable(this.nodeId, (error as Error).message)
      this.outgoing.answered(request, known, ERROR)
      return false
    }
    // The engine's own numbers for errors are no peer's to send.
    const isError = kind !== ERROR || (typeof value === 'object' && value !== null)
    this.outgoing.answered(
      request,
      isError ? value : errors.notReadable(this.nodeId, 'an error that is none'),
      kind,
    )
    return isError
  }

  #serve(request: number, operation: string, argument: unknown): void {
    const answer = (kind: number, value: unknown) => {
      try {
        if (this.#association !== undefined) this.send([kind, request], { value, root: 'answer' })
      } catch (error) {
        this.send([frames.ERROR, request], { value: error, root: 'answer' })
      }
    }
    this.#options.serve(operation, argument).then(
      (value) => answer(frames.VALUE, value),
      (error) => answer(frames.ERROR, error),
    )
  }

  #bad(): void {
    this.#options.bad()
  }

  /** What comes most; false: it is another, or not right. */
  #handlePlain(frame: PlainFrameReader, bytes: number): boolean {
    const { kind, a, b, c, d, hasValue } = frame
    const value = hasValue ? frame.take() : undefined
    switch (kind) {
      case frames.TELL:
        if (c === NONE) return false
        this.incoming.tell(a, b, c, value, bytes)
        return true
      case frames.ASK:
        if (d === NONE) return false
        this.incoming.ask(a, b, c, d, value, bytes)
        return true
      case frames.VALUE:
        if (a === NONE || !hasValue) return false
        this.outgoing.answered(a, value, VALUE)
        return true
      case frames.ITEM:
        if (a === NONE || !hasValue) return false
        this.outgoing.item(a, value)
        return true
      default:
        return false
    }
  }

  #handle(frame: Uint8Array): boolean {
    const { header, read, hasValue } = this.#options.decoder.decodeFrame(frame)
    const [kind, a, b, c, d] = header
    const { incoming, outgoing } = this
    switch (kind) {
      case frames.TELL:
      case frames.ASK: {
        const isAsk = kind === frames.ASK
        if (!isWhole(a) || !isWhole(b) || !isWhole(c) || (isAsk && !isWhole(d))) return false
        let value: unknown
        try {
          value = hasValue ? read() : undefined
        } catch (error) {
          incoming.unreadable(a, b, isAsk ? (d as number) : undefined, error as Error, frame.length)
          return false
        }
        if (isAsk) incoming.ask(a, b, c, d as number, value, frame.length)
        else incoming.tell(a, b, c, value, frame.length)
        return true
      }
      case frames.VALUE:
        return this.#answered(a, read, VALUE)
      case frames.ERROR:
        return this.#answered(a, read, ERROR)
      case frames.END:
        return this.#answered(a, read, END)
      case frames.ITEM:
        if (!isWhole(a)) return false
        outgoing.item(a, read())
        return true
      case frames.CANCEL:
        if (!isWhole(a)) return false
        incoming.cancel(a)
        return true
      case frames.CLASS:
        return this.classes.learn(a, b)
      case frames.OPEN:
        return incoming.open(a, b, c, d, header[5], header[6])
      case frames.GONE:
        if (!isWhole(a) || typeof b !== 'string') return false
        outgoing.goneAt(a, reasonOf(b))
        return true
      case frames.WATCH:
        if (!isWhole(a)) return false
        incoming.watch(a)
        return true
      case frames.UNWATCH:
        if (!isWhole(a)) return false
        incoming.unwatch(a)
        return true
      case frames.SYSTEM:
        if (!isWhole(a) || typeof b !== 'string') return false
        this.#serve(a, b, read())
        return true
      case frames.CREDIT:
        if (!isWhole(a) || !isWhole(b) || !isWhole(c)) return false
        outgoing.credited(a, b, c)
        return true
      case frames.TAKEN:
        if (!isWhole(a) || !isWhole(b)) return false
        incoming.taken(a, b)
        return true
      case frames.GOSSIP:
        this.#options.gossip(read())
        return true
      default:
        return false
    }
  }
}

const REASONS: readonly (StopReason | LossReason)[] = [
  'stopped',
  'failed',
  'shutdown',
  'thread-died',
  'node-died',
]

/** Why an actor is gone, as its node says. */
function reasonOf(text: string): StopReason | LossReason {
  return REASONS.find((reason) => reason === text) ?? 'stopped'
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
