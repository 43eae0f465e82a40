// A reference by name, which finds its actor when it is used.

import type { ActorRef } from '../actor/index.js'
import { type Clock, targetOf } from '../engine/index.js'
import type { AskOptions, TellOptions } from '../options/index.js'

/** Milliseconds after which the name is looked up again. */
const FRESH_MS = 5000

/**
 * An actor by its name (contract, section 2): looked up when first used, again after about 5 s, and when the actor found
 * last is gone. Made by `system.resolving().lazy(name)`, which looks nothing up, so the actor may be spawned later.
 */
export class LazyRef {
  readonly name: string
  readonly #clock: Clock
  readonly #find: () => Promise<ActorRef>
  #found: Promise<ActorRef> | undefined
  #foundAt = 0

  /** @internal Made by the system. */
  constructor(name: string, clock: Clock, find: () => Promise<ActorRef>) {
    this.#clock = clock
    this.name = name
    this.#find = find
  }

  /** The reference as of now. Throws ERR_PULSING_ACTOR_NOT_FOUND where no actor has the name. */
  async resolve(): Promise<ActorRef> {
    const now = this.#clock.now()
    const found = this.#found
    if (found !== undefined && now - this.#foundAt < FRESH_MS) {
      const ref = await found
      if (targetOf(ref)?.gone !== true) return ref
    }
    this.#foundAt = now
    this.#found = this.#find()
    try {
      return await this.#found
    } catch (error) {
      this.#found = undefined
      throw error
    }
  }

  /** As ActorRef.ask. Nothing is sent twice: an ask that meets a stopped actor fails, and the next looks the name up. */
  async ask(message: unknown, options?: AskOptions): Promise<unknown> {
    const ref = await this.resolve()
    try {
      return await ref.ask(message, options)
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'ERR_PULSING_ACTOR_STOPPED') this.#found = undefined
      throw error
    }
  }

  /** As ActorRef.tell; it resolves when the message was accepted. */
  async tell(message: unknown, options?: TellOptions): Promise<void> {
    await (await this.resolve()).tell(message, options)
  }

  toString(): string {
    return `LazyRef(${this.name})`
  }
}
