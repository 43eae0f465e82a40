import { parentPort } from 'node:worker_threads'
import { solutions } from '../../queens.js'
import type { Task } from '../plain-workers.js'

parentPort?.on('message', ({ size, shared }: Task) => {
  for (;;) {
    const task = Atomics.add(shared, 0, 1)
    if (task >= size * size) break
    Atomics.add(shared, 1, solutions(size, Math.floor(task / size), task % size))
  }
  parentPort?.postMessage('done')
})
