// What buckets, managers, readers and writers tell each other.

import type { ActorRef } from '../actor/index.js'
import { PulsingTimeoutError } from '../errors/index.js'

/** A bucket, as `stats()` gives it. */
export interface BucketStats {
  readonly bucketId: number
  /** The node that has it. */
  readonly nodeId: string
  /** Text that is another one when the bucket began again empty. */
  readonly epoch: string
  /** Offset of the oldest record, and the one that the next record gets. */
  readonly first: number
  readonly next: number
  readonly records: number
  readonly bytes: number
  /** Readers that wait for a record. */
  readonly waiting: number
  /** Since it was opened on this node. */
  readonly puts: number
  readonly reads: number
}

/** A bucket as an observer of its node sees it. */
export interface QueueReport extends BucketStats {
  readonly topic: string
  readonly backend: string
}

/** A bucket as its writer sees it. */
export interface WriterStats extends BucketStats {
  /** How often it was lost with its memory, and began again empty, since this writer or reader was made. */
  readonly lost: number
}

/** What a manager answers to who looks for a bucket: the bucket, or the node to ask next. */
export type Opened = { readonly bucket: ActorRef; readonly epoch: string } | { readonly at: string }

/** What is found again elsewhere, or once more, may be there after all. */
const PASSING = new Set([
  'ERR_PULSING_ACTOR_NOT_FOUND',
  'ERR_PULSING_ACTOR_STOPPED',
  'ERR_PULSING_BUCKET_MOVED',
  'ERR_PULSING_CONNECTION_LOST',
  'ERR_PULSING_NAME_TAKEN',
  'ERR_PULSING_NODE_NOT_FOUND',
  'ERR_PULSING_THREAD_DIED',
])

/** Whether the bucket may be found elsewhere, so that what failed is worth another try. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(String((error as { code?: unknown } | null)?.code))
}

/** Whether what was asked may have been done all the same. */
export function isUnanswered(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 'ERR_PULSING_CONNECTION_LOST' || error instanceof PulsingTimeoutError
}
