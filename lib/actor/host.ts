// What an actor's references and context need of its system; the system fills it in.

import type { Cell, Target, Thread } from '../engine/index.js'
import type { Logger, SpawnOptions, StopOptions } from '../options/index.js'
import type { LossReason, StopReason } from './actor.js'
import type { ActorRef } from './ref.js'

export interface ActorHost {
  readonly thread: Thread
  readonly nodeId: string
  /** When the system was made, by this thread's performance.now. */
  readonly madeMs: number
  readonly logger: Logger
  /** The public ActorSystem. */
  readonly system: object
  stop(target: Target, options: StopOptions | undefined): Promise<void>
  /** An actor of this thread ends itself, which a restart policy may undo (contract 5.1). */
  stopFromInside(cell: Cell): void
  spawn(what: object, options: SpawnOptions | undefined, parent: ActorRef | undefined): Promise<ActorRef>
  /** A child has stopped: its parent, on whatever thread, forgets it. */
  childStopped(parent: ActorRef, child: ActorRef): void
  /** An actor of this thread is gone for good. */
  ended(cell: Cell, reason: StopReason | LossReason): void
  /** The instance of an actor of this thread is no more, whether another is to come or not. */
  retired(cell: Cell): void
  watch(watcher: Cell, target: Target): Promise<void>
  unwatch(watcher: Cell, target: Target): void
}

let current: ActorHost | undefined

/** The system that init made on this thread; on an engine thread, the one it belongs to. */
export function currentHost(): ActorHost | undefined {
  return current
}

export function setCurrentHost(host: ActorHost | undefined): void {
  current = host
}
