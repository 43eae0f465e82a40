// From a message to a method, and from what it gives to the answer.

import { errors, isPulsingError } from '../errors.js'
import { type Call, type Cell, type Envelope, type LocalWaiter, PAUSED_FULL } from './cell.js'
import { copyValue, type Decoder, Decoder as DecoderClass, type Words } from './codec/index.js'
import {
  ASK,
  BOUNCE_DROPPED,
  CALL,
  CURRENT,
  ERROR,
  KIND_MASK,
  KIND_SHIFT,
  METHOD,
  METHOD_SHIFT,
  OVERFLOW_DROP_NEWEST,
  OVERFLOW_DROP_OLDEST,
  OVERFLOW_FAIL,
  SIGNAL,
  SPILLED,
  TELL,
  UNDER_WAY,
  VALUE,
} from './frame.js'
import type { DeadLetterReason } from './hooks.js'
import type { LocalQueue } from './local-queue.js'
import { type SendOptions, waitFor } from './sender.js'
import type { Target } from './target.js'
import type { Thread } from './thread.js'

/** The method number of the frame that ends a drain; no class has so many. */
export const DRAINED: number = (1 << 14) - 1

export class Dispatcher {
  readonly #thread: Thread
  readonly #i32: Int32Array
  readonly #decoder: Decoder

  constructor(thread: Thread, words: Words, decoder: Decoder) {
    this.#thread = thread
    this.#i32 = words.i32
    this.#decoder = decoder
  }

  /** A frame of another thread, at that word. Hot: tell-cross, ask-pipelined. */
  frame(at: number): void {
    const i32 = this.#i32
    const head = i32[at] as number
    const kind = (head >> KIND_SHIFT) & KIND_MASK
    if (kind >= VALUE) return this.#answered(at, kind)
    const method = head >>> METHOD_SHIFT
    const cell = this.#thread.cells[i32[at + 1] as number]
    if (cell === undefined || cell.generation !== i32[at + 2]) {
      if (kind !== SIGNAL || i32[at + 1] !== 0 || cell === undefined) return this.#bounce(at, 'stopped')
    }
    let value: unknown
    try {
      if (kind === TELL) {
        value = this.#read(at + 4)
        this.#invoke(cell, method, 1, value, 0, 0, 0)
      } else if (kind === CALL) {
        const argc = i32[at + 4] as number
        if (argc !== 0) value = this.#read(at + 6)
        this.#invoke(cell, method, argc, value, 0, 0, 0)
      } else {
        const argc = i32[at + 7] as number
        const slot = i32[at + 4] as number
        const ask = i32[at + 5] as number
        const sequence = i32[at + 6] as number
        if (argc !== 0) value = this.#read(at + 8)
        this.#invoke(cell, method, argc, value, slot, ask, sequence)
      }
    } catch (error) {
      // What a method throws is caught where it is called: this is a message that can't be read.
      this.#unreadable(at, kind, error)
    }
  }

  /** A frame that came back. */
  bounced(at: number): void {
    this.#bounce(at, this.#i32[at + 3] === BOUNCE_DROPPED ? 'mailbox-full' : 'stopped')
  }

  /** The local message that was taken last. Hot: tell-local, ask-local. */
  local(queue: LocalQueue): void {
    const { cell } = queue
    if (cell === undefined) return // it was taken out
    const { method, argc, value, ask, sequence } = queue
    if (method === -1) return this.#held(cell)
    if (cell.closed) return this.#lost(cell, { method, argc, value, slot: 0, ask, sequence, next: undefined })
    if (cell.paused !== 0 || cell.held !== undefined) {
      this.hold(cell, { method, argc, value, slot: this.#thread.slot, ask, sequence, next: undefined })
      return
    }
    cell.depth--
    if (sequence !== 0 && !this.#thread.asks.isOpen(ask, sequence)) {
      if (cell.waiters !== undefined) this.#admit(cell)
      return // its caller has given up
    }
    this.#invoke(cell, method, argc, value, this.#thread.slot, ask, sequence)
    if (cell.waiters !== undefined) this.#admit(cell)
  }

  hold(cell: Cell, envelope: Envelope): void {
    if (cell.heldLast === undefined) cell.held = envelope
    else cell.heldLast.next = envelope
    cell.heldLast = envelope
    cell.heldCount++
    if (cell.paused === 0) this.#thread.queueHeld(cell)
  }

  /** The actor is gone: what it had under way fails, what waits is lost. */
  closed(cell: Cell): void {
    const calls = cell.calls
    cell.calls = undefined
    if (calls !== undefined) {
      for (const call of calls) {
        call.over = true
        this.#count(-1)
        if (call.sequence !== 0)
          this.#reply(call.slot, call.ask, call.sequence, this.stoppedError(cell.target, call.method), true)
      }
    }
    for (let held = cell.held; held !== undefined; held = held.next) this.#lost(cell, held)
    cell.held = cell.heldLast = undefined
    const waiters = cell.waiters ?? []
    cell.waiters = undefined
    for (const waiter of waiters) {
      if (waiter.isOver()) continue
      this.#lost(cell, waiter.envelope)
      waiter.accept()
    }
  }

  stoppedError(target: Target, method: number): Error {
    return errors.actorStopped(this.#thread.nameOf(target), this.#thread.hooks.methodName(target, method))
  }

  /** The oldest message that it holds, which no longer waits. */
  #release(cell: Cell): Envelope | undefined {
    const envelope = cell.held
    if (envelope === undefined) return undefined
    cell.held = envelope.next
    if (cell.held === undefined) cell.heldLast = undefined
    cell.heldCount--
    cell.depth--
    return envelope
  }

  // --- a full mailbox on this thread

  tellFull(
    cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    options?: SendOptions,
  ): undefined | Promise<void> {
    const thread = this.#thread
    const { overflow, capacity } = cell.options
    if (overflow === OVERFLOW_FAIL) throw errors.mailboxFull(thread.nameOf(cell.target))
    if (overflow === OVERFLOW_DROP_NEWEST) {
      thread.hooks.deadLetter(cell.target, method, value, 'mailbox-full')
      return undefined
    }
    const envelope = { method, argc, value, slot: thread.slot, ask: 0, sequence: 0, next: undefined }
    if (overflow === OVERFLOW_DROP_OLDEST) {
      this.#replaceOldest(cell, envelope)
      return undefined
    }
    cell.waiters ??= []
    if (cell.waiters.length >= capacity) throw errors.mailboxFull(thread.nameOf(cell.target))
    const waiting: { over: boolean; accept: (() => void) | undefined } = { over: false, accept: undefined }
    cell.waiters.push({ envelope, accept: () => waiting.accept?.(), isOver: () => waiting.over })
    return waitFor(waiting, options, () =>
      errors.tellTimeout(thread.nameOf(cell.target), options?.timeoutMs ?? 0),
    )
  }

  refusesAsk(cell: Cell): boolean {
    return cell.options.overflow === OVERFLOW_FAIL || cell.options.overflow === OVERFLOW_DROP_NEWEST
  }

  askFull(cell: Cell, method: number, argc: number, value: unknown, ask: number, sequence: number): void {
    const envelope = { method, argc, value, slot: this.#thread.slot, ask, sequence, next: undefined }
    if (cell.options.overflow === OVERFLOW_DROP_OLDEST) return this.#replaceOldest(cell, envelope)
    cell.waiters ??= []
    const { asks } = this.#thread
    cell.waiters.push({ envelope, accept: () => undefined, isOver: () => !asks.isOpen(ask, sequence) })
  }

  #replaceOldest(cell: Cell, envelope: Envelope): void {
    // What waits may stand in the thread's one ring: from now on this actor's messages wait in its own list.
    if (cell.depth > cell.heldCount) {
      const { slot } = this.#thread
      this.#thread.local.extract(cell, (method, argc, value, ask, sequence) =>
        this.hold(cell, { method, argc, value, slot, ask, sequence, next: undefined }),
      )
    }
    const oldest = this.#release(cell)
    if (oldest !== undefined) this.#dropped(cell, oldest)
    cell.depth++
    this.hold(cell, envelope)
  }

  #admit(cell: Cell): void {
    const { waiters } = cell
    if (waiters === undefined || cell.depth > cell.options.capacity >> 1) return
    let admitted = 0
    for (const waiter of waiters as LocalWaiter[]) {
      if (cell.depth >= cell.options.capacity) break
      admitted++
      if (waiter.isOver()) continue
      const { method, argc, value, ask, sequence } = waiter.envelope
      cell.depth++
      this.#thread.local.push(cell, method, argc, value, ask, sequence)
      waiter.accept()
    }
    waiters.splice(0, admitted)
    if (waiters.length === 0) cell.waiters = undefined
  }

  // --- calls

  #held(cell: Cell): void {
    cell.heldQueued = false
    const thread = this.#thread
    for (let budget = 64; budget > 0 && cell.paused === 0 && !cell.closed; budget--) {
      const envelope = this.#release(cell)
      if (envelope === undefined) break
      const { method, argc, value, ask, sequence } = envelope
      if (sequence === 0 || thread.asks.isOpen(ask, sequence))
        this.#invoke(cell, method, argc, value, envelope.slot, ask, sequence)
    }
    if (cell.waiters !== undefined) this.#admit(cell)
    if (cell.held !== undefined && cell.paused === 0 && !cell.closed) thread.queueHeld(cell)
  }

  #invoke(
    cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    slot: number,
    ask: number,
    sequence: number,
  ): void {
    if (method === DRAINED) return this.#drained(cell)
    const fn = cell.methods[method]
    const thread = this.#thread
    const { control } = thread
    thread.current = cell
    control[CURRENT] = cell.index
    control[METHOD] = method
    let result: unknown
    try {
      if (fn === undefined) throw errors.unsupportedMethod(thread.hooks.methodName(cell.target, method))
      if (method === 0) result = fn.call(cell.instance, value, cell.context ?? thread.hooks.contextOf(cell))
      else if (argc === 1) result = fn.call(cell.instance, value)
      else if (argc === 0) result = fn.call(cell.instance)
      else result = fn.apply(cell.instance, value as unknown[])
      if (typeof result === 'object' && result !== null) {
        if (typeof (result as PromiseLike<unknown>).then === 'function') {
          thread.current = undefined
          control[CURRENT] = -1
          return this.#begun(cell, method, result as PromiseLike<unknown>, slot, ask, sequence)
        }
        if (isGenerator(result)) throw errors.notYetSupported('a generator as a method (streams)')
      }
    } catch (thrown) {
      thread.current = undefined
      control[CURRENT] = -1
      this.#threw(cell, method, thrown, slot, ask, sequence)
      if (cell.pool !== 0) this.#poolDone(cell, slot, ask, sequence)
      return
    }
    thread.current = undefined
    control[CURRENT] = -1
    if (sequence !== 0) this.#reply(slot, ask, sequence, result, false)
    if (cell.pool !== 0) this.#poolDone(cell, slot, ask, sequence)
  }

  #begun(
    cell: Cell,
    method: number,
    result: PromiseLike<unknown>,
    slot: number,
    ask: number,
    sequence: number,
  ): void {
    const call: Call = { cell, method, slot, ask, sequence, over: false }
    cell.calls ??= new Set()
    cell.calls.add(call)
    this.#count(1)
    if (++cell.running >= cell.options.limit) this.#thread.pause(cell, PAUSED_FULL)
    const promise = result instanceof Promise ? result : Promise.resolve(result)
    promise.then(
      (value) => this.#settled(call, value, false),
      (thrown) => this.#settled(call, thrown, true),
    )
  }

  #settled(call: Call, value: unknown, threw: boolean): void {
    const { cell } = call
    cell.running--
    if (!call.over) {
      call.over = true
      cell.calls?.delete(call)
      this.#count(-1)
      if (threw) this.#threw(cell, call.method, value, call.slot, call.ask, call.sequence)
      else if (call.sequence !== 0) this.#reply(call.slot, call.ask, call.sequence, value, false)
    }
    if (cell.closed) return
    if (cell.running < cell.options.limit) this.#thread.unpause(cell, PAUSED_FULL)
    if (cell.pool !== 0) this.#poolDone(cell, call.slot, call.ask, call.sequence)
    if (cell.draining !== undefined && cell.draining.left === 0 && cell.running === 0) cell.draining.done()
  }

  #drained(cell: Cell): void {
    const { draining } = cell
    if (draining === undefined) return
    draining.left--
    if (draining.left === 0 && cell.running === 0) draining.done()
  }

  #threw(cell: Cell, method: number, thrown: unknown, slot: number, ask: number, sequence: number): void {
    const { hooks } = this.#thread
    const error = hooks.classify(thrown, cell, method)
    if (sequence !== 0) this.#reply(slot, ask, sequence, error, true)
    else hooks.unobserved(error, cell, method)
    hooks.failed(error, cell, method)
  }

  #reply(slot: number, ask: number, sequence: number, value: unknown, isError: boolean): void {
    const thread = this.#thread
    if (slot !== thread.slot) return thread.sender.answer(slot, ask, sequence, value, isError)
    let copy: unknown
    let failed = isError
    try {
      copy = copyValue(thread.codec, value, 'result')
    } catch (error) {
      copy = error
      failed = true
    }
    if (failed) thread.asks.reject(ask, sequence, copy)
    else thread.asks.resolve(ask, sequence, copy)
  }

  #poolDone(cell: Cell, slot: number, ask: number, sequence: number): void {
    if (!cell.closed) this.#thread.port.poolDone(cell.pool, cell.index, cell.generation, slot, ask, sequence)
  }

  #count(by: number): void {
    const { control } = this.#thread
    control[UNDER_WAY] = (control[UNDER_WAY] as number) + by
  }

  // --- frames

  #read(at: number): unknown {
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

  #answered(at: number, kind: number): void {
    const i32 = this.#i32
    const ask = i32[at + 1] as number
    const sequence = i32[at + 2] as number
    const { asks } = this.#thread
    if (!asks.isOpen(ask, sequence)) {
      this.#dropBlocks(at)
      return
    }
    let value: unknown
    try {
      value = this.#read(at + 4)
    } catch (error) {
      asks.reject(ask, sequence, error)
      return
    }
    if (kind === ERROR) asks.reject(ask, sequence, value)
    else asks.resolve(ask, sequence, value)
  }

  #bounce(at: number, reason: DeadLetterReason): void {
    const i32 = this.#i32
    const head = i32[at] as number
    const kind = (head >> KIND_SHIFT) & KIND_MASK
    const method = head >>> METHOD_SHIFT
    if (kind >= VALUE) return this.#dropBlocks(at)
    if (kind === TELL || kind === CALL) {
      if (method === DRAINED) return
      const target = this.#thread.targetAt(this.#thread.slot, i32[at + 1] as number, i32[at + 2] as number, 0)
      let message: unknown
      try {
        if (kind === TELL || i32[at + 4] !== 0) message = this.#read(at + (kind === TELL ? 4 : 6))
      } catch {
        // It can't be read: it is lost all the same.
      }
      this.#thread.hooks.deadLetter(target, method, message, reason)
      return
    }
    const target = this.#thread.targetAt(this.#thread.slot, i32[at + 1] as number, i32[at + 2] as number, 0)
    const error =
      reason === 'mailbox-full'
        ? errors.mailboxFull(this.#thread.nameOf(target))
        : this.stoppedError(target, method)
    this.#reply(i32[at + 4] as number, i32[at + 5] as number, i32[at + 6] as number, error, true)
    this.#dropBlocks(at)
  }

  #unreadable(at: number, kind: number, error: unknown): void {
    const i32 = this.#i32
    if (kind === ASK || kind === SIGNAL) {
      const known = isPulsingError(error) ? error : errors.internal('a message could not be read', error)
      this.#reply(i32[at + 4] as number, i32[at + 5] as number, i32[at + 6] as number, known, true)
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

  // --- messages that are lost

  #lost(cell: Cell, envelope: Envelope): void {
    const { method, sequence } = envelope
    if (method === DRAINED || method === -1) return
    if (sequence !== 0)
      this.#thread.asks.reject(envelope.ask, sequence, this.stoppedError(cell.target, method))
    else this.#thread.hooks.deadLetter(cell.target, method, envelope.value, 'stopped')
  }

  #dropped(cell: Cell, envelope: Envelope): void {
    const { method, sequence } = envelope
    const thread = this.#thread
    if (sequence !== 0)
      thread.asks.reject(envelope.ask, sequence, errors.mailboxFull(thread.nameOf(cell.target)))
    else thread.hooks.deadLetter(cell.target, method, envelope.value, 'mailbox-full')
  }
}

function isGenerator(value: object): boolean {
  return (
    typeof (value as Iterator<unknown>).next === 'function' &&
    (Symbol.iterator in value || Symbol.asyncIterator in value) &&
    typeof (value as Generator).return === 'function'
  )
}
