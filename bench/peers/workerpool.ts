import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { Add } from '../messages.js'
import { poolRows } from './pool-rows.js'

export const peer = 'workerpool'

export const scenarios = poolRows(() => {
  const pool = workerpool.pool(fileURLToPath(new URL('workers/workerpool.js', import.meta.url)), {
    maxWorkers: 1,
    workerType: 'thread',
  })
  // Its promises are of a class of its own.
  const ask = (message: Add) => pool.exec('add', [message]) as unknown as PromiseLike<unknown>
  return { ask, close: () => pool.terminate() as unknown as PromiseLike<unknown> }
})
