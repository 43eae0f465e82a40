import test from 'ava'
import { delayOf } from '../../lib/system/delays.js'

/** As native/core/frame.h counts. */
function bucketOf(ms: number): number {
  if (ms < 2) return ms
  const octave = 31 - Math.clz32(ms)
  return Math.min(2 * octave + ((ms >> (octave - 1)) & 1), 31)
}

test('percentiles of turns are within half an octave, and never above the longest', (t) => {
  const counts = new Int32Array(32)
  t.deepEqual(delayOf({ longestMs: 0, counts }), { p50Ms: 0, p99Ms: 0, maxMs: 0 })
  for (let ms = 0; ms < 1000; ms++) counts[bucketOf(ms)] = (counts[bucketOf(ms)] as number) + 1
  const { p50Ms, p99Ms, maxMs } = delayOf({ longestMs: 999, counts })
  t.true(p50Ms >= 499 && p50Ms <= 499 * 1.5, String(p50Ms))
  t.true(p99Ms >= 989 && p99Ms <= 999)
  t.is(maxMs, 999)
  const one = new Int32Array(32)
  one[bucketOf(100_000)] = 1
  t.is(delayOf({ longestMs: 100_000, counts: one }).p50Ms, 100_000) // the last bucket takes all that is longer
})
