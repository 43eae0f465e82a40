// An ask of a thread whose answer goes on to somewhere else: no promise is made, each thing that comes is handed on at once.

import type { AskTarget } from './asks.js'

/** Who hears what comes for an ask: a stream's reader, or a relay. */
export interface Reader {
  readonly target: AskTarget
  readonly method: number
  /** STREAMED where it takes a stream, else 0: a method that streams is an error then. */
  readonly takes: number
  /** Items that may be under way beyond what was taken. */
  readonly window: number
  /** Of the ask that it is; sequence 0 where none was made. */
  index: number
  sequence: number
  /** An item of a stream, and where its generator is. */
  item(value: unknown, slot: number, index: number, generation: number): void
  /** isPlain: it is a plain result, else what a generator returned. */
  ended(value: unknown, isPlain: boolean): void
  /** remote: the error is the actor's own. */
  failed(error: unknown, remote: boolean): void
  aborted(reason: unknown): void
}
