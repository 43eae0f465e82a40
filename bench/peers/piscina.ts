import { Piscina } from 'piscina'
import { poolRows } from './pool-rows.js'

export const peer = 'piscina'

export const scenarios = poolRows(() => {
  const pool = new Piscina({
    filename: new URL('workers/task.js', import.meta.url).href,
    name: 'add',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1000,
  })
  return { ask: (message) => pool.run(message), close: () => pool.destroy() }
})
