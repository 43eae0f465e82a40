import { Tinypool } from 'tinypool'
import { poolRows } from './pool-rows.js'

export const peer = 'tinypool'

export const scenarios = poolRows(() => {
  const pool = new Tinypool({
    filename: new URL('workers/task.js', import.meta.url).href,
    name: 'add',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1000,
  })
  return { ask: (message) => pool.run(message), close: () => pool.destroy() }
})
