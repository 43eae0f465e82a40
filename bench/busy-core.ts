// A process beside the rows that keeps one core busy.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts it, does the work, and ends it by its id. */
export async function besideBusyCore<T>(work: () => Promise<T>): Promise<T> {
  const hog = spawn(process.execPath, [fileURLToPath(new URL('hog.js', import.meta.url))], {
    stdio: 'ignore',
  })
  const end = () => hog.kill('SIGKILL')
  process.on('exit', end)
  try {
    return await work()
  } finally {
    process.off('exit', end)
    end()
  }
}
