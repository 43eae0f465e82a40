// What the two halves of a peer, calls to its actors and calls from it, need of the connection and of this node.

import type { LocalThread } from '../system/index.js'
import type { Plain } from '../wire/index.js'
import type { Classes } from './classes.js'
import type { NodeIdentity } from './refs.js'
import type { Tokens } from './tokens.js'

/** An actor's address as other nodes are told it: where it is, what admits to it, and the hash of its class. */
export interface ActorAddress {
  readonly slot: number
  readonly index: number
  readonly generation: number
  readonly token: string
  readonly hash: string
}

export interface Link {
  readonly nodeId: string
  readonly identity: NodeIdentity
  readonly local: LocalThread
  readonly classes: Classes
  readonly tokens: Tokens
  /** Puts a frame in the data lane; false where no more should follow until `drained` is called. */
  send(header: readonly Plain[], value?: Carried): boolean
  /** As send, of bytes that were made before. */
  sendBytes(frame: Uint8Array): boolean
  /** Makes a frame, whose memory is its own. Throws where the value can't be carried. */
  encode(header: readonly Plain[], value?: Carried): Uint8Array
  /**
   * A frame of numbers, and of a plain value where it has one, written straight into what goes out next. Gives its bytes; 0 where
   * it is none, or large: `encode` makes it then.
   * a to d: from the first that is NONE on none.
   */
  put(kind: number, a: number, b: number, c: number, d: number, hasValue: boolean, value: unknown): number
  control(header: readonly Plain[]): void
  /** More is queued than should be. */
  readonly isBlocked: boolean
  /** When a frame was sent last, by performance.now. */
  readonly usedMs: number
  /** What the class is called between nodes; its description has been said on this connection. */
  introduce(classId: number): string
}

/** A value of a frame. root: how it is called in messages of errors. */
export interface Carried {
  readonly value: unknown
  readonly root: string
}

/** Whether it can be a slot, an index or a generation, as a peer gives one. */
export function isWord(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32
}
