// What the engine asks of the layers above it; the actor layer fills it in.

import type { Cell } from './cell.js'
import type { Target } from './target.js'

/** Why a message could not be delivered. */
export type DeadLetterReason =
  | 'stopped'
  | 'mailbox-full'
  | 'thread-died'
  | 'connection-lost'
  | 'shutdown'
  | 'not-handled'

export interface Hooks {
  /** The target of a reference or a proxy. */
  targetOf(ref: object): Target
  /** The reference that stands for the target on this thread. */
  refFor(target: Target): object
  /** A proxy of it. Its class is known. */
  proxyFor(target: Target): object
  /** Second argument of receive. */
  contextOf(cell: Cell): unknown
  /** The name of a method of the target's class, for messages. */
  methodName(target: Target, method: number): string
  /** Class and method, as a span is named. */
  callName(cell: Cell, method: number): string
  /** What a method threw, as its caller is to see it. */
  classify(thrown: unknown, cell: Cell, method: number): Error
  /** A method failed and nobody waits for its answer. */
  unobserved(error: Error, target: Target, method: number): void
  /** A message of the engine's own to the actor: what onSignal makes of it. */
  signal(cell: Cell, value: unknown): unknown
  /** A method failed with `error`, which its caller has been told: harm to the actor is decided here. */
  failed(error: Error, cell: Cell, method: number): void
  deadLetter(target: Target, method: number, message: unknown, reason: DeadLetterReason): void
  /** All actors of a slot that are older than the generation are gone. */
  threadDied(slot: number, before: number): void
  /** A name was given, or is free again. */
  namesChanged(): void
  /** A pool has no instance left. isOwn: the last one was of this thread, and the others do not know yet. */
  poolClosed(pool: number, isOwn: boolean): void
}
