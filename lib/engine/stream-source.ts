// The actor's side of a stream (contract 3.2): a generator that runs as far ahead of its reader as the window allows.

import type { Call } from './cell.js'
import type { Streams } from './streams.js'
import { isThenable } from './thenable.js'

export type Steps = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>
type Step = IteratorResult<unknown, unknown>

/** How a method's result is iterated; undefined where it is a value. */
export function stepsOf(result: object): Steps | undefined {
  const some = result as AsyncIterable<unknown> & Iterator<unknown>
  if (typeof some[Symbol.asyncIterator] === 'function') return some[Symbol.asyncIterator]()
  // Not an array, a map or a set.
  return typeof some.next === 'function' && Symbol.iterator in some ? some : undefined
}

export class StreamSource {
  readonly #streams: Streams
  readonly #steps: Steps
  readonly #isAsync: boolean
  readonly call: Call
  /** Where it hears of its reader. */
  readonly index: number
  readonly generation: number
  readonly #window: number
  /** Items that it may yield before it hears of its reader again. */
  #credit: number
  /** What it hears of a reader of this thread, for its next turn: microtasks alone would hold the event loop up. */
  #granted = 0
  /** A step is under way. */
  #busy = false
  /** Nobody wants more. */
  #over = false
  /** It was told to return. */
  #left = false
  #ended = false

  constructor(
    streams: Streams,
    steps: Steps,
    isAsync: boolean,
    call: Call,
    index: number,
    generation: number,
    window: number,
  ) {
    this.#streams = streams
    this.#steps = steps
    this.#isAsync = isAsync
    this.call = call
    this.index = index
    this.generation = generation
    this.#window = window
    this.#credit = window
  }

  /** Its reader, on another thread, took so many more. */
  grant(items: number): void {
    this.#credit += items
    this.run()
  }

  /** Its reader, on this thread, took so many more: it has its turn when others had theirs. */
  grantLater(items: number): void {
    if (this.#granted === 0) this.#streams.queue(this)
    this.#granted += items
  }

  /** Its turn, after it was queued. */
  resume(): void {
    this.#credit += this.#granted
    this.#granted = 0
    if (this.#over) this.leave()
    else this.run()
  }

  /** Steps on, as far as it may. Hot: stream. */
  run(): void {
    const { call } = this
    while (!this.#busy && !this.#over && this.#credit > 0) {
      this.#busy = true
      let step: Step | Promise<Step>
      const before = this.#streams.enter(call)
      try {
        step = this.#steps.next()
      } catch (error) {
        this.#streams.leave(call, before)
        this.#end(error, true)
        return
      }
      this.#streams.leave(call, before)
      if (isThenable(step)) step.then(this.#goOn, this.#threw)
      else this.#stepped(step)
    }
  }

  /** Its reader has left: its `finally` runs, in a turn of its own. */
  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.#streams.queue(this)
  }

  /** Its `finally` runs: now where it stands at a yield, else when it gets there. */
  leave(): void {
    this.#over = true
    // A generator that runs can't be told; an asynchronous one can, and heeds it when its step is done.
    if (this.#left || this.#ended || (this.#busy && !this.#isAsync)) return
    this.#left = true
    const { call } = this
    let left: unknown
    const before = this.#streams.enter(call)
    try {
      left = this.#steps.return?.(undefined)
    } catch (error) {
      this.#streams.leave(call, before)
      this.#end(error, true)
      return
    }
    this.#streams.leave(call, before)
    if (isThenable(left)) left.then(() => this.#end(undefined, false), this.#threw)
    else this.#end(undefined, false)
  }

  readonly #goOn = (step: Step): void => {
    this.#stepped(step)
    this.run()
  }

  readonly #threw = (error: unknown): void => this.#end(error, true)

  #stepped({ value, done }: Step): void {
    // As `for await` does with what a plain generator gives.
    if (!this.#isAsync && isThenable(value)) {
      value.then((settled) => this.#goOn({ value: settled, done: done === true } as Step), this.#threw)
      return
    }
    this.#busy = false
    if (this.#left) return // what return gives ends it
    if (done) this.#end(value, false)
    else if (this.#over) this.leave()
    else this.#yielded(value)
  }

  #yielded(value: unknown): void {
    this.#credit--
    try {
      this.#streams.yielded(this, value)
    } catch (error) {
      // It can't be carried: the reader is told, and the generator ends here.
      this.#streams.fail(this.call, error)
      this.leave()
      return
    }
    // Of a tell nobody reads: it steps on when others had their turn.
    if (this.#credit === 0 && this.call.sequence === 0) this.grantLater(this.#window)
  }

  #end(value: unknown, threw: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#streams.ended(this, value, threw, this.#over)
    this.#over = true
  }
}
