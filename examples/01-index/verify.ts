// --verify: the same counts as the plain program's, and how much faster.

import type * as pul from 'pulsing'
import { type Difference, differences } from './compare.js'
import { Job, type Outcome } from './job.js'
import type { Options } from './options.js'
import { PlainProcess } from './plain-process.js'

/** Pairs of runs that the speed-up is the median of; one, where a run takes long. */
const PAIRS = 3
const LONG_MS = 10_000
const SHOWN = 20

export interface Pair {
  readonly pipelineMs: number
  readonly plainMs: number
  readonly ratio: number
}

export interface Verified {
  /** The first of the differences, and how many there are. */
  readonly differences: readonly Difference[]
  readonly count: number
  readonly pairs: readonly Pair[]
  /** The median of the ratios. */
  readonly speedUp: number
}

/**
 * Compares the outcome of a job with the plain program's, then runs both by turns and compares their times. Gives undefined
 * when it was stopped.
 */
export async function verify(
  system: pul.ActorSystem,
  { folder, threads }: Options,
  job: Job,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<Verified | undefined> {
  const plain = new PlainProcess(folder)
  const stop = () => plain.close()
  signal.addEventListener('abort', stop)
  try {
    const first = await plain.run('words')
    const words = new Map<string, number>()
    for await (const [word, count] of job.words()) words.set(word, count)
    await job.close()
    const found: Difference[] = []
    let count = 0
    for (const difference of differences({ totals: outcome.totals, words }, first)) {
      count++
      if (found.length < SHOWN) found.push(difference)
    }

    const pairs: Pair[] = []
    const times = outcome.ms + first.ms > LONG_MS ? 1 : PAIRS
    while (pairs.length < times && count === 0 && !signal.aborted) {
      const again = await Job.start(system, threads, true)
      const { ms: pipelineMs } = await again.run(folder, signal)
      await again.close()
      const { ms: plainMs } = await plain.run('time')
      pairs.push({ pipelineMs, plainMs, ratio: plainMs / pipelineMs })
    }
    const ratios = pairs.map(({ ratio }) => ratio).sort((a, b) => a - b)
    return signal.aborted
      ? undefined
      : { differences: found, count, pairs, speedUp: ratios[ratios.length >> 1] ?? 0 }
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}
