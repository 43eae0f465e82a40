// References: where messages to an actor are sent.

import { giveTarget, type Target } from '../engine/index.js'
import {
  ASK_TIMEOUT_MS,
  type AskOptions,
  checkAskOptions,
  checkTellOptions,
  type TellOptions,
} from '../options/index.js'
import { ActorId } from './actor-id.js'
import type { AnyClass } from './class-info.js'
import type { ActorHost } from './host.js'
import { inspectedAs } from './inspect.js'
import { anyProxy, typedProxy } from './proxy.js'
import type { ActorProxy, AnyProxy } from './types.js'

/**
 * A reference to an actor, or to a pool of them. It can be sent in any message and arrives as a reference. One actor has
 * one reference on a thread, so two of them are the same actor where they are `===`.
 */
export class ActorRef {
  readonly #host: ActorHost
  readonly #target: Target

  /** @internal Made by the system. */
  constructor(host: ActorHost, target: Target) {
    this.#host = host
    this.#target = target
  }

  /** @internal Of the engine. */
  static hostOf(ref: ActorRef): ActorHost {
    return ref.#host
  }

  static {
    giveTarget(ActorRef, (ref) => ref.#target)
    inspectedAs(ActorRef, (ref) => ref.toString())
  }

  /** The id of the actor. */
  get actorId(): ActorId {
    const { slot, index, generation } = this.#target
    const { thread } = this.#host
    if (slot === thread.netSlot && index !== 0) {
      const text = thread.port.labelOf(generation)
      if (text !== '') return ActorId.parse(text)
    }
    return new ActorId(this.#host.nodeId, slot, index, generation)
  }

  /**
   * Sends a message to the actor's `receive` and gives its answer (contract 3.3, 3.5).
   * @param options.timeoutMs how long to wait, 30,000 unless set, Infinity for ever
   * @param options.signal rejects with its reason when aborted
   * @throws PulsingTimeoutError (ERR_PULSING_ASK_TIMEOUT), ERR_PULSING_ACTOR_STOPPED, ERR_PULSING_MAILBOX_FULL,
   *   ERR_PULSING_NOT_SERIALIZABLE, ERR_PULSING_MESSAGE_TOO_LARGE, and what the actor's code threw (contract, section 4)
   */
  ask(message: unknown, options?: AskOptions): Promise<unknown> {
    const { thread } = this.#host
    if (options === undefined)
      return thread.ask(this.#target, 0, 1, message, ASK_TIMEOUT_MS, undefined, false)
    const { timeoutMs, signal } = checkAskOptions(options)
    return thread.ask(this.#target, 0, 1, message, timeoutMs, signal, true)
  }

  /**
   * Sends a message and waits for no answer (contract 3.6). Gives undefined where the message was accepted; a promise of
   * its acceptance where the mailbox is full: awaiting it is back-pressure.
   * @param options.timeoutMs how long it may wait for room, for ever unless set
   * @param options.signal gives the message up
   * @throws ERR_PULSING_MAILBOX_FULL where the actor's overflow is `fail`, or too many messages wait unawaited;
   *   ERR_PULSING_NOT_SERIALIZABLE, ERR_PULSING_MESSAGE_TOO_LARGE
   */
  tell(message: unknown, options?: TellOptions): undefined | Promise<void> {
    if (options !== undefined && checkTellOptions(options).signal?.aborted)
      return Promise.reject(options.signal?.reason)
    return this.#host.thread.tell(this.#target, 0, 1, message, options)
  }

  /** A proxy whose methods are called by name, for a class that is not known here (contract, section 2). */
  asAny(): AnyProxy {
    return anyProxy(this.#host, this.#target)
  }

  /** The proxy of a class. Throws ERR_PULSING_CLASS_MISMATCH where the actor is of another. */
  asType<T extends object>(Class: abstract new (...args: never[]) => T): ActorProxy<T> {
    return typedProxy(this.#host, this.#target, Class as unknown as AnyClass) as ActorProxy<T>
  }

  /** Stops the actor: `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.stop(this.#target, undefined)
  }

  toString(): string {
    return `ActorRef(${this.actorId})`
  }
}
