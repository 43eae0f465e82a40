// The streams of one thread (contract 3.2), those that it reads and those that its actors' generators fill. A stream is an
// ask whose answer is the generator's end: what comes before are frames of items. The reader's thread says how many it took,
// so that the generator is never more than a window ahead.

import { errors, isError } from '../errors/index.js'
import { STREAM_WINDOW } from '../options/index.js'
import { running } from './calls.js'
import type { Call, Cell } from './cell.js'
import { END, ERROR } from './frame.js'
import { StreamCall } from './stream-call.js'
import { type SourceAddress, StreamReader } from './stream-reader.js'
import { type Steps, StreamSource } from './stream-source.js'
import type { Target } from './target.js'
import type { Thread } from './thread.js'

/** What went wrong and was seen by nobody, for the time that its reader lives. */
interface Unseen {
  readonly error: Error
  readonly target: Target
  readonly method: number
}

/** What hears of a reader on another thread that it took items. */
export interface Granted {
  readonly generation: number
  grant(items: number): void
  grantLater(items: number): void
}

export class Streams {
  readonly #thread: Thread
  readonly #sources: (Granted | undefined)[] = []
  readonly #free: number[] = []
  /** Another in each life of a slot: what readers say to the streams of a thread that died finds none of the next one's. */
  #generation = Math.trunc(Math.random() * 2 ** 31)
  readonly #unseen = new Map<WeakRef<StreamReader>, Unseen>()
  readonly #collected = new FinalizationRegistry<WeakRef<StreamReader>>((reader) => this.#report(reader))

  constructor(thread: Thread) {
    this.#thread = thread
  }

  // --- those that are read here

  /** Calls the method, as an ask does. What it gives comes to what is returned; it never throws. */
  call(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    window: number,
  ): StreamCall {
    const thread = this.#thread
    const reader = new StreamReader(this, thread.asks, target, method, window)
    if (signal?.aborted) reader.aborted(signal.reason)
    else thread.askStream(reader, argc, value, timeoutMs, signal)
    return new StreamCall(reader)
  }

  /** One that failed before it began. */
  refused(target: Target, method: number, error: Error): StreamCall {
    const reader = new StreamReader(this, this.#thread.asks, target, method, 0)
    reader.failed(error, false)
    return new StreamCall(reader)
  }

  /** The reader took so many items. Hot: stream. */
  credit({ slot, index, generation }: SourceAddress, items: number): void {
    const thread = this.#thread
    if (thread.stopped) return
    if (slot !== thread.slot) return thread.sender.credit(slot, index, generation, items)
    const source = this.#sources[index]
    if (source?.generation === generation) source.grantLater(items)
  }

  /** It failed, and nobody was waiting: should nobody ever look, that is an event. */
  unseen(reader: StreamReader, error: unknown): void {
    const { method } = reader
    const target = reader.target as Target
    const ref = new WeakRef(reader)
    const known = isError(error) ? error : errors.internal('a stream failed without an error', error)
    this.#unseen.set(ref, { error: known, target, method })
    this.#collected.register(reader, ref, reader)
    reader.unseenAs = ref
  }

  /** Somebody looked. */
  seen(reader: StreamReader): void {
    if (reader.unseenAs === undefined) return
    this.#unseen.delete(reader.unseenAs)
    this.#collected.unregister(reader)
    reader.unseenAs = undefined
  }

  #report(reader: WeakRef<StreamReader>): void {
    const unseen = this.#unseen.get(reader)
    this.#unseen.delete(reader)
    if (unseen !== undefined) this.#thread.hooks.unobserved(unseen.error, unseen.target, unseen.method)
  }

  /** Nobody will look any more. */
  dispose(): void {
    for (const reader of this.#unseen.keys()) this.#report(reader)
  }

  // --- those that are made here

  /** A method has given something that streams. Its first step is made at once. window: 0 where no frame said it. */
  begin(call: Call, steps: Steps, isAsync: boolean, window: number): void {
    const { asks } = this.#thread
    const index = this.#free.pop() ?? this.#sources.length
    this.#generation = (this.#generation + 1) | 0
    const ahead = window || (asks.readerOf(call.ask, call.sequence)?.window ?? STREAM_WINDOW)
    const source = new StreamSource(this, steps, isAsync, call, index, this.#generation, ahead)
    this.#sources[index] = source
    call.source = source
    source.run()
  }

  /** A stream whose generator is not on this thread gets an address here, where its reader says what it took. */
  adopt(take: (items: number) => void): { readonly index: number; readonly generation: number } {
    const index = this.#free.pop() ?? this.#sources.length
    this.#generation = (this.#generation + 1) | 0
    this.#sources[index] = { generation: this.#generation, grant: take, grantLater: take }
    return { index, generation: this.#generation }
  }

  /** It has ended. */
  release(index: number): void {
    this.#sources[index] = undefined
    this.#free.push(index)
  }

  /** Frames say that a reader took so many. */
  granted(index: number, generation: number, items: number): void {
    const source = this.#sources[index]
    if (source?.generation === generation) source.grant(items)
  }

  /** Its turn comes when others had theirs. */
  queue(source: StreamSource): void {
    this.#thread.queueSource(source.call.cell, source)
  }

  /** The generator runs, as a message of its actor. Gives what `leave` wants. Hot: stream. */
  enter({ cell, method, controller }: Call): Cell | undefined {
    const before = this.#thread.enter(cell, method)
    running.cell = cell
    running.controller = controller
    return before
  }

  leave(call: Call, before: Cell | undefined): void {
    call.controller = running.ended()
    this.#thread.enter(before, 0)
  }

  /** Hot: stream. Throws where the value can't be carried. */
  yielded({ call, index, generation }: StreamSource, value: unknown): void {
    const { slot, ask, sequence } = call
    if (sequence === 0) return
    const thread = this.#thread
    if (slot !== thread.slot) return thread.sender.item(slot, ask, sequence, index, generation, value)
    const copy = thread.copyOne(value, 'item')
    thread.asks.readerOf(ask, sequence)?.item(copy, slot, index, generation)
  }

  /** The stream ends with this error, whatever its generator does. */
  fail(call: Call, error: unknown): void {
    this.#thread.dispatcher.failed(call, error)
  }

  /** isLeft: its reader did not wait for that. */
  ended({ call, index }: StreamSource, value: unknown, threw: boolean, isLeft: boolean): void {
    const { dispatcher, hooks } = this.#thread
    this.#sources[index] = undefined
    this.#free.push(index)
    call.source = undefined
    const isUnseen = threw && isLeft && (call.over || call.sequence !== 0)
    if (isUnseen && !isAborted(call, value))
      hooks.unobserved(hooks.classify(value, call.cell, call.method), call.cell.target, call.method)
    dispatcher.settled(call, value, threw ? ERROR : END)
  }
}

/** What the call's own signal made it throw, which is no failure: its reason, or an AbortError about it. */
function isAborted({ controller }: Call, thrown: unknown): boolean {
  if (controller?.signal.aborted !== true) return false
  return thrown === controller.signal.reason || (isError(thrown) && thrown.name === 'AbortError')
}
