// Where an engine thread begins.

import { parentPort, workerData } from 'node:worker_threads'
import { setCurrentHost } from '../actor/index.js'
import { setSystem } from './global.js'
import { LocalThread, type ThreadData } from './local.js'
import { hostLogger } from './log.js'
import { ActorSystem } from './system.js'

const data = (workerData as { pulsing: ThreadData }).pulsing
const local: LocalThread = new LocalThread(
  data,
  hostLogger(() => local),
)
setCurrentHost(local)
setSystem(ActorSystem.onThread(local, data.arena))

parentPort?.once('message', () => {
  local.thread.stop()
  // What the actors left behind, timers and sockets, ends with the thread.
  process.exit(0)
})
parentPort?.unref()
parentPort?.postMessage('ready')
