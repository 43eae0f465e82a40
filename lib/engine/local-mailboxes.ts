// Messages that actors of one thread send each other and that can't be handled now: the actor is paused, or its mailbox is full.

import { errors } from '../errors/index.js'
import type { Cell, Envelope, LocalWaiter } from './cell.js'
import { SIGNALLED } from './deliver.js'
import { LOCAL_WAITING, OVERFLOW_DROP_NEWEST, OVERFLOW_DROP_OLDEST, OVERFLOW_FAIL } from './frame.js'
import type { StreamSource } from './stream-source.js'
import { nameOf } from './target.js'
import type { Thread } from './thread.js'
import { type SendOptions, waitFor } from './waiting.js'

/** An empty mailbox takes any legal message. */
export function isFull(cell: Cell): boolean {
  const { capacity, capacityBytes } = cell.options
  return cell.depth >= capacity || (cell.depth > 0 && cell.bytes8 * 8 >= capacityBytes)
}

export class LocalMailboxes {
  readonly #thread: Thread

  constructor(thread: Thread) {
    this.#thread = thread
  }

  hold(cell: Cell, envelope: Envelope): void {
    if (cell.heldLast === undefined) cell.held = envelope
    else cell.heldLast.next = envelope
    cell.heldLast = envelope
    cell.heldCount++
    if (cell.paused === 0) this.#thread.queueHeld(cell)
  }

  /** An entry of the local queue that is no message: a stream's turn, else that of what the actor holds. */
  queued(cell: Cell, value: unknown): void {
    if (value !== undefined) (value as StreamSource).resume()
    else this.#held(cell)
  }

  #held(cell: Cell): void {
    cell.heldQueued = false
    const thread = this.#thread
    for (let budget = 64; budget > 0 && cell.paused === 0 && !cell.closed; budget--) {
      const envelope = this.#release(cell)
      if (envelope === undefined) break
      const { method, argc, value, ask, sequence } = envelope
      if (sequence === 0 || thread.asks.isOpen(ask, sequence))
        thread.dispatcher.invoke(cell, method, argc, value, envelope.slot, ask, sequence)
    }
    if (cell.waiters !== undefined) this.admit(cell)
    if (cell.held !== undefined && cell.paused === 0 && !cell.closed) thread.queueHeld(cell)
  }

  /** The oldest message that it holds, which no longer waits. */
  #release(cell: Cell): Envelope | undefined {
    const envelope = cell.held
    if (envelope === undefined) return undefined
    cell.held = envelope.next
    if (cell.held === undefined) cell.heldLast = undefined
    cell.heldCount--
    cell.depth--
    this.#count(-1)
    cell.bytes8 -= envelope.bytes8
    return envelope
  }

  // --- full

  tellFull(
    cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    bytes8: number,
    isOwn: boolean,
    options?: SendOptions,
  ): undefined | Promise<void> {
    const thread = this.#thread
    const { overflow, capacity } = cell.options
    if (overflow === OVERFLOW_FAIL) throw errors.mailboxFull(nameOf(cell.target))
    if (overflow === OVERFLOW_DROP_NEWEST) {
      thread.hooks.deadLetter(cell.target, method, value, 'mailbox-full')
      return undefined
    }
    const envelope = { method, argc, value, slot: thread.slot, ask: 0, sequence: 0, bytes8, next: undefined }
    if (overflow === OVERFLOW_DROP_OLDEST) {
      this.#replaceOldest(cell, envelope)
      return undefined
    }
    cell.waiters ??= []
    if (isOwn) {
      cell.waiters.push({ envelope, accept: () => undefined, isOver: () => false })
      return undefined
    }
    if (cell.waiters.length >= capacity) throw errors.mailboxFull(nameOf(cell.target))
    const waiting: { over: boolean; accept: (() => void) | undefined } = { over: false, accept: undefined }
    cell.waiters.push({ envelope, accept: () => waiting.accept?.(), isOver: () => waiting.over })
    return waitFor(this.#thread.clock, waiting, options, () =>
      errors.tellTimeout(nameOf(cell.target), options?.timeoutMs ?? 0),
    )
  }

  refusesAsk(cell: Cell): boolean {
    return cell.options.overflow === OVERFLOW_FAIL || cell.options.overflow === OVERFLOW_DROP_NEWEST
  }

  askFull(
    cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    bytes8: number,
    ask: number,
    sequence: number,
  ): void {
    const envelope = { method, argc, value, slot: this.#thread.slot, ask, sequence, bytes8, next: undefined }
    if (cell.options.overflow === OVERFLOW_DROP_OLDEST) return this.#replaceOldest(cell, envelope)
    cell.waiters ??= []
    const { asks } = this.#thread
    cell.waiters.push({ envelope, accept: () => undefined, isOver: () => !asks.isOpen(ask, sequence) })
  }

  #replaceOldest(cell: Cell, envelope: Envelope): void {
    // What waits may stand in the thread's one ring: from now on this actor's messages wait in its own list.
    if (cell.depth > cell.heldCount) {
      const { slot } = this.#thread
      this.#thread.local.extract(cell, (method, argc, value, ask, sequence, bytes8) =>
        this.hold(cell, { method, argc, value, slot, ask, sequence, bytes8, next: undefined }),
      )
    }
    const oldest = this.#release(cell)
    if (oldest !== undefined) this.#dropped(cell, oldest)
    cell.depth++
    this.#count(1)
    cell.bytes8 += envelope.bytes8
    this.hold(cell, envelope)
  }

  #count(by: number): void {
    const { control } = this.#thread
    control[LOCAL_WAITING] = (control[LOCAL_WAITING] as number) + by
  }

  admit(cell: Cell): void {
    const { waiters } = cell
    if (waiters === undefined || cell.depth > cell.options.capacity >> 1) return
    let admitted = 0
    for (const waiter of waiters as LocalWaiter[]) {
      if (isFull(cell)) break
      admitted++
      if (waiter.isOver()) continue
      const { method, argc, value, ask, sequence, bytes8 } = waiter.envelope
      cell.depth++
      this.#count(1)
      cell.bytes8 += bytes8
      this.#thread.local.push(cell, method, argc, value, ask, sequence, bytes8)
      waiter.accept()
    }
    waiters.splice(0, admitted)
    if (waiters.length === 0) cell.waiters = undefined
  }

  // --- gone

  /** Its actor is gone: what waits is lost. */
  close(cell: Cell): void {
    for (let held = cell.held; held !== undefined; held = held.next) this.lost(cell, held)
    this.#count(-cell.heldCount)
    cell.held = cell.heldLast = undefined
    const waiters = cell.waiters ?? []
    cell.waiters = undefined
    for (const waiter of waiters) {
      if (waiter.isOver()) continue
      this.lost(cell, waiter.envelope)
      waiter.accept()
    }
  }

  lost(cell: Cell, envelope: Envelope): void {
    const { method, sequence } = envelope
    if (method >= SIGNALLED || method === -1) return
    if (sequence !== 0)
      this.#thread.asks.fail(
        envelope.ask,
        sequence,
        this.#thread.dispatcher.stoppedError(cell.target, method),
        false,
      )
    else this.#thread.hooks.deadLetter(cell.target, method, envelope.value, 'stopped')
  }

  #dropped(cell: Cell, envelope: Envelope): void {
    const { method, sequence } = envelope
    const thread = this.#thread
    if (sequence !== 0)
      thread.asks.fail(envelope.ask, sequence, errors.mailboxFull(nameOf(cell.target)), false)
    else thread.hooks.deadLetter(cell.target, method, envelope.value, 'mailbox-full')
  }
}
