// A peer's call of an actor of this node: what comes for it goes back as frames.

import { type Reader, STREAMED, type Target, WINDOW_SHIFT } from '../engine/index.js'
import { errors, isPulsingError } from '../errors/index.js'
import { NONE } from '../wire/index.js'
import { END, ERROR, ITEM, VALUE } from './frames.js'
import type { Incoming } from './incoming.js'
import type { Link } from './link.js'

export class CallRelay implements Reader {
  readonly #incoming: Incoming
  readonly #link: Link
  readonly #request: number
  readonly target: Target
  readonly method: number
  readonly takes: number
  readonly window: number
  index = 0
  sequence = 0
  /** Where its generator is, once an item came. */
  #source: { readonly slot: number; readonly index: number; readonly generation: number } | undefined

  /** argc: as the frame says it. */
  constructor(incoming: Incoming, link: Link, request: number, target: Target, method: number, argc: number) {
    this.#incoming = incoming
    this.#link = link
    this.#request = request
    this.target = target
    this.method = method
    this.takes = argc & STREAMED
    this.window = this.takes === 0 ? 0 : argc >>> WINDOW_SHIFT
  }

  item(value: unknown, slot: number, index: number, generation: number): void {
    this.#source ??= { slot, index, generation }
    if (this.#link.put(ITEM, this.#request, NONE, NONE, NONE, true, value) > 0) return
    try {
      this.#link.send([ITEM, this.#request], { value, root: 'item' })
    } catch (error) {
      this.cancel()
      this.#answer(ERROR, error, 'item')
    }
  }

  ended(value: unknown, isPlain: boolean): void {
    this.#answer(isPlain ? VALUE : END, value, 'result')
  }

  failed(error: unknown, remote: boolean): void {
    this.#answer(ERROR, error, 'result')
    if (!remote) this.#incoming.failedHere(this.target, error)
  }

  aborted(): void {
    // It has no signal of its own.
  }

  /** Its reader took so many items. */
  taken(items: number): void {
    const source = this.#source
    const { thread } = this.#link.local
    if (source !== undefined) thread.sender.credit(source.slot, source.index, source.generation, items)
  }

  /** Nobody waits for it any more: its actor is told. */
  cancel(): void {
    this.#link.local.thread.asks.quit(this.index, this.sequence)
  }

  #answer(kind: number, value: unknown, root: string): void {
    this.#incoming.over(this.#request)
    if (kind === VALUE && this.#link.put(VALUE, this.#request, NONE, NONE, NONE, true, value) > 0) return
    try {
      this.#link.send([kind, this.#request], { value, root })
    } catch (error) {
      const known = isPulsingError(error) ? error : errors.internal('an answer could not be written', error)
      this.#link.send([ERROR, this.#request], { value: known, root })
    }
  }
}
