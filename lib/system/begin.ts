// How a thread of a system begins: the package is loaded, then a message says which slot it takes, then one that it is to end.

import { parentPort, workerData } from 'node:worker_threads'
import { setCurrentHost } from '../actor/index.js'
import { blame } from './blame.js'
import { setSystem } from './global.js'
import { LocalThread, type ThreadData } from './local.js'
import { hostLogger } from './log.js'
import { ActorSystem } from './system.js'
import { READY } from './workers.js'

/** What runs on the thread beside actors is given this, before anybody can ask the thread for anything. */
export interface ThreadBegun {
  readonly local: LocalThread
  readonly system: ActorSystem
  readonly maxMessageBytes: number
}

/** Called once, while the file that the thread begins with is loaded. */
export function beginThread(begun: (thread: ThreadBegun) => void = () => undefined): void {
  parentPort?.once('message', (slot: number) => begin(slot, begun))
}

function begin(slot: number, begun: (thread: ThreadBegun) => void): void {
  const data = (workerData as { pulsing: ThreadData }).pulsing
  const local: LocalThread = new LocalThread(
    data,
    slot,
    hostLogger(() => local),
  )
  setCurrentHost(local)
  const system = ActorSystem.onThread(local)
  setSystem(system)
  begun({ local, system, maxMessageBytes: data.maxMessageBytes })
  local.agent.outliving.reviveAll()

  // This thread ends: whose doing it is, is said before.
  let blamed = false
  const say = (error: unknown) => {
    if (!blamed && !local.thread.stopped) parentPort?.postMessage(blame(local, error))
    blamed = true
  }
  process.on('uncaughtExceptionMonitor', (error) => {
    if (process.listenerCount('uncaughtException') === 0) say(error) // else somebody catches it
  })
  process.on('exit', () => say(new Error()))
  parentPort?.once('message', () => {
    local.thread.stop()
    // What the actors left behind, timers and sockets, ends with the thread.
    process.exit(0)
  })
  parentPort?.unref()
  parentPort?.postMessage(READY)
}
