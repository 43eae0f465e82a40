// Messages to actors of other threads, and to pools: written into the arena, counted against the mailbox, or waiting.

import { errors } from '../errors.js'
import type { Asks } from './asks.js'
import type { Port } from './binding.js'
import { type CodecHost, Decoder, Encoder, GrowingWords, INT, type Words } from './codec/index.js'
import type { ThreadCodecHost } from './codec-host.js'
import {
  ASK,
  ASK_HEADER_WORDS,
  BLOCKS_BIT,
  CALL,
  ERROR,
  HEADER_WORDS,
  KIND_SHIFT,
  MAX_FRAME_BYTES,
  METHOD_SHIFT,
  OVERFLOW_DROP_NEWEST,
  OVERFLOW_DROP_OLDEST,
  OVERFLOW_FAIL,
  OVERFLOW_WAIT,
  POOL_SLOT,
  ROOM_FULL,
  ROOM_GONE,
  ROOM_YES,
  SIGNAL,
  SPILLED,
  TELL,
  VALUE,
} from './frame.js'
import type { Hooks } from './hooks.js'
import { Outbox } from './outbox.js'
import { MOST_CREDIT, type Target, type WaitingSend } from './target.js'

export interface SendOptions {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A mailbox that holds this many bytes / 8 more is counted at once, not after a thousand messages. */
const COUNT_AT_BYTES8 = (64 * 1024) / 8
const MAX_FRAME_WORDS = MAX_FRAME_BYTES >> 2

type Tell = (
  target: Target,
  method: number,
  argc: number,
  value: unknown,
  options?: SendOptions,
) => undefined | Promise<void>

export class Sender {
  readonly #port: Port
  readonly #i32: Int32Array
  readonly #slot: number
  readonly #segmentBytes: number
  readonly #maxMessageBytes: number
  readonly #asks: Asks
  readonly #hooks: Hooks
  readonly #host: ThreadCodecHost
  readonly #encoder: Encoder
  readonly #scratch: GrowingWords
  readonly #scratchEncoder: Encoder
  readonly #outs: (Outbox | undefined)[] = []
  /** Targets with messages that wait for room or segments. */
  readonly #waiting = new Set<Target>()
  /** Frames of sends made by a getter, while another message was being written. */
  readonly #nested: { out: Outbox; frame: Int32Array }[] = []
  #writing = false
  #flushQueued = false
  readonly #flushTask = () => {
    this.#flushQueued = false
    this.flush()
  }
  /** True while the thread flushes by itself at the end. */
  batching = false

  constructor(
    port: Port,
    words: Words,
    slot: number,
    segmentBytes: number,
    maxMessageBytes: number,
    asks: Asks,
    hooks: Hooks,
    host: ThreadCodecHost,
  ) {
    this.#port = port
    this.#i32 = words.i32
    this.#slot = slot
    this.#segmentBytes = segmentBytes
    this.#maxMessageBytes = maxMessageBytes
    this.#asks = asks
    this.#hooks = hooks
    this.#host = host
    this.#encoder = new Encoder(host, words)
    this.#scratch = new GrowingWords()
    this.#scratchEncoder = new Encoder(host, this.#scratch)
    this.tell = this.#makeTell()
  }

  /** A closure over constants, so that the compiler knows the array that it writes. Hot: tell-cross, tell-cross-int. */
  #makeTell(): Tell {
    const i32 = this.#i32
    const outs = this.#outs
    const flushSoon = () => this.#flushSoon()
    const encode = (at: number, from: number, value: unknown, method: number, argc: number) =>
      this.#encode(at, from, value, method, argc)
    return (target, method, argc, value, options) => {
      const out = outs[target.slot]
      if (out === undefined || target.credit <= 0 || target.waiting !== undefined || this.#writing)
        return this.#tellSlow(target, method, argc, value, options)
      const at = out.begin()
      if (at === 0) return this.#tellLate(target, method, argc, value, NO_SEGMENT, options)
      let head = method << METHOD_SHIFT
      let end: number
      if (method === 0 && argc === 1) {
        if (typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)) {
          i32[at + 4] = INT
          i32[at + 5] = value
          end = at + 6
        } else {
          end = encode(at, at + HEADER_WORDS, value, 0, 1)
        }
      } else {
        head |= CALL << KIND_SHIFT
        i32[at + 4] = argc
        end = argc === 0 ? at + 6 : encode(at, at + 6, value, method, argc)
      }
      if (end === 0) {
        const kind = method === 0 && argc === 1 ? TELL : CALL
        this.#send(out, target, this.#frame(kind, target, method, argc, value, 0, 0))
        return undefined
      }
      const size8 = (end - at) >> 1
      i32[at] = size8 | head
      i32[at + 1] = target.index
      i32[at + 2] = target.generation
      out.end(end)
      target.credit--
      target.bytes8 += size8
      if (!this.batching && !this.#flushQueued) flushSoon()
      return undefined
    }
  }

  /** Undefined: accepted. A promise: it waits for room. */
  readonly tell: Tell

  #tellSlow(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    options?: SendOptions,
  ): undefined | Promise<void> {
    this.#out(target.slot)
    if (target.credit <= 0 || target.waiting !== undefined) {
      const room = this.#room(target)
      if (room !== undefined) return this.#tellLate(target, method, argc, value, room, options)
    }
    if (this.#writing) return this.#tellLate(target, method, argc, value, NESTED, options)
    return this.tell(target, method, argc, value, options)
  }

  /** Hot: ask-pipelined, ask-host. */
  ask(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    exact: boolean,
    kind: number = ASK,
  ): Promise<unknown> {
    let room: number | undefined
    if (kind === ASK && (target.credit <= 0 || target.waiting !== undefined)) {
      room = this.#room(target)
      if (room === NOBODY)
        return Promise.reject(errors.actorStopped(this.#name(target), this.#hooks.methodName(target, method)))
      if (room === OVERFLOW_DROP_NEWEST || room === OVERFLOW_FAIL)
        return Promise.reject(errors.mailboxFull(this.#name(target)))
    }
    const promise = this.#asks.begin(target, method, timeoutMs, exact)
    const { index, sequence } = this.#asks
    if (signal !== undefined) this.#asks.abortWith(signal, index, sequence)
    try {
      const out = this.#out(target.slot)
      const at = room === undefined && !this.#writing ? out.begin() : 0
      if (at === 0) {
        const { frame, blocks } = this.#frame(kind, target, method, argc, value, index, sequence)
        if (this.#writing) this.#nested.push({ out, frame })
        else
          this.#wait(
            target,
            { frame, blocks, ask: index, sequence, over: false, accept: undefined },
            room === undefined,
          )
        return promise
      }
      const i32 = this.#i32
      i32[at + 4] = this.#slot
      i32[at + 5] = index
      i32[at + 6] = sequence
      i32[at + 7] = argc
      const from = at + ASK_HEADER_WORDS
      const end = argc === 0 ? from : this.#encode(at, from, value, method, argc)
      if (end === 0) this.#send(out, target, this.#frame(kind, target, method, argc, value, index, sequence))
      else this.#finish(out, at, end, kind, method, target)
    } catch (error) {
      this.#asks.reject(index, sequence, error)
    }
    return promise
  }

  /** The answer to an ask of another thread. Never fails, never waits. */
  answer(slot: number, ask: number, sequence: number, value: unknown, isError: boolean): void {
    const out = this.#out(slot)
    const kind = isError ? ERROR : VALUE
    try {
      const at = this.#writing || out.isLate ? 0 : out.begin()
      if (at === 0) {
        const { frame } = this.#answerFrame(kind, ask, sequence, value)
        if (this.#writing) this.#nested.push({ out, frame })
        else out.later(frame)
        return
      }
      this.#finishAnswer(out, at, kind, ask, sequence, value)
    } catch (error) {
      if (isError)
        this.answer(slot, ask, sequence, errors.internal('an error could not be carried to its caller'), true)
      else this.answer(slot, ask, sequence, error, true)
    }
  }

  /** A frame of the engine's own, behind what was sent to that actor of this thread before. */
  mark(target: Target, method: number): void {
    const out = this.#out(target.slot)
    const { frame } = this.#frame(CALL, target, method, 0, undefined, 0, 0)
    if (!out.copy(frame)) out.later(frame)
    this.#flushSoon()
  }

  /** Hands over what was written, at once. */
  flush(): void {
    this.#asks.turned()
    if (this.#nested.length > 0) this.#sendNested()
    for (const out of this.#outs) out?.flush()
  }

  /** A mailbox has room, or the arena has segments: what waited goes on. */
  room(slot: number, index: number): void {
    for (const target of this.#waiting)
      if (target.slot === slot && target.index === index) this.#retry(target)
  }

  arenaRoom(): void {
    for (const out of this.#outs) if (out?.isLate) out.catchUp()
    for (const target of this.#waiting) this.#retry(target)
    this.#flushSoon()
  }

  /** Nobody is there any more: what waited is lost. */
  lost(matches: (target: Target) => boolean): void {
    for (const target of this.#waiting) {
      if (!matches(target)) continue
      target.gone = true
      this.#giveUp(target)
    }
  }

  /** Whether messages wait for room. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  // --- writing

  /** Writes the value; gives the word behind it, or 0 where it has to go by the way that has no limit. */
  #encode(at: number, from: number, value: unknown, method: number, argc: number): number {
    const encoder = this.#encoder
    encoder.pos = from
    encoder.limit = at + MAX_FRAME_WORDS
    this.#writing = true
    let fits = false
    try {
      fits = encoder.write(value, path(method, argc))
    } catch (error) {
      this.#writing = false
      this.#dropBlocks(encoder.blocks)
      throw error
    }
    this.#writing = false
    if (fits && encoder.blocks.length === 0) return encoder.pos
    this.#dropBlocks(encoder.blocks)
    return 0
  }

  #finish(out: Outbox, at: number, end: number, kind: number, method: number, target: Target): void {
    const i32 = this.#i32
    const size8 = (end - at) >> 1
    i32[at] = size8 | (kind << KIND_SHIFT) | (method << METHOD_SHIFT)
    i32[at + 1] = target.index
    i32[at + 2] = target.generation
    out.end(end)
    target.credit--
    target.bytes8 += size8
    if (!this.batching && !this.#flushQueued) this.#flushSoon()
  }

  #finishAnswer(out: Outbox, at: number, kind: number, ask: number, sequence: number, value: unknown): void {
    const end = this.#encode(at, at + HEADER_WORDS, value, -1, 1)
    if (end === 0) {
      const { frame } = this.#answerFrame(kind, ask, sequence, value)
      if (!out.copy(frame)) out.later(frame)
    } else {
      const i32 = this.#i32
      i32[at] = ((end - at) >> 1) | (kind << KIND_SHIFT)
      i32[at + 1] = ask
      i32[at + 2] = sequence
      out.end(end)
    }
    if (!this.batching && !this.#flushQueued) this.#flushSoon()
  }

  #send(out: Outbox, target: Target, made: { frame: Int32Array; blocks: readonly number[] }): void {
    const { frame, blocks } = made
    if (!out.copy(frame)) {
      this.#wait(target, { frame, blocks, ask: 0, sequence: 0, over: false, accept: undefined }, true)
      return
    }
    this.#sent(target, frame, blocks)
  }

  #sent(target: Target, frame: Int32Array, blocks: readonly number[]): void {
    target.credit--
    target.bytes8 += frame.length >> 1
    if (blocks.length > 0) target.bytes8 += frame[frame.length - 2] as number
    if (target.bytes8 > COUNT_AT_BYTES8 && target.slot !== this.#slot) this.#count(target)
    if (!this.batching && !this.#flushQueued) this.#flushSoon()
  }

  /** A frame of its own, with a block where the message is larger than a frame. */
  #frame(
    kind: number,
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    ask: number,
    sequence: number,
  ): { frame: Int32Array; blocks: readonly number[] } {
    const header =
      kind === ASK || kind === SIGNAL ? ASK_HEADER_WORDS : kind === TELL ? HEADER_WORDS : HEADER_WORDS + 2
    const made = this.#standalone(header, argc === 0 ? 0 : 1, value, path(method, argc))
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

  #answerFrame(kind: number, ask: number, sequence: number, value: unknown) {
    const made = this.#standalone(HEADER_WORDS, 1, value, 'result')
    made.frame[0] = (made.frame[0] as number) | (kind << KIND_SHIFT)
    made.frame[1] = ask
    made.frame[2] = sequence
    return made
  }

  #standalone(header: number, values: number, value: unknown, root: string) {
    // A send from within a getter must not write over the scratch of the one around it.
    const nested = this.#writing
    const scratch = nested ? new GrowingWords() : this.#scratch
    const encoder = nested ? new Encoder(this.#host, scratch) : this.#scratchEncoder
    const host = this.#host
    const before = { copied: host.copiedBytes, all: host.blockBytes }
    host.copiedBytes = host.blockBytes = 0
    encoder.pos = 0
    this.#writing = true
    let blocks: number[] = []
    try {
      if (values > 0) encoder.write(value, root)
      blocks = [...encoder.blocks]
      encoder.blocks.length = 0
      const words = encoder.pos
      const bytes = words * 4 + host.copiedBytes
      if (bytes > this.#maxMessageBytes) throw errors.messageTooLarge(bytes, this.#maxMessageBytes)
      const spilled = words + header + blocks.length + 4 > MAX_FRAME_WORDS
      if (spilled) blocks.push(host.makeBlock(scratch.u8.subarray(0, words * 4)))
      const payload = spilled ? 2 : words
      const trailer = blocks.length === 0 ? 0 : (blocks.length + 3) & ~1
      const frame = new Int32Array(header + payload + trailer)
      if (spilled) {
        frame[header] = SPILLED
        frame[header + 1] = blocks[blocks.length - 1] as number
      } else {
        frame.set(scratch.i32.subarray(0, words), header)
      }
      frame[0] = (frame.length >> 1) | (blocks.length > 0 ? BLOCKS_BIT : 0)
      if (blocks.length > 0) {
        const last = frame.length - 1
        frame[last] = blocks.length
        frame[last - 1] = Math.ceil(host.blockBytes / 8)
        for (let i = 0; i < blocks.length; i++) frame[last - 2 - i] = blocks[i] as number
      }
      return { frame, blocks: blocks as readonly number[] }
    } catch (error) {
      this.#dropBlocks(encoder.blocks)
      this.#dropBlocks(blocks)
      throw error
    } finally {
      this.#writing = nested
      host.copiedBytes = before.copied
      host.blockBytes = before.all
    }
  }

  #sendNested(): void {
    for (const { out, frame } of this.#nested.splice(0)) if (!out.copy(frame)) out.later(frame)
  }

  #dropBlocks(blocks: number[]): void {
    for (const id of blocks) this.#port.dropBlock(id)
    blocks.length = 0
  }

  #flushSoon(): void {
    if (this.batching || this.#flushQueued) return
    this.#flushQueued = true
    queueMicrotask(this.#flushTask)
  }

  #out(slot: number): Outbox {
    const known = this.#outs[slot]
    if (known !== undefined) return known
    while (this.#outs.length <= slot) this.#outs.push(undefined)
    const out = new Outbox(this.#port, this.#i32, this.#segmentBytes, slot)
    this.#outs[slot] = out
    return out
  }

  // --- room

  /** Undefined where a message may go now, else why not: an overflow policy, or that nobody is there. */
  #room(target: Target): number | undefined {
    if (target.gone) return NOBODY
    if (target.waiting !== undefined) return OVERFLOW_WAIT
    const answer = this.#count(target)
    const room = answer & 3
    if (room === ROOM_GONE) {
      target.gone = true
      return NOBODY
    }
    if (room !== ROOM_FULL) return undefined
    const overflow = answer >> 2
    if (overflow === OVERFLOW_DROP_OLDEST) {
      target.grant(MOST_CREDIT) // the owner makes room
      return undefined
    }
    return overflow
  }

  /** Counts what was sent; gives what port.account gives. */
  #count(target: Target): number {
    const answer = this.#port.account(
      target.slot,
      target.index,
      target.generation,
      target.uncounted,
      target.bytes8,
    )
    target.grant((answer & 3) === ROOM_YES ? Math.min(target.step * 2, MOST_CREDIT) : 0)
    return answer
  }

  #tellLate(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    why: number,
    options?: SendOptions,
  ): undefined | Promise<void> {
    if (why === NOBODY) {
      this.#hooks.deadLetter(target, method, value, 'stopped')
      return undefined
    }
    if (why === OVERFLOW_FAIL) throw errors.mailboxFull(this.#name(target))
    if (why === OVERFLOW_DROP_NEWEST) {
      this.#hooks.deadLetter(target, method, value, 'mailbox-full')
      return undefined
    }
    const kind = method === 0 && argc === 1 ? TELL : CALL
    if (target.waiting !== undefined && target.waiting.length >= this.#capacity(target))
      throw errors.mailboxFull(this.#name(target))
    const { frame, blocks } = this.#frame(kind, target, method, argc, value, 0, 0)
    if (why === NESTED) {
      const out = this.#out(target.slot)
      this.#nested.push({ out, frame })
      return undefined
    }
    const waiting: WaitingSend = { frame, blocks, ask: 0, sequence: 0, over: false, accept: undefined }
    this.#wait(target, waiting, why === NO_SEGMENT)
    return waitFor(waiting, options, () => errors.tellTimeout(this.#name(target), options?.timeoutMs ?? 0))
  }

  #capacity(target: Target): number {
    return Math.max(this.#port.capacity(target.slot, target.index), 1)
  }

  #wait(target: Target, send: WaitingSend, forSegments: boolean): void {
    if (target.waiting === undefined) {
      target.waiting = []
      this.#waiting.add(target)
      this.#awaitRoom(target, forSegments)
    }
    target.waiting.push(send)
  }

  /** A notice comes once; where there is room already, nobody would send it. */
  #awaitRoom(target: Target, forSegments: boolean): void {
    const wait = forSegments
      ? this.#port.awaitSegments()
      : this.#port.awaitRoom(target.slot, target.index, target.generation)
    if (!wait) setImmediate(() => this.#retry(target))
  }

  #retry(target: Target): void {
    const waiting = target.waiting
    if (waiting === undefined) return
    const out = this.#out(target.slot)
    let sent = 0
    let full = false
    let noSegment = false
    for (const send of waiting) {
      if (send.over || (send.sequence !== 0 && !this.#asks.isOpen(send.ask, send.sequence))) {
        this.#dropBlocks([...send.blocks])
        sent++
        continue
      }
      if (target.credit <= 0) {
        const answer = this.#count(target)
        if ((answer & 3) === ROOM_GONE) {
          waiting.splice(0, sent)
          target.gone = true
          this.#giveUp(target)
          return
        }
        full = (answer & 3) === ROOM_FULL && answer >> 2 !== OVERFLOW_DROP_OLDEST
      }
      noSegment = !full && !out.copy(send.frame)
      if (full || noSegment) break
      this.#sent(target, send.frame, send.blocks)
      send.accept?.()
      sent++
    }
    waiting.splice(0, sent)
    if (full || noSegment) return this.#awaitRoom(target, noSegment)
    target.waiting = undefined
    this.#waiting.delete(target)
  }

  #giveUp(target: Target): void {
    const waiting = target.waiting ?? []
    target.waiting = undefined
    this.#waiting.delete(target)
    for (const send of waiting) {
      const head = send.frame[0] as number
      const method = head >>> METHOD_SHIFT
      if (send.sequence !== 0) {
        const error = errors.actorStopped(this.#name(target), this.#hooks.methodName(target, method))
        this.#asks.reject(send.ask, send.sequence, error)
      } else if (!send.over) {
        this.#hooks.deadLetter(target, method, this.#valueOf(send.frame), 'stopped')
        send.accept?.()
      }
      this.#dropBlocks([...send.blocks])
    }
  }

  #valueOf(frame: Int32Array): unknown {
    const kind = ((frame[0] as number) >> KIND_SHIFT) & 15
    const from = kind === TELL ? HEADER_WORDS : HEADER_WORDS + 2
    if (frame[from] === SPILLED || (kind === CALL && frame[4] === 0)) return undefined
    const copy = frame.slice(from)
    const words = { i32: copy, f64: new Float64Array(copy.buffer), u8: new Uint8Array(copy.buffer) }
    const decoder = new Decoder(this.#host as CodecHost, words)
    decoder.pos = 0
    return decoder.read()
  }

  #name(target: Target): string {
    return target.slot === POOL_SLOT
      ? `pool ${target.index}`
      : `${target.slot}.${target.index}.${target.generation}`
  }
}

// Beside the overflow policies, why a message can't go now.
const NOBODY = 8
const NO_SEGMENT = 9
const NESTED = 10

/** What the value of a call is named in messages of errors; method -1: of an answer. */
export function path(method: number, argc: number): string {
  if (method === -1) return 'result'
  return method === 0 ? 'message' : argc === 1 ? 'args[0]' : 'args'
}

/** A promise of acceptance, given up by its own timeout or signal alone. */
export function waitFor(
  waiting: { over: boolean; accept: (() => void) | undefined },
  options: SendOptions | undefined,
  timedOut: () => unknown,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const signal = options?.signal
    const giveUp = (reason: unknown) => {
      waiting.over = true
      clean()
      reject(reason)
    }
    const abort = () => giveUp(signal?.reason)
    const clean = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    waiting.accept = () => {
      clean()
      resolve()
    }
    signal?.addEventListener('abort', abort, { once: true })
    const timeoutMs = options?.timeoutMs
    if (timeoutMs !== undefined && timeoutMs < 0x7fff_ffff)
      timer = setTimeout(() => giveUp(timedOut()), timeoutMs)
  })
}
