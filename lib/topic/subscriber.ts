// A subscription: an actor on the thread that reads, with what it was given and has not handed out.

import type { ActorContext, ActorId } from '../actor/index.js'

/** What became of a message at a subscriber. */
export interface Taken {
  readonly isTaken: boolean
  readonly answer: unknown
}

type OnMessage = (message: unknown) => unknown

export class Subscriber {
  readonly #most: number
  readonly #messages: unknown[] = []
  #wake: (() => void) | undefined
  #onMessage: OnMessage | undefined
  #last: Promise<unknown> = Promise.resolve()
  #isOver = false
  #isDropped = false
  #missed = 0

  #context: ActorContext | undefined
  readonly #brokerGone: () => void

  /** most: messages that may wait here. brokerGone: it has to subscribe again. */
  constructor(most: number, brokerGone: () => void) {
    this.#most = most
    this.#brokerGone = brokerGone
  }

  onStart(_id: ActorId, context: ActorContext): void {
    this.#context = context
  }

  onSignal(): void {
    if (!this.#isOver) this.#brokerGone()
  }

  /** A message. Not taken where there is no room, or the callback fails. */
  take(message: unknown): Taken | Promise<Taken> {
    if (this.#isOver) return { isTaken: false, answer: undefined }
    const onMessage = this.#onMessage
    if (onMessage !== undefined) return this.#call(onMessage, message)
    if (this.#messages.length >= this.#most) {
      this.#missed++
      return { isTaken: false, answer: undefined }
    }
    this.#messages.push(message)
    this.#wake?.()
    return { isTaken: true, answer: undefined }
  }

  /** One after another, in their order. */
  #call(onMessage: OnMessage, message: unknown): Promise<Taken> {
    const called = this.#last.then(async () => ({ isTaken: true, answer: await onMessage(message) }))
    this.#last = called.catch(() => undefined)
    return called
  }

  dropped(): void {
    this.#isDropped = true
    this._end()
  }

  // --- for whoever reads, on this thread

  async _watch(broker: object): Promise<void> {
    await this.#context?.watch(broker)
  }

  _listen(onMessage: OnMessage): void {
    this.#onMessage = onMessage
    for (const message of this.#messages.splice(0)) void this.#call(onMessage, message).catch(() => undefined)
  }

  get _isDropped(): boolean {
    return this.#isDropped
  }

  /** Messages that came while its buffer was full. */
  get _missed(): number {
    return this.#missed
  }

  _end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  /** The next message; undefined once it is over. */
  async _next(): Promise<{ readonly message: unknown } | undefined> {
    while (this.#messages.length === 0 && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.#messages.length > 0 ? { message: this.#messages.shift() } : undefined
  }
}
