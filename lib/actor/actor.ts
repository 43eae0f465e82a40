// The base class for actors that handle messages themselves.

import type { ActorId } from './actor-id.js'
import type { ActorContext } from './context.js'
import type { Terminated } from './terminated.js'

/**
 * Why an actor stops (contract, section 5): it was stopped, from outside or inside; it failed; it is made again because of a
 * neighbour that failed; its system ends.
 */
export type StopReason = 'stopped' | 'failed' | 'restarted' | 'shutdown'

/** Why a watched actor is gone, where it had no time to say: its thread died, or its node did, or left. */
export type LossReason = 'thread-died' | 'node-died'

/**
 * Base class for an actor that takes messages as they are sent, by `ref.ask(message)` and `ref.tell(message)`. Its messages
 * are handled one at a time: the next waits for the promise of `receive` (contract, sections 2 and 3.1). Every hook is
 * optional, here as on a class given to `remote`.
 */
export abstract class Actor {
  /**
   * Runs before the first message, and before the next one after a restart. What it throws, or rejects with, ends the actor
   * and rejects its spawn; after a restart it is one more failure.
   * @param actorId the actor's own id
   * @param context what the actor knows of itself and its system
   */
  onStart?(actorId: ActorId, context: ActorContext): void | Promise<void>

  /**
   * Handles a message. What it gives, or resolves to, answers an ask; what it throws rejects it (contract, section 4).
   * @param message a copy of what was sent, the actor's own
   */
  receive?(message: unknown, context: ActorContext): unknown

  /**
   * Runs when the instance takes no more messages: the actor stops, or another instance takes its place. After the death of a
   * thread it can't run. What it throws is logged.
   */
  onStop?(reason: StopReason): void | Promise<void>

  /**
   * Runs for an actor that `context.watch` watches and that has stopped, in turn with the messages. What it throws, or rejects
   * with, is a failure of this actor (contract 4.5).
   */
  onSignal?(signal: Terminated): void | Promise<void>
}
