// What stands on a thread for an actor that lives on another node: its cell has a mailbox like any other, and no methods, so
// that senders on all threads, their asks, their streams and their waiting for room are as with any actor.

import type { Cell } from './cell.js'

export abstract class StandIn {
  /** A message for the actor; sequence 0: nobody waits for an answer. It must not throw. */
  abstract message(
    cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    slot: number,
    ask: number,
    sequence: number,
  ): void

  /** The caller of a message has given it up; false where it is not under way. */
  abstract gaveUp(slot: number, ask: number, sequence: number): boolean

  /** The thread of that slot has died: what it asked for is nobody's any more. */
  abstract callerLost(slot: number): void

  /** What the engine says to a watcher. */
  abstract signalled(value: unknown): void

  /** Somebody in this process watches it; nobody does any more. */
  abstract watched(): void
  abstract unwatched(): void

  /** Stops the actor; false where it was gone. */
  abstract stop(drain: boolean): Promise<boolean>

  /** What its own thread says of it; undefined where it is gone. */
  abstract describe(): Promise<unknown>
}
