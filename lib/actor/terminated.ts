// What a watcher hears of an actor that is gone.

import type { LossReason, StopReason } from './actor.js'
import type { ActorRef } from './ref.js'

/**
 * Given to `onSignal` once for each actor that was watched and has stopped for good (contract 5.4): a restart is none.
 */
export class Terminated {
  /** The actor that was watched. */
  readonly ref: ActorRef
  /** Why it stopped; `thread-died` and `node-died` where it had no time to say. */
  readonly reason: StopReason | LossReason

  /** @internal Made by the system. */
  constructor(ref: ActorRef, reason: StopReason | LossReason) {
    this.ref = ref
    this.reason = reason
  }
}
