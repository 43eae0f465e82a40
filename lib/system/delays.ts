// How long the event loop of a thread keeps what is ready waiting (contract 5.5): percentiles of the counts that native code
// makes all the time.

import { TURN_BUCKETS } from '../engine/index.js'

/** Milliseconds that what was ready waited for its turn of a thread's event loop, since the system was made. */
export interface EventLoopDelay {
  /** Half of the turns, and 99 of a hundred, took no longer than this; below 1 it is 0. To half an octave. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** counts: two buckets an octave of milliseconds, as native/core/frame.h has them. */
export function delayOf({ longestMs, counts }: { longestMs: number; counts: Int32Array }): EventLoopDelay {
  const of = (share: number) => Math.min(percentile(counts, share), longestMs)
  return { p50Ms: of(0.5), p99Ms: of(0.99), maxMs: longestMs }
}

function percentile(counts: Int32Array, share: number): number {
  // They wrap after four thousand million turns.
  const total = counts.reduce((sum, count) => sum + (count >>> 0), 0)
  let left = total * share
  for (const [bucket, count] of counts.entries()) {
    left -= count >>> 0
    if (left <= 0) return longestOf(bucket)
  }
  return 0
}

/** The longest turn that a bucket counts; the last one takes all that is longer. */
function longestOf(bucket: number): number {
  if (bucket === TURN_BUCKETS - 1) return Number.POSITIVE_INFINITY
  if (bucket < 2) return bucket
  const octave = 2 ** (bucket >> 1)
  return octave + (octave / 2) * ((bucket & 1) + 1) - 1
}
