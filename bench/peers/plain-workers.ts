// Worker threads that share a counter of tasks and send each other nothing: what the machine's cores give at most.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SOLUTIONS } from '../queens.js'
import { check, type Scenario } from '../scenario.js'
import { THREADS } from '../threads.js'

export const peer = 'plain-workers'

/** Words that the workers share: the next task, and the solutions that were found. */
const WORDS = 2

export interface Task {
  readonly size: number
  readonly shared: Int32Array
}

/** Gives the milliseconds it took. */
async function solve(workers: readonly Worker[], size: number): Promise<number> {
  const shared = new Int32Array(new SharedArrayBuffer(WORDS * 4))
  const begun = performance.now()
  await Promise.all(
    workers.map(async (worker) => {
      const done = once(worker, 'message')
      worker.postMessage({ size, shared } satisfies Task)
      await done
    }),
  )
  const elapsedMs = performance.now() - begun
  check('the number of solutions', shared[1], SOLUTIONS[size])
  return elapsedMs
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'parallel-speedup',
    unit: 'ratio',
    operation: 'the same by worker threads that take tasks by a shared counter',
    sizes: { quick: 14, full: 15 },
    warmUp: 1,
    open: async () => {
      const workers = Array.from(
        { length: THREADS },
        () => new Worker(new URL('workers/plain-queens.js', import.meta.url)),
      )
      await Promise.all(workers.map((worker) => once(worker, 'online')))
      return {
        run: async (size) => (await solve(workers.slice(0, 1), size)) / (await solve(workers, size)),
        close: async () => {
          await Promise.all(workers.map((worker) => worker.terminate()))
        },
      }
    },
  },
]
