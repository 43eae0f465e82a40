// What the actor layer keeps of an actor.

import type { ClassInfo } from './class-info.js'
import type { ActorHost } from './host.js'
import type { ActorRef } from './ref.js'

export interface ActorRecord {
  readonly host: ActorHost
  readonly info: ClassInfo
  readonly name: string | undefined
  readonly parent: ActorRef | undefined
  /** When it was first started: milliseconds by the clock of all threads, from the system's start. */
  readonly startedMs: number
  /** Makes the instance, each time; of an actor that is never made again it is let go, with the arguments that it holds. */
  make: () => object
  /** The supervision layer's own; undefined for an actor that nobody needs to know more of. */
  supervision: unknown
  children: Set<ActorRef> | undefined
  /** Calls of its own that it will be sent later. */
  delayed: Set<{ cancel(): boolean }> | undefined
  /** Under way, so that a second stop waits for the first. */
  stopping: Promise<void> | undefined
  /** onStop of the last instance has run, and no other was made. */
  retired: boolean
  /** Messages that it is to take at a time of its pool, from its next instance on; 0 where it does, or has none. */
  joins: number
}

/** A child has stopped. What is gone may have had another reference in the meantime. */
export function forgetChild({ children }: ActorRecord, child: ActorRef): void {
  if (children === undefined || children.delete(child)) return
  const id = String(child.actorId)
  for (const other of children) if (String(other.actorId) === id) children.delete(other)
}
