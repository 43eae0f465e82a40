// The caller's side of a stream (contract 3.2): the items of an actor's generator in order, then what it returned or threw.

import { answerWith, isError } from '../errors/index.js'
import type { Asks, AskTarget } from './asks.js'
import { STREAMED } from './frame.js'
import type { Reader } from './relay.js'
import type { Streams } from './streams.js'

type Step = IteratorResult<unknown, unknown>
type Settle = (value: unknown) => void

/** How it ended. remote: the error is the actor's own, whose stack follows the caller's. */
type Ending =
  | { readonly failed: false; readonly value: unknown }
  | { readonly failed: true; readonly error: unknown; readonly remote: boolean }

/** Where the generator is, which its items say. */
export interface SourceAddress {
  readonly slot: number
  readonly index: number
  readonly generation: number
}

const OVER: Step = Object.freeze({ value: undefined, done: true })

function failure({ error, remote }: { readonly error: unknown; readonly remote: boolean }): Promise<never> {
  return isError(error) ? answerWith(error, remote) : Promise.reject(error)
}

export class StreamReader implements Reader {
  readonly #streams: Streams
  readonly #asks: Asks
  readonly target: AskTarget
  readonly method: number
  readonly takes: number = STREAMED
  /** Of the ask that it is; sequence 0 where none was made. */
  index = 0
  sequence = 0
  readonly window: number
  /** Items that came and were not asked for; the oldest at #first. */
  #items: unknown[] = []
  #first = 0
  /** Calls of next that wait, oldest first. */
  #waiting: ((step: Step | PromiseLike<Step>) => void)[] = []
  /** What `then` gives, and what settles it. */
  #promise: Promise<unknown> | undefined
  #settle: Settle | undefined
  #ending: Ending | undefined
  /** The iteration has been told how it ended. */
  #told = false
  /** An iterator was asked for: items are kept for it. */
  #isRead = false
  /** Items taken since the generator was told. */
  #taken = 0
  #source: SourceAddress | undefined
  /** Where its failure is kept while nobody has looked at it. */
  unseenAs: WeakRef<StreamReader> | undefined

  constructor(streams: Streams, asks: Asks, target: AskTarget, method: number, window: number) {
    this.#streams = streams
    this.#asks = asks
    this.target = target
    this.method = method
    this.window = window
  }

  // --- the engine's side

  /** The next item. Hot: stream. */
  item(value: unknown, slot: number, index: number, generation: number): void {
    this.#source ??= { slot, index, generation }
    const wanted = this.#waiting.shift()
    if (wanted !== undefined) {
      wanted({ value, done: false })
      this.#took()
    } else if (this.#isUnread) {
      this.#took()
    } else {
      this.#items.push(value)
    }
    if (this.#waiting.length > 0 || this.#isUnread) this.#asks.expect(this.index)
    else this.#asks.rest(this.index)
  }

  /** The generator has returned. isPlain: it is a plain result, which the iteration gives as its one item. */
  ended(value: unknown, isPlain: boolean): void {
    if (isPlain) {
      const wanted = this.#waiting.shift()
      if (wanted === undefined) this.#items.push(value)
      else wanted({ value, done: false })
    }
    this.#end({ failed: false, value })
  }

  failed(error: unknown, remote: boolean): void {
    this.#end({ failed: true, error, remote })
  }

  /** Its signal was aborted: it ends at once, whatever came before. */
  aborted(reason: unknown): void {
    if (this.#ending !== undefined) return
    this.#items.length = this.#first = 0
    this.#asks.quit(this.index, this.sequence)
    // The caller's own doing: no event, should nobody look.
    this.#end({ failed: true, error: reason, remote: false }, false)
  }

  #end(ending: Ending, isEvent = true): void {
    this.#ending = ending
    const waiting = this.#waiting.splice(0)
    const isSeen = waiting.length > 0 || this.#settle !== undefined
    waiting.forEach((wanted, i) => {
      wanted(i === 0 ? this.#tell() : OVER)
    })
    if (this.#settle !== undefined) this.#settle(ending.failed ? failure(ending) : ending.value)
    if (ending.failed && !isSeen && isEvent) this.#streams.unseen(this, ending.error)
  }

  /** Only the end is awaited: items are dropped as they come. */
  get #isUnread(): boolean {
    return this.#promise !== undefined && !this.#isRead
  }

  /** Hot: stream. */
  #took(): void {
    if (++this.#taken < this.window >> 1) return
    const source = this.#source as SourceAddress
    this.#streams.credit(source, this.#taken)
    this.#taken = 0
  }

  /** Tells the iteration how it ended, once. */
  #tell(): Step | Promise<Step> {
    const ending = this.#ending as Ending
    if (this.#told) return OVER
    this.#told = true
    if (!ending.failed) return { value: ending.value, done: true }
    this.#streams.seen(this)
    return failure(ending)
  }

  // --- the caller's side

  /** Hot: stream. */
  next(): Promise<Step> {
    const items = this.#items
    if (this.#first < items.length) {
      const value = items[this.#first]
      items[this.#first++] = undefined
      if (this.#first === items.length) items.length = this.#first = 0
      if (this.#ending === undefined) this.#took()
      return Promise.resolve({ value, done: false })
    }
    if (this.#ending !== undefined) return Promise.resolve(this.#tell())
    if (this.#waiting.length === 0) this.#asks.expect(this.index)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  /** An iterator was asked for. */
  read(): void {
    this.#isRead = true
  }

  /** The generator's return value, or what it threw. */
  promise(): Promise<unknown> {
    if (this.#promise !== undefined) return this.#promise
    const ending = this.#ending
    if (ending === undefined) {
      this.#promise = new Promise((resolve) => {
        this.#settle = resolve
      })
      if (!this.#isRead) this.#drop()
      return this.#promise
    }
    if (ending.failed) this.#streams.seen(this)
    this.#promise = ending.failed ? failure(ending) : Promise.resolve(ending.value)
    return this.#promise
  }

  /** What came so far is read by nobody. */
  #drop(): void {
    const count = this.#items.length
    this.#items.length = this.#first = 0
    for (let i = 0; i < count; i++) this.#took()
    this.#asks.expect(this.index)
  }

  /** The caller wants no more: the generator is told to return. */
  leave(): void {
    this.#items.length = this.#first = 0
    this.#told = true
    if (this.#ending !== undefined) {
      this.#streams.seen(this)
      return
    }
    this.#asks.quit(this.index, this.sequence)
    this.#end({ failed: false, value: undefined })
  }
}
