// Messages to actors of other threads, and to pools: written into the arena, counted against the mailbox, or waiting.

import { errors } from '../errors.js'
import type { Asks } from './asks.js'
import type { Port } from './binding.js'
import { Encoder, INT, type Words } from './codec/index.js'
import type { ThreadCodecHost } from './codec-host.js'
import * as frame from './frame.js'
import { ANSWER, FrameMaker, MAX_FRAME_WORDS, type Made, path, SPAWN } from './frames.js'
import type { Hooks } from './hooks.js'
import { Outbox } from './outbox.js'
import { nameOf, type Target } from './target.js'
import { NO_SEGMENT, NOBODY, type SendOptions, WaitingRoom } from './waiting.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const {
  ASK,
  ASK_HEADER_WORDS,
  CALL,
  ERROR,
  HEADER_WORDS,
  KIND_SHIFT,
  METHOD_SHIFT,
  OVERFLOW_DROP_NEWEST,
  OVERFLOW_FAIL,
  TELL,
  VALUE,
} = frame

const SETTLED = Promise.resolve()

type Tell = (
  target: Target,
  method: number,
  argc: number,
  value: unknown,
  options?: SendOptions,
) => undefined | Promise<void>

type Ask = (
  target: Target,
  method: number,
  argc: number,
  value: unknown,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  exact: boolean,
) => Promise<unknown>

export class Sender {
  readonly #port: Port
  readonly #i32: Int32Array
  readonly #slot: number
  readonly #segmentBytes: number
  readonly #asks: Asks
  readonly #hooks: Hooks
  readonly #encoder: Encoder
  readonly #frames: FrameMaker
  readonly #outs: (Outbox | undefined)[] = []
  /** What can't go now. */
  readonly waiting: WaitingRoom
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
    this.#asks = asks
    this.#hooks = hooks
    this.#encoder = new Encoder(host, words)
    this.#frames = new FrameMaker(port, slot, maxMessageBytes, host)
    this.waiting = new WaitingRoom(port, slot, asks, hooks, this.#frames, (to) => this.#out(to))
    this.tell = this.#makeTell()
    this.ask = this.#makeAsk()
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
      if (at === 0) return this.waiting.tell(target, method, argc, value, NO_SEGMENT, options)
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
        this.#send(out, target, this.#frames.message(kind, target, method, argc, value, 0, 0))
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
      const why = this.waiting.why(target)
      if (why !== undefined) return this.waiting.tell(target, method, argc, value, why, options)
    }
    if (this.#writing) {
      const kind = method === 0 && argc === 1 ? TELL : CALL
      const { frame } = this.#frames.message(kind, target, method, argc, value, 0, 0)
      this.#nested.push({ out: this.#out(target.slot), frame })
      return undefined
    }
    return this.tell(target, method, argc, value, options)
  }

  /** As tell, a closure over constants. Hot: ask-pipelined, ask-host. */
  #makeAsk(): Ask {
    const i32 = this.#i32
    const outs = this.#outs
    const asks = this.#asks
    const own = this.#slot
    return (target, method, argc, value, timeoutMs, signal, exact) => {
      const out = outs[target.slot]
      const isPlain = out !== undefined && target.credit > 0 && target.waiting === undefined && !this.#writing
      const at = isPlain && signal === undefined ? out.begin() : 0
      if (at === 0 || out === undefined)
        return this.askSlow(target, method, argc, value, timeoutMs, signal, exact)
      let end = at + ASK_HEADER_WORDS
      if (argc !== 0) {
        try {
          end = this.#encode(at, end, value, method, argc)
        } catch (error) {
          return Promise.reject(error)
        }
        if (end === 0) return this.askSlow(target, method, argc, value, timeoutMs, signal, exact)
      }
      const promise = asks.begin(target, method, timeoutMs, exact)
      const size8 = (end - at) >> 1
      i32[at] = size8 | (ASK << KIND_SHIFT) | (method << METHOD_SHIFT)
      i32[at + 1] = target.index
      i32[at + 2] = target.generation
      i32[at + 4] = own
      i32[at + 5] = asks.index
      i32[at + 6] = asks.sequence
      i32[at + 7] = argc
      out.end(end)
      target.credit--
      target.bytes8 += size8
      if (!this.batching && !this.#flushQueued) this.#flushSoon()
      return promise
    }
  }

  /** A promise of the answer. */
  readonly ask: Ask

  /** Any ask: with a signal, of an agent, to a full mailbox, of any size. */
  askSlow(
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
      room = this.waiting.why(target)
      if (room === NOBODY)
        return Promise.reject(errors.actorStopped(nameOf(target), this.#hooks.methodName(target, method)))
      if (room === OVERFLOW_DROP_NEWEST || room === OVERFLOW_FAIL)
        return Promise.reject(errors.mailboxFull(nameOf(target)))
    }
    const promise = this.#asks.begin(target, method, timeoutMs, exact)
    const { index, sequence } = this.#asks
    if (signal !== undefined) this.#asks.abortWith(signal, index, sequence)
    try {
      const out = this.#out(target.slot)
      const at = room !== undefined || this.#writing ? 0 : kind === ASK ? out.begin() : out.beginSystem()
      if (at === 0) {
        const made = this.#frames.message(kind, target, method, argc, value, index, sequence)
        if (this.#writing) this.#nested.push({ out, frame: made.frame })
        else this.waiting.wait(target, made, room === undefined)
        return promise
      }
      const i32 = this.#i32
      i32[at + 4] = this.#slot
      i32[at + 5] = index
      i32[at + 6] = sequence
      i32[at + 7] = argc
      const from = at + ASK_HEADER_WORDS
      const end = argc === 0 ? from : this.#encode(at, from, value, kind === ASK ? method : SPAWN, argc)
      if (end === 0)
        this.#send(out, target, this.#frames.message(kind, target, method, argc, value, index, sequence))
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
      const at = this.#writing || out.isLate ? 0 : out.beginSystem()
      if (at === 0) {
        const { frame } = this.#frames.answer(kind, ask, sequence, value)
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
    const { frame } = this.#frames.message(CALL, target, method, 0, undefined, 0, 0)
    if (!out.copy(frame, true)) out.later(frame)
    this.#flushSoon()
  }

  /** Hands over what was written, at once. */
  flush(): void {
    this.#asks.turned()
    if (this.#nested.length > 0) this.#sendNested()
    for (const out of this.#outs) out?.flush()
  }

  /** The arena has segments again: what waited for them goes on. */
  arenaRoom(): void {
    for (const out of this.#outs) if (out?.isLate) out.catchUp()
    this.waiting.arenaRoom()
    this.#flushSoon()
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
      fits =
        argc > 1 ? encoder.writeList(value as unknown[], 'args') : encoder.write(value, path(method, argc))
    } catch (error) {
      this.#writing = false
      this.#drop()
      throw error
    }
    this.#writing = false
    if (fits && encoder.blocks.length === 0) return encoder.pos
    this.#drop()
    return 0
  }

  #drop(): void {
    const { blocks } = this.#encoder
    this.#frames.drop(blocks)
    blocks.length = 0
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
    const end = this.#encode(at, at + HEADER_WORDS, value, ANSWER, 1)
    if (end === 0) {
      const { frame } = this.#frames.answer(kind, ask, sequence, value)
      if (!out.copy(frame, true)) out.later(frame)
    } else {
      const i32 = this.#i32
      i32[at] = ((end - at) >> 1) | (kind << KIND_SHIFT)
      i32[at + 1] = ask
      i32[at + 2] = sequence
      out.end(end)
    }
    if (!this.batching && !this.#flushQueued) this.#flushSoon()
  }

  #send(out: Outbox, target: Target, made: Made): void {
    if (!out.copy(made.frame)) {
      this.waiting.wait(target, made, true)
      return
    }
    this.waiting.sent(target, made)
    if (!this.batching && !this.#flushQueued) this.#flushSoon()
  }

  #sendNested(): void {
    for (const { out, frame } of this.#nested.splice(0)) if (!out.copy(frame)) out.later(frame)
  }

  #flushSoon(): void {
    if (this.batching || this.#flushQueued) return
    this.#flushQueued = true
    void SETTLED.then(this.#flushTask) // queueMicrotask makes an async resource each time
  }

  #out(slot: number): Outbox {
    const known = this.#outs[slot]
    if (known !== undefined) return known
    while (this.#outs.length <= slot) this.#outs.push(undefined)
    const out = new Outbox(this.#port, this.#i32, this.#segmentBytes, slot)
    this.#outs[slot] = out
    return out
  }
}
