// The asks of one thread that wait for an answer: slots with a sequence number each, no map. Deadlines are found by one
// timer and a look through the table when the earliest has passed.

import { answerWith, isError } from '../errors/index.js'
import { onAbort } from './abort.js'
import type { Clock, Timer } from './clock.js'
import * as frame from './frame.js'
import type { Reader } from './relay.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const { ASK_SEQUENCE, UNDER_WAY } = frame

/** Whom an ask went to: enough to fail it when that thread or actor is gone. */
export interface AskTarget {
  readonly slot: number
  readonly index: number
  readonly generation: number
}

type Settle = (value: unknown) => void

let resolveLast: Settle
const keep = (resolve: Settle) => {
  resolveLast = resolve
}

export class Asks {
  readonly clock: Clock
  readonly #control: Int32Array
  readonly #onTimeout: (target: AskTarget, timeoutMs: number, method: number, isStream: boolean) => unknown
  readonly #onCancel: (target: AskTarget, index: number, sequence: number) => void
  readonly #resolves: (Settle | undefined)[] = []
  /** Stays behind when an ask is settled: its slot will hold another soon. */
  readonly #targets: (AskTarget | undefined)[] = []
  readonly #cleanups = new Map<number, () => void>()
  /** Of those that are streams. */
  readonly #readers = new Map<number, Reader>()
  #sequences = new Int32Array(64)
  #methods = new Int32Array(64)
  #deadlines = new Float64Array(64)
  #timeouts = new Float64Array(64)
  #free: number[] = []
  #earliest = Number.POSITIVE_INFINITY
  #timer: Timer | undefined
  /** Read once a turn: the clock of asks with the default timeout. 0: read it. */
  #now = 0
  /** Of the ask made last. */
  index = 0
  sequence = 0

  /** control: the slot's control block. onTimeout makes the error. onCancel hears of each ask that its caller gave up. */
  constructor(
    clock: Clock,
    control: Int32Array,
    onTimeout: (target: AskTarget, timeoutMs: number, method: number, isStream: boolean) => unknown,
    onCancel: (target: AskTarget, index: number, sequence: number) => void,
  ) {
    this.clock = clock
    this.#control = control
    this.#onTimeout = onTimeout
    this.#onCancel = onCancel
  }

  /** A promise of the answer; index and sequence say which ask it is. Hot: ask-local, ask-pipelined. */
  begin(target: AskTarget, method: number, timeoutMs: number, exact: boolean): Promise<unknown> {
    const promise = new Promise<unknown>(keep)
    this.#open(resolveLast, target, method, timeoutMs, exact)
    return promise
  }

  #open(settle: Settle, target: AskTarget, method: number, timeoutMs: number, exact: boolean): void {
    const index = this.#free.length > 0 ? (this.#free.pop() as number) : this.#grow()
    const control = this.#control
    const sequence = ((control[ASK_SEQUENCE] as number) + 1) | 0 || 1
    control[ASK_SEQUENCE] = sequence
    control[UNDER_WAY] = (control[UNDER_WAY] as number) + 1
    this.#resolves[index] = settle
    this.#targets[index] = target
    this.#sequences[index] = sequence
    this.#methods[index] = method
    this.#timeouts[index] = timeoutMs
    if (exact || this.#now === 0) this.#now = this.clock.now()
    const deadline = this.#now + timeoutMs
    this.#deadlines[index] = deadline
    if (deadline < this.#earliest) this.#arm(deadline)
    this.index = index
    this.sequence = sequence
  }

  /** As begin, of a stream: its reader hears what comes. */
  read(reader: Reader, timeoutMs: number, signal: AbortSignal | undefined): void {
    this.#open((value) => reader.ended(value, true), reader.target, reader.method, timeoutMs, true)
    const { index, sequence } = this
    reader.index = index
    reader.sequence = sequence
    this.#readers.set(index, reader)
    if (signal !== undefined)
      this.#cleanups.set(
        index,
        onAbort(signal, () => reader.aborted(signal.reason)),
      )
  }

  /** Undefined where that ask is no stream, or over. Hot: stream. */
  readerOf(index: number, sequence: number): Reader | undefined {
    return this.isOpen(index, sequence) ? this.#readers.get(index) : undefined
  }

  /** The generator of a stream has returned. */
  end(index: number, sequence: number, value: unknown): void {
    const reader = this.readerOf(index, sequence)
    if (reader === undefined) return
    this.#close(index)
    reader.ended(value, false)
  }

  /** Its caller wants no more of it. */
  quit(index: number, sequence: number): void {
    if (!this.isOpen(index, sequence)) return
    this.#close(index)
    this.#onCancel(this.#targets[index] as AskTarget, index, sequence)
  }

  /** Of an open stream: somebody waits for its next item, from now on. */
  expect(index: number): void {
    const deadline = this.clock.now() + (this.#timeouts[index] as number)
    this.#deadlines[index] = deadline
    if (deadline < this.#earliest) this.#arm(deadline)
  }

  /** Of an open stream: nobody waits, so that no time passes. */
  rest(index: number): void {
    this.#deadlines[index] = Number.POSITIVE_INFINITY
  }

  /** The turn is over: the clock is read again for the next ask. */
  turned(): void {
    this.#now = 0
  }

  isOpen(index: number, sequence: number): boolean {
    return this.#sequences[index] === sequence && this.#resolves[index] !== undefined
  }

  /** Whom an open ask went to, and for what. */
  whom(index: number): { target: AskTarget; method: number } {
    return { target: this.#targets[index] as AskTarget, method: this.#methods[index] as number }
  }

  /** False where that ask was settled before. */
  resolve(index: number, sequence: number, value: unknown): boolean {
    if (!this.isOpen(index, sequence)) return false
    const settle = this.#resolves[index] as Settle
    this.#close(index)
    settle(value)
    return true
  }

  /** Of an open ask, which the caller has made sure of. Hot: ask-pipelined. */
  settle(index: number, value: unknown): void {
    const settle = this.#resolves[index] as Settle
    this.#close(index)
    settle(value)
  }

  reject(index: number, sequence: number, error: unknown): boolean {
    if (!this.isOpen(index, sequence)) return false
    return this.#failed(index, error, false) || this.resolve(index, sequence, Promise.reject(error))
  }

  /** False where it is no stream. */
  #failed(index: number, error: unknown, remote: boolean): boolean {
    const reader = this.#readers.get(index)
    if (reader === undefined) return false
    this.#close(index)
    reader.failed(error, remote)
    return true
  }

  /**
   * As reject, with the callers that await the ask in the error's stack (contract 4.1).
   * @param remote the actor's own error: its stack is kept behind theirs
   */
  fail(index: number, sequence: number, error: unknown, remote: boolean): boolean {
    if (!isError(error)) return this.reject(index, sequence, error)
    if (!this.isOpen(index, sequence)) return false
    // Resolved with a promise that rejects: only so does V8 know who waits.
    return this.#failed(index, error, remote) || this.resolve(index, sequence, answerWith(error, remote))
  }

  /** The signal's reason rejects the ask. It was not aborted yet. */
  abortWith(signal: AbortSignal, index: number, sequence: number): void {
    const giveUp = () => this.#giveUp(index, sequence, signal.reason, false)
    this.#cleanups.set(index, onAbort(signal, giveUp))
  }

  /** Fails every ask whose target is of that kind. */
  failAll(
    matches: (target: AskTarget) => boolean,
    makeError: (target: AskTarget, method: number) => unknown,
  ): void {
    for (let i = 0; i < this.#targets.length; i++) {
      const target = this.#targets[i] as AskTarget
      if (this.#resolves[i] === undefined || !matches(target)) continue
      this.fail(i, this.#sequences[i] as number, makeError(target, this.#methods[i] as number), false)
    }
  }

  /** How many wait for an answer. */
  get underWay(): number {
    return this.#resolves.length - this.#free.length
  }

  /** No timer is left behind. */
  dispose(): void {
    this.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#earliest = Number.POSITIVE_INFINITY
  }

  #giveUp(index: number, sequence: number, reason: unknown, isOurs: boolean): void {
    const target = this.#targets[index] as AskTarget
    const done = isOurs ? this.fail(index, sequence, reason, false) : this.reject(index, sequence, reason)
    if (done) this.#onCancel(target, index, sequence)
  }

  #close(index: number): void {
    this.#resolves[index] = undefined
    this.#free.push(index)
    this.#control[UNDER_WAY] = (this.#control[UNDER_WAY] as number) - 1
    if (this.#readers.size > 0) this.#readers.delete(index)
    if (this.#cleanups.size > 0) {
      this.#cleanups.get(index)?.()
      this.#cleanups.delete(index)
    }
  }

  #grow(): number {
    const index = this.#resolves.length
    if (index === this.#sequences.length) {
      const wider = <A extends Int32Array | Float64Array>(from: A, to: A): A => {
        to.set(from)
        return to
      }
      this.#sequences = wider(this.#sequences, new Int32Array(index * 2))
      this.#methods = wider(this.#methods, new Int32Array(index * 2))
      this.#deadlines = wider(this.#deadlines, new Float64Array(index * 2))
      this.#timeouts = wider(this.#timeouts, new Float64Array(index * 2))
    }
    this.#resolves.push(undefined)
    this.#targets.push(undefined)
    return index
  }

  #arm(deadline: number): void {
    this.#earliest = deadline
    this.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (deadline === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(Math.max(deadline - this.clock.now(), 0) + 1, 0x7fff_ffff)
    // Not what keeps the process alive: the ask itself does.
    this.#timer = this.clock.setTimeout(() => this.#expire(), delayMs)
    this.#timer.unref()
  }

  #expire(): void {
    const now = this.clock.now()
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#targets.length; i++) {
      if (this.#resolves[i] === undefined) continue
      const target = this.#targets[i] as AskTarget
      const deadline = this.#deadlines[i] as number
      if (deadline > now) earliest = Math.min(earliest, deadline)
      else {
        const isStream = this.#readers.has(i)
        const error = this.#onTimeout(
          target,
          this.#timeouts[i] as number,
          this.#methods[i] as number,
          isStream,
        )
        this.#giveUp(i, this.#sequences[i] as number, error, true)
      }
    }
    this.#arm(earliest)
  }
}
