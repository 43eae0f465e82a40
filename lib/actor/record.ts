// What the actor layer keeps of an actor.

import type { ClassInfo } from './class-info.js'
import type { ActorHost } from './host.js'
import type { ActorRef } from './ref.js'

export interface ActorRecord {
  readonly host: ActorHost
  readonly info: ClassInfo
  readonly name: string | undefined
  readonly parent: ActorRef | undefined
  children: Set<ActorRef> | undefined
  /** Under way, so that a second stop waits for the first. */
  stopping: Promise<void> | undefined
}
