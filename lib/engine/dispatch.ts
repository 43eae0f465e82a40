// From a message to a method, and from what it gives to the answer.

import { errors, isPulsingError } from '../errors/index.js'
import { type Call, type Cell, PAUSED_FULL } from './cell.js'
import { type Decoder, Decoder as DecoderClass, type Words } from './codec/index.js'
import { type Delivery, DRAINED, makeDelivery, SIGNALLED } from './deliver.js'
import {
  ASK,
  BOUNCE_DROPPED,
  BOUNCE_STOPPED,
  CALL,
  CREDIT,
  END,
  ERROR,
  HEADER_WORDS,
  ITEM,
  ITEM_HEADER_WORDS,
  KIND_MASK,
  KIND_SHIFT,
  METHOD_SHIFT,
  SIGNAL,
  SOURCE_SHIFT,
  SPILLED,
  STREAMED,
  TELL,
  UNDER_WAY,
  VALUE,
  WINDOW_SHIFT,
} from './frame.js'
import type { DeadLetterReason } from './hooks.js'
import { StandIn } from './stand-in.js'
import { stepsOf } from './stream-source.js'
import type { Seen } from './tally.js'
import { nameOf, type Target } from './target.js'
import { isThenable } from './thenable.js'
import type { Thread } from './thread.js'

const SLOT_MASK = (1 << SOURCE_SHIFT) - 1

export class Dispatcher {
  readonly #thread: Thread
  readonly #i32: Int32Array
  readonly #decoder: Decoder
  readonly #deliver: Delivery

  constructor(thread: Thread, words: Words, decoder: Decoder) {
    this.#thread = thread
    this.#i32 = words.i32
    this.#decoder = decoder
    this.#deliver = makeDelivery(thread, this, words.i32, decoder)
  }

  get invoke(): Delivery['invoke'] {
    return this.#deliver.invoke
  }

  get batch(): Delivery['batch'] {
    return this.#deliver.batch
  }

  /** The oldest local message. */
  get local(): Delivery['local'] {
    return this.#deliver.local
  }

  /** A frame that came back. */
  bounced(at: number): void {
    this.bounce(at, this.#i32[at + 3] === BOUNCE_DROPPED ? 'mailbox-full' : 'stopped')
  }

  /** The actor is gone: what it had under way fails, what waits is lost. */
  closed(cell: Cell): void {
    this.#abandon(cell, (method) => this.stoppedError(cell.target, method))
    this.#thread.mailboxes.close(cell)
  }

  /** Its instance is no more, and another is to come: what was under way fails, what waits stays. */
  restarting(cell: Cell): void {
    cell.life++
    cell.running = 0
    const { hooks } = this.#thread
    const calls = this.#abandon(cell, (method) =>
      errors.actorRestarted(nameOf(cell.target), hooks.methodName(cell.target, method)),
    )
    if (cell.pool !== 0) for (const { slot, ask, sequence } of calls) this.poolDone(cell, slot, ask, sequence)
    if (cell.draining?.left === 0) cell.draining.done()
  }

  /** Calls under way are nobody's from here on. Gives them. */
  #abandon(cell: Cell, errorOf: (method: number) => Error): Iterable<Call> {
    const calls = cell.calls ?? []
    cell.calls = undefined
    for (const call of calls) {
      call.over = true
      this.#count(-1)
      const error = errorOf(call.method)
      if (call.sequence !== 0) this.reply(call.slot, call.ask, call.sequence, error, ERROR)
      this.#answered(call)
      call.controller?.abort(error)
      call.source?.leave()
    }
    return calls
  }

  /** The error of an ask that came back. */
  #bounced(ask: number, why: number): Error {
    const { target, method } = this.#thread.asks.whom(ask)
    if (why === BOUNCE_DROPPED) return errors.mailboxFull(nameOf(target as Target))
    return this.stoppedError(target as Target, method)
  }

  stoppedError(target: Target, method: number): Error {
    return errors.actorStopped(nameOf(target), this.#thread.hooks.methodName(target, method))
  }

  // --- calls

  begun(
    cell: Cell,
    method: number,
    result: PromiseLike<unknown>,
    slot: number,
    ask: number,
    sequence: number,
    controller: AbortController | undefined,
  ): void {
    const call = this.#begin(cell, method, slot, ask, sequence, controller)
    const promise = result instanceof Promise ? result : Promise.resolve(result)
    promise.then(
      (value) => this.settled(call, value, VALUE),
      (thrown) => this.settled(call, thrown, ERROR),
    )
  }

  /**
   * A method gave something that streams; false where it is a value.
   * @param argc of the call, which says whether its caller takes a stream
   */
  streams(
    cell: Cell,
    method: number,
    argc: number,
    result: object,
    slot: number,
    ask: number,
    sequence: number,
    controller: AbortController | undefined,
  ): boolean {
    const steps = stepsOf(result)
    if (steps === undefined) return false
    if (sequence !== 0 && (argc & STREAMED) === 0)
      throw errors.undeclaredStream(this.#thread.hooks.methodName(cell.target, method))
    const call = this.#begin(cell, method, slot, ask, sequence, controller)
    this.#thread.streams.begin(call, steps, Symbol.asyncIterator in result, argc >> WINDOW_SHIFT)
    return true
  }

  #begin(
    cell: Cell,
    method: number,
    slot: number,
    ask: number,
    sequence: number,
    controller: AbortController | undefined,
  ): Call {
    const call: Call = {
      cell,
      method,
      slot,
      ask,
      sequence,
      life: cell.life,
      controller,
      source: undefined,
      begunMs: cell.seen?.tally.take() ?? 0,
      weight: cell.seen?.tally.weight ?? 0,
      over: false,
    }
    cell.calls ??= new Set()
    cell.calls.add(call)
    this.#count(1)
    if (cell.kept && sequence !== 0 && slot !== this.#thread.slot)
      this.#thread.port.begun(slot, ask, sequence)
    if (++cell.running >= cell.options.limit) this.#thread.pause(cell, PAUSED_FULL)
    return call
  }

  /** Nothing is under way for its caller any more; false where that was so before. */
  #over(call: Call): boolean {
    if (call.over) return false
    call.over = true
    call.cell.calls?.delete(call)
    this.#count(-1)
    return true
  }

  /**
   * Its answer has been written: until that is handed over, its caller hears of the thread's death all the same. Not before it
   * is written, since that may hand over what was written before it.
   */
  #answered({ cell, slot, ask, sequence }: Call): void {
    if (cell.kept && sequence !== 0 && slot !== this.#thread.slot)
      this.#thread.port.ended(slot, ask, sequence)
  }

  /** A call that is timed begins. */
  timed(cell: Cell, method: number): void {
    const { tally } = cell.seen as Seen
    const begunMs = tally.begin(method)
    tally.waited(method, begunMs - this.#thread.readyMs(cell))
  }

  /** It is done, before any other has begun. */
  ran({ seen }: Cell, method: number): void {
    seen?.ended(method, seen.tally.begunMs, seen.tally.weight)
  }

  /** A run of receive is done, of so many calls. */
  ranMany({ seen }: Cell, calls: number): void {
    seen?.ran(calls)
  }

  /** Its caller is told the error now, whatever its method does from here on. */
  failed(call: Call, error: unknown): void {
    if (!this.#over(call)) return
    if (call.sequence !== 0) this.reply(call.slot, call.ask, call.sequence, error, ERROR)
    this.#answered(call)
  }

  /** An asynchronous call is done. kind: VALUE, END of a stream, or ERROR. */
  settled(call: Call, value: unknown, kind: number): void {
    const { cell } = call
    if (call.life !== cell.life) return // of an instance that is no more
    cell.running--
    if (call.begunMs !== 0) cell.seen?.ended(call.method, call.begunMs, call.weight)
    if (this.#over(call)) {
      if (kind === ERROR) this.threw(cell, call.method, value, call.slot, call.ask, call.sequence)
      else if (call.sequence !== 0) this.reply(call.slot, call.ask, call.sequence, value, kind)
      this.#answered(call)
    }
    if (cell.closed) return
    if (cell.running < cell.options.limit) this.#thread.unpause(cell, PAUSED_FULL)
    if (cell.pool !== 0) this.poolDone(cell, call.slot, call.ask, call.sequence)
    if (cell.draining !== undefined && cell.draining.left === 0 && cell.running === 0) cell.draining.done()
  }

  /** What that thread's actors asked for is nobody's any more. */
  callerLost(slot: number): void {
    for (const cell of this.#thread.cells) {
      if (cell?.instance instanceof StandIn) cell.instance.callerLost(slot)
      for (const call of cell?.calls ?? []) {
        if (call.slot !== slot || call.sequence === 0) continue
        call.controller?.abort()
        call.source?.cancel()
      }
    }
  }

  /** A message of the engine's own. */
  own(cell: Cell, method: number, value: unknown, slot: number): void {
    if (method === DRAINED) this.drained(cell)
    else if (method === SIGNALLED) this.#signalled(cell, value)
    else this.#thread.cancellations.heard(slot, value as number[])
  }

  /** As a message that nobody waits for. */
  #signalled(cell: Cell, value: unknown): void {
    if (cell.instance instanceof StandIn) return cell.instance.signalled(value)
    const result = this.#thread.hooks.signal(cell, value)
    if (isThenable(result)) this.begun(cell, SIGNALLED, result, 0, 0, 0, undefined)
  }

  /** Its caller has given it up. */
  skipped(cell: Cell, at: number): void {
    const i32 = this.#i32
    this.#dropBlocks(at)
    if (cell.pool !== 0)
      this.poolDone(cell, i32[at + 4] as number, i32[at + 5] as number, i32[at + 6] as number)
  }

  drained(cell: Cell): void {
    const { draining } = cell
    if (draining === undefined) return
    draining.left--
    if (draining.left === 0 && cell.running === 0) draining.done()
  }

  threw(cell: Cell, method: number, thrown: unknown, slot: number, ask: number, sequence: number): void {
    const { hooks } = this.#thread
    const error = hooks.classify(thrown, cell, method)
    cell.seen?.tally.failed(method, error)
    if (sequence !== 0) this.reply(slot, ask, sequence, error, ERROR)
    else hooks.unobserved(error, cell.target, method)
    hooks.failed(error, cell, method)
  }

  /** kind: VALUE, END of a stream, or ERROR. */
  reply(slot: number, ask: number, sequence: number, value: unknown, kind: number): void {
    const thread = this.#thread
    if (slot !== thread.slot) return thread.sender.answer(slot, ask, sequence, value, kind)
    let copy: unknown
    let failed = kind === ERROR
    try {
      copy = thread.copyOne(value, 'result')
    } catch (error) {
      copy = error
      failed = true
    }
    if (!failed) {
      if (kind === END) thread.asks.end(ask, sequence, copy)
      else thread.asks.resolve(ask, sequence, copy)
    } else if (typeof copy === 'number') thread.asks.fail(ask, sequence, this.#bounced(ask, copy), false)
    else thread.asks.fail(ask, sequence, copy, true)
  }

  poolDone(cell: Cell, slot: number, ask: number, sequence: number): void {
    if (!cell.closed) this.#thread.port.poolDone(cell.pool, cell.index, cell.generation, slot, ask, sequence)
  }

  #count(by: number): void {
    const { control } = this.#thread
    control[UNDER_WAY] = (control[UNDER_WAY] as number) + by
  }

  // --- frames

  read(at: number): unknown {
    if (this.#i32[at] !== SPILLED) {
      this.#decoder.pos = at
      return this.#decoder.read()
    }
    const buffer = this.#thread.codec.takeBlock(this.#i32[at + 1] as number) as ArrayBuffer
    const words = {
      i32: new Int32Array(buffer),
      f64: new Float64Array(buffer, 0, buffer.byteLength >> 3),
      u8: new Uint8Array(buffer),
    }
    const decoder = new DecoderClass(this.#thread.codec, words)
    decoder.pos = 0
    return decoder.read()
  }

  answered(at: number, kind: number): void {
    const i32 = this.#i32
    const ask = i32[at + 1] as number
    const sequence = i32[at + 2] as number
    const { asks, streams } = this.#thread
    if (kind === CREDIT) return streams.granted(ask, sequence, i32[at + 4] as number)
    if (!asks.isOpen(ask, sequence)) {
      this.#dropBlocks(at)
      return
    }
    let value: unknown
    try {
      value = this.read(at + (kind === ITEM ? ITEM_HEADER_WORDS : HEADER_WORDS))
    } catch (error) {
      asks.fail(ask, sequence, error, false)
      return
    }
    if (kind === ITEM) {
      const from = i32[at + 4] as number
      const reader = asks.readerOf(ask, sequence)
      reader?.item(value, from & SLOT_MASK, from >>> SOURCE_SHIFT, i32[at + 5] as number)
    } else if (kind === ERROR) {
      if (typeof value === 'number') asks.fail(ask, sequence, this.#bounced(ask, value), false)
      else asks.fail(ask, sequence, value, true)
    } else if (kind === END) {
      asks.end(ask, sequence, value)
    } else {
      asks.resolve(ask, sequence, value)
    }
  }

  bounce(at: number, reason: DeadLetterReason): void {
    const i32 = this.#i32
    const head = i32[at] as number
    const kind = (head >> KIND_SHIFT) & KIND_MASK
    const method = head >>> METHOD_SHIFT
    if (kind >= VALUE) return this.#dropBlocks(at)
    if (kind === TELL || kind === CALL) {
      if (method >= SIGNALLED) return
      const target = this.#thread.targetAt(this.#thread.slot, i32[at + 1] as number, i32[at + 2] as number, 0)
      let message: unknown
      try {
        if (kind === TELL || i32[at + 4] !== 0) message = this.read(at + (kind === TELL ? 4 : 6))
      } catch {
        // It can't be read: it is lost all the same.
      }
      this.#thread.hooks.deadLetter(target, method, message, reason)
      return
    }
    // A number for an error: the caller knows whom it asked for what, and says so.
    const why = reason === 'mailbox-full' ? BOUNCE_DROPPED : BOUNCE_STOPPED
    this.reply(i32[at + 4] as number, i32[at + 5] as number, i32[at + 6] as number, why, ERROR)
    this.#dropBlocks(at)
  }

  unreadable(at: number, kind: number, error: unknown): void {
    const i32 = this.#i32
    if (kind === ASK || kind === SIGNAL) {
      const known = isPulsingError(error) ? error : errors.internal('a message could not be read', error)
      this.reply(i32[at + 4] as number, i32[at + 5] as number, i32[at + 6] as number, known, ERROR)
    } else {
      const target = this.#thread.targetAt(this.#thread.slot, i32[at + 1] as number, i32[at + 2] as number, 0)
      this.#thread.hooks.deadLetter(target, (i32[at] as number) >>> METHOD_SHIFT, undefined, 'not-handled')
    }
  }

  /** Memory of a frame that nobody will read. */
  #dropBlocks(at: number): void {
    const i32 = this.#i32
    const head = i32[at] as number
    if ((head & (1 << 17)) === 0) return
    const end = at + ((head & 0x1fff) << 1)
    const count = i32[end - 1] as number
    for (let i = 0; i < count; i++) this.#thread.port.dropBlock(i32[end - 3 - i] as number)
  }
}
