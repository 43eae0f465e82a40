// The base class for actors that handle messages themselves.

import type { ActorId } from './actor-id.js'
import type { ActorContext } from './context.js'

/** Why an actor stops. */
export type StopReason = 'stopped' | 'failed' | 'shutdown'

/**
 * Base class for an actor that takes messages as they are sent, by `ref.ask(message)` and `ref.tell(message)`. Its messages
 * are handled one at a time: the next waits for the promise of `receive` (contract, sections 2 and 3.1). Every hook is
 * optional, here as on a class given to `remote`.
 */
export abstract class Actor {
  /**
   * Runs before the first message. What it throws, or rejects with, ends the actor and rejects its spawn.
   * @param actorId the actor's own id
   * @param context what the actor knows of itself and its system
   */
  onStart?(actorId: ActorId, context: ActorContext): void | Promise<void>

  /**
   * Handles a message. What it gives, or resolves to, answers an ask; what it throws rejects it (contract, section 4).
   * @param message a copy of what was sent, the actor's own
   */
  receive?(message: unknown, context: ActorContext): unknown

  /** Runs when the actor has stopped taking messages. */
  onStop?(reason: StopReason): void | Promise<void>
}
