import { Piscina } from 'piscina'
import { serviceRows, withService } from '../service.js'
import { THREADS } from '../threads.js'
import { poolRows } from './pool-rows.js'

export const peer = 'piscina'

const tasks = poolRows(() => {
  const pool = new Piscina({
    filename: new URL('workers/task.js', import.meta.url).href,
    name: 'add',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1000,
  })
  return { ask: (message) => pool.run(message), close: () => pool.destroy() }
})

const service = serviceRows((value) => {
  const pool = new Piscina({
    filename: new URL('workers/queens.js', import.meta.url).href,
    minThreads: THREADS,
    maxThreads: THREADS,
  })
  return withService(
    () => pool.run(undefined) as Promise<number>,
    () => pool.destroy(),
    value,
  )
})

export const scenarios = [...tasks, ...service]
