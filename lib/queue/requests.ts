// What buckets, managers, readers and writers tell each other.

import type { ActorRef } from '../actor/index.js'

/** A bucket, as `stats()` gives it. */
export interface BucketStats {
  readonly bucketId: number
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

/** What a manager answers to who looks for a bucket: the bucket, or the node to ask next. */
export type Opened = { readonly bucket: ActorRef; readonly epoch: string } | { readonly at: string }
