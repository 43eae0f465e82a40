// Messages to actors of other threads, and to pools: written into the arena, counted against the mailbox, or waiting.

import { errors } from '../errors/index.js'
import type { Asks } from './asks.js'
import type { Port } from './binding.js'
import * as codec from './codec/index.js'
import type { ThreadCodecHost } from './codec-host.js'
import * as frame from './frame.js'
import {
  ANSWER,
  FrameMaker,
  ITEMS,
  MAX_FRAME_WORDS,
  type Made,
  path,
  SPAWN,
  trailerWords,
  writeTrailer,
} from './frames.js'
import type { Hooks } from './hooks.js'
import { Outbox } from './outbox.js'
import type { Reader } from './relay.js'
import { nameOf, type Target } from './target.js'
import { NO_SEGMENT, NOBODY, type SendOptions, WaitingRoom } from './waiting.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const {
  ASK,
  ASK_HEADER_WORDS,
  BLOCKS_BIT,
  CALL,
  CREDIT,
  CREDIT_WORDS,
  ERROR,
  HEADER_WORDS,
  ITEM,
  ITEM_HEADER_WORDS,
  KIND_SHIFT,
  METHOD_SHIFT,
  OVERFLOW_DROP_NEWEST,
  OVERFLOW_FAIL,
  SIGNAL,
  SOURCE_SHIFT,
  TELL,
  WINDOW_SHIFT,
} = frame
const { Encoder, INT } = codec

/** An integer to receive: the header, tag and value. */
const INT_TELL_WORDS = HEADER_WORDS + 2
const INT_TELL = (INT_TELL_WORDS >> 1) | (TELL << KIND_SHIFT)
/** A call's arguments come behind their number. */
const CALL_HEADER_WORDS = HEADER_WORDS + 2

/** How many items a reader took. */
const CREDIT_FRAME = (CREDIT_WORDS >> 1) | (CREDIT << KIND_SHIFT)

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
  readonly #encoder: codec.Encoder
  readonly #codec: ThreadCodecHost
  readonly #frames: FrameMaker
  readonly #outs: (Outbox | undefined)[] = []
  /** What can't go now. */
  readonly waiting: WaitingRoom
  /** Frames of sends made by a getter, while another message was being written. */
  readonly #nested: { out: Outbox; frame: Int32Array }[] = []
  readonly #state = {
    /** While a message is being written: a getter in it may send others. */
    writing: false,
    /** What is written goes out by itself: a flush is queued, or the thread flushes at the end of its turn. */
    flushes: false,
    /** Where the message written last says how large its blocks are; 0 where it carries none. */
    blockWord: 0,
  }
  #flushQueued = false
  #batching = false
  readonly #flushTask = () => {
    this.#flushQueued = false
    this.#state.flushes = this.#batching
    this.flush()
  }

  constructor(
    port: Port,
    words: codec.Words,
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
    this.#encoder = new Encoder(host, words, maxMessageBytes)
    this.#codec = host
    this.#frames = new FrameMaker(port, slot, maxMessageBytes, host)
    this.waiting = new WaitingRoom(port, slot, asks, hooks, this.#frames, (to) => this.#out(to))
    this.tell = this.#makeTell()
    this.ask = this.#makeAsk()
  }

  /**
   * Closures over constants, so that the compiler knows the array that they write; the first holds the commonest message
   * alone, so that it is small enough to become part of its caller. Hot: tell-cross-int, tell-cross.
   */
  #makeTell(): Tell {
    const i32 = this.#i32
    const state = this.#state
    const flushSoon = () => this.#flushSoon()
    const slowly: Tell = (target, method, argc, value, options) =>
      this.#tellSlow(target, method, argc, value, options)
    const other = (
      out: Outbox,
      at: number,
      target: Target,
      method: number,
      argc: number,
      value: unknown,
    ): undefined => {
      const isPlain = method === 0 && argc === 1
      if (!isPlain) i32[at + 4] = argc
      const from = isPlain ? at + HEADER_WORDS : at + CALL_HEADER_WORDS
      const end = argc === 0 ? from : this.#encode(at, from, value, method, argc)
      const kind = isPlain ? TELL : CALL
      if (end === 0) this.#send(out, target, this.#frames.message(kind, target, method, argc, value, 0, 0))
      else this.#finish(out, at, end, kind, method, target)
    }
    return (target, method, argc, value, options) => {
      const { out } = target
      if (out === undefined || target.credit <= 0 || state.writing === true)
        return slowly(target, method, argc, value, options)
      const at = out.begin()
      if (at === 0) return this.waiting.tell(target, method, argc, value, NO_SEGMENT, options)
      if (
        method !== 0 ||
        argc !== 1 ||
        typeof value !== 'number' ||
        (value | 0) !== value ||
        (value === 0 && 1 / value < 0)
      )
        return other(out, at, target, method, argc, value)
      i32[at] = INT_TELL
      i32[at + 1] = target.index | 0
      i32[at + 2] = target.generation | 0
      i32[at + 4] = INT
      i32[at + 5] = value
      out.end(at + INT_TELL_WORDS)
      target.credit--
      target.bytes8 += INT_TELL_WORDS >> 1
      if (state.flushes === false) flushSoon()
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
    const out = this.#out(target.slot)
    if (target.credit <= 0 || target.waiting !== undefined) {
      const why = this.waiting.why(target)
      if (why !== undefined) return this.waiting.tell(target, method, argc, value, why, options)
    }
    if (this.#state.writing) {
      const kind = method === 0 && argc === 1 ? TELL : CALL
      const { frame } = this.#frames.message(kind, target, method, argc, value, 0, 0)
      this.#nested.push({ out, frame })
      return undefined
    }
    target.out = out
    return this.tell(target, method, argc, value, options)
  }

  /** As tell, a closure over constants. Hot: ask-pipelined, ask-host. */
  #makeAsk(): Ask {
    const i32 = this.#i32
    const state = this.#state
    const asks = this.#asks
    const own = this.#slot
    const flushSoon = () => this.#flushSoon()
    const slowly: Ask = (target, method, argc, value, timeoutMs, signal, exact) =>
      this.askSlow(target, method, argc, value, timeoutMs, signal, exact)
    return (target, method, argc, value, timeoutMs, signal, exact) => {
      const { out } = target
      if (out === undefined || target.credit <= 0 || state.writing === true || signal !== undefined)
        return slowly(target, method, argc, value, timeoutMs, signal, exact)
      const at = out.begin()
      if (at === 0) return slowly(target, method, argc, value, timeoutMs, signal, exact)
      let end = at + ASK_HEADER_WORDS
      if (argc !== 0) {
        try {
          end = this.#encode(at, end, value, method, argc)
        } catch (error) {
          return Promise.reject(error)
        }
        if (end === 0) return slowly(target, method, argc, value, timeoutMs, signal, exact)
      }
      const promise = asks.begin(target, method, timeoutMs, exact)
      const size8 = (end - at) >> 1
      i32[at] = size8 | (ASK << KIND_SHIFT) | (method << METHOD_SHIFT)
      i32[at + 1] = target.index | 0
      i32[at + 2] = target.generation | 0
      i32[at + 4] = own
      i32[at + 5] = asks.index | 0
      i32[at + 6] = asks.sequence | 0
      i32[at + 7] = argc
      out.end(end)
      target.credit--
      target.bytes8 += size8
      if (state.blockWord !== 0) this.#carryBlocks(out, at, target)
      if (state.flushes === false) flushSoon()
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
    const room = kind === ASK ? this.#room(target) : undefined
    const refused = this.#refusal(target, method, room)
    if (refused !== undefined) return Promise.reject(refused)
    const promise = this.#asks.begin(target, method, timeoutMs, exact)
    const { index, sequence } = this.#asks
    if (signal !== undefined) this.#asks.abortWith(signal, index, sequence)
    this.#request(kind, target, method, argc, argc, value, index, sequence, room)
    return promise
  }

  /** An ask whose answer comes to a reader, whatever it is. */
  askStream(
    reader: Reader,
    target: Target,
    argc: number,
    value: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): void {
    const { method, window, takes } = reader
    const room = this.#room(target)
    const refused = this.#refusal(target, method, room)
    if (refused !== undefined) return reader.failed(refused, false)
    this.#asks.read(reader, timeoutMs, signal)
    const count = takes === 0 ? argc : argc | takes | (window << WINDOW_SHIFT)
    this.#request(ASK, target, method, argc, count, value, reader.index, reader.sequence, room)
  }

  /** Undefined where an ask may go now, else why not. */
  #room(target: Target): number | undefined {
    return target.credit <= 0 || target.waiting !== undefined ? this.waiting.why(target) : undefined
  }

  /** The error of an ask that is not even to wait. */
  #refusal(target: Target, method: number, room: number | undefined): Error | undefined {
    if (room === NOBODY) return errors.actorStopped(nameOf(target), this.#hooks.methodName(target, method))
    const isRefused = room === OVERFLOW_DROP_NEWEST || room === OVERFLOW_FAIL
    return isRefused ? errors.mailboxFull(nameOf(target)) : undefined
  }

  /** Sends an ask, or has it wait. count: of its arguments, as the frame says it. */
  #request(
    kind: number,
    target: Target,
    method: number,
    argc: number,
    count: number,
    value: unknown,
    index: number,
    sequence: number,
    room: number | undefined,
  ): void {
    const make = () => {
      const made = this.#frames.message(kind, target, method, argc, value, index, sequence)
      made.frame[7] = count
      return made
    }
    try {
      const out = this.#out(target.slot)
      if (target.waiting === undefined) target.out = out
      const at =
        room !== undefined || this.#state.writing ? 0 : kind === ASK ? out.begin() : out.beginSystem()
      if (at === 0) {
        const made = make()
        if (this.#state.writing) this.#nested.push({ out, frame: made.frame })
        else this.waiting.wait(target, made, room === undefined)
        return
      }
      const i32 = this.#i32
      i32[at + 4] = this.#slot
      i32[at + 5] = index
      i32[at + 6] = sequence
      i32[at + 7] = count
      const from = at + ASK_HEADER_WORDS
      const end = argc === 0 ? from : this.#encode(at, from, value, kind === ASK ? method : SPAWN, argc)
      if (end === 0) this.#send(out, target, make())
      else this.#finish(out, at, end, kind, method, target)
    } catch (error) {
      this.#asks.reject(index, sequence, error)
    }
  }

  /** The answer to an ask of another thread: VALUE, ERROR or END. Never fails, never waits. */
  answer(slot: number, ask: number, sequence: number, value: unknown, kind: number): void {
    const out = this.#out(slot)
    try {
      this.#answer(
        out,
        this.#state.writing || out.isLate ? 0 : out.beginSystem(),
        kind,
        ask,
        sequence,
        value,
        0,
        0,
      )
    } catch (error) {
      const known = kind === ERROR ? errors.internal('an error could not be carried to its caller') : error
      this.answer(slot, ask, sequence, known, ERROR)
    }
  }

  /** An item of a stream, for the reader on that slot. Throws where it can't be carried. Hot: stream. */
  item(slot: number, ask: number, sequence: number, index: number, generation: number, value: unknown): void {
    const out = this.#out(slot)
    const at = this.#state.writing || out.isLate ? 0 : out.begin()
    this.#answer(out, at, ITEM, ask, sequence, value, this.#slot | (index << SOURCE_SHIFT), generation)
  }

  /** The reader of a stream took so many items. */
  credit(slot: number, index: number, generation: number, items: number): void {
    const out = this.#out(slot)
    const at = this.#state.writing || out.isLate ? 0 : out.beginSystem()
    if (at === 0) {
      const frame = Int32Array.of(CREDIT_FRAME, index, generation, 0, items, 0)
      if (this.#state.writing) this.#nested.push({ out, frame })
      else out.later(frame)
      return
    }
    const i32 = this.#i32
    i32[at] = CREDIT_FRAME
    i32[at + 1] = index
    i32[at + 2] = generation
    i32[at + 4] = items
    out.end(at + CREDIT_WORDS)
    if (!this.#state.flushes) this.#flushSoon()
  }

  /** A frame of the engine's own, behind what was sent to that actor of this thread before. */
  mark(target: Target, method: number): void {
    const out = this.#out(target.slot)
    const { frame } = this.#frames.message(CALL, target, method, 0, undefined, 0, 0)
    if (!out.copy(frame, true)) out.later(frame)
    this.#flushSoon()
  }

  /** True while the thread flushes by itself at the end. */
  set batching(batching: boolean) {
    this.#batching = batching
    this.#state.flushes = batching || this.#flushQueued
  }

  /** A message of the engine's own to the agent of another thread, in the system lane; nobody answers. */
  signal(agent: Target, method: number, value: unknown): void {
    const out = this.#out(agent.slot)
    const { frame } = this.#frames.message(SIGNAL, agent, method, 1, value, 0, 0)
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
    this.#state.writing = true
    let fits = false
    try {
      fits =
        argc > 1 ? encoder.writeList(value as unknown[], 'args') : encoder.write(value, path(method, argc))
    } catch (error) {
      this.#state.writing = false
      this.#drop()
      throw error
    }
    this.#state.writing = false
    if (!fits) return 0
    return encoder.blocks.length === 0 ? encoder.pos : this.#trailer()
  }

  /** Behind a message with blocks: their ids, bytes / 8 and count. Gives the word behind it; the encoder has kept it free. */
  #trailer(): number {
    const i32 = this.#i32
    const { pos, blocks } = this.#encoder
    const end = pos + trailerWords(blocks.length)
    writeTrailer(i32, end, blocks, this.#codec.blockBytes)
    this.#state.blockWord = end - 2
    this.#codec.blockBytes = this.#codec.copiedBytes = 0
    blocks.length = 0
    return end
  }

  /** The frame at `at` has a trailer. */
  #carryBlocks(out: Outbox, at: number, target: Target | undefined): void {
    const i32 = this.#i32
    const blocks8 = i32[this.#state.blockWord] as number
    this.#state.blockWord = 0
    i32[at] = (i32[at] as number) | BLOCKS_BIT
    out.carriesBlocks()
    if (target !== undefined) this.waiting.counted(target, blocks8)
  }

  #drop(): void {
    const { blocks } = this.#encoder
    this.#frames.drop(blocks)
    blocks.length = 0
    this.#codec.blockBytes = this.#codec.copiedBytes = 0
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
    if (this.#state.blockWord !== 0) this.#carryBlocks(out, at, target)
    if (!this.#state.flushes) this.#flushSoon()
  }

  /** An answer or an item, at that word; 0: it has to wait. */
  #answer(
    out: Outbox,
    at: number,
    kind: number,
    ask: number,
    sequence: number,
    value: unknown,
    source: number,
    generation: number,
  ): void {
    const isItem = kind === ITEM
    const from = at + (isItem ? ITEM_HEADER_WORDS : HEADER_WORDS)
    const end = at === 0 ? 0 : this.#encode(at, from, value, isItem ? ITEMS : ANSWER, 1)
    if (end === 0) {
      const frame = this.#frames.answer(kind, ask, sequence, value, source, generation)
      if (this.#state.writing) this.#nested.push({ out, frame })
      else if (at === 0 || !out.copy(frame, !isItem)) out.later(frame)
    } else {
      const i32 = this.#i32
      i32[at] = ((end - at) >> 1) | (kind << KIND_SHIFT)
      i32[at + 1] = ask
      i32[at + 2] = sequence
      if (isItem) {
        i32[at + 4] = source
        i32[at + 5] = generation
      }
      out.end(end)
      if (this.#state.blockWord !== 0) this.#carryBlocks(out, at, undefined)
    }
    if (!this.#state.flushes) this.#flushSoon()
  }

  #send(out: Outbox, target: Target, made: Made): void {
    if (!out.copy(made.frame)) {
      this.waiting.wait(target, made, true)
      return
    }
    this.waiting.sent(target, made)
    if (!this.#state.flushes) this.#flushSoon()
  }

  #sendNested(): void {
    for (const { out, frame } of this.#nested.splice(0)) if (!out.copy(frame)) out.later(frame)
  }

  #flushSoon(): void {
    if (this.#state.flushes) return
    this.#flushQueued = true
    this.#state.flushes = true
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
