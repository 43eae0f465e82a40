// What a stream's caller holds (contract 3.2).

import { errors, reading } from '../errors/index.js'
import type { StreamReader } from './stream-reader.js'

/** The items of a stream by themselves, as `stream` gives them; done, they give what the generator returned. */
export interface StreamItems<Y, R> extends AsyncIterableIterator<Y, R | undefined, undefined> {
  /** Ends the generator; undefined stands for what it would have returned. */
  return(value?: R): Promise<IteratorResult<Y, R | undefined>>
  /** Ends the generator, and rejects with the error. */
  throw(error?: unknown): Promise<IteratorResult<Y, R | undefined>>
  /** Itself. */
  [Symbol.asyncIterator](): StreamItems<Y, R>
  /** Ends the generator: `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The iterator of a stream: leaving it ends the generator. */
class StreamIterator implements AsyncIterableIterator<unknown, unknown, undefined> {
  readonly #reader: StreamReader

  constructor(reader: StreamReader) {
    this.#reader = reader
  }

  /** Hot: stream. */
  next(): Promise<IteratorResult<unknown, unknown>> {
    return this.#reader.next()
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    this.#reader.leave()
    return { value: await value, done: true }
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown, unknown>> {
    this.#reader.leave()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.leave()
  }
}

/** A call of a generator: both the items, and a promise of what it returns, made when it is asked for. */
export class StreamCall implements AsyncIterable<unknown>, PromiseLike<unknown> {
  readonly #reader: StreamReader
  #iterator: StreamIterator | undefined

  constructor(reader: StreamReader) {
    this.#reader = reader
  }

  [Symbol.asyncIterator](): StreamIterator {
    this.#reader.read()
    this.#iterator ??= new StreamIterator(this.#reader)
    return this.#iterator
  }

  // biome-ignore lint/suspicious/noThenProperty: the contract has it awaitable
  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#reader.promise().then(onFulfilled, onRejected)
  }
}

/**
 * A stream's iterator by itself, without `then`: what an `async` function can return without awaiting the stream's end
 * (contract 3.2).
 * @param call what a proxy gave for a generator
 * @throws ERR_PULSING_INVALID_ARGUMENT
 */
export function stream<Y, R>(call: AsyncIterable<Y> & PromiseLike<R>): StreamItems<Y, R> {
  if (!reading('call', () => call instanceof StreamCall))
    throw errors.invalidArgument('call', call, 'the call of a generator, as proxy.items() gives it')
  return call[Symbol.asyncIterator]() as StreamItems<Y, R>
}
