// The worker of the peer postMessage.

import { parentPort } from 'node:worker_threads'
import type { Add } from '../../messages.js'

export interface Bytes {
  op: string
  bytes: Uint8Array<ArrayBuffer>
}

/** What the worker takes, besides an integer and an array of tells. */
export type Question = Add | Bytes | { op: 'count' }

let sum = 0
parentPort?.on('message', (message: Question | number | Add[]) => {
  if (typeof message === 'number') {
    sum += message
  } else if (Array.isArray(message)) {
    for (const { n } of message) sum += n
  } else if (message.op === 'tell') {
    sum += (message as Add).n
  } else if (message.op === 'count') {
    parentPort?.postMessage(sum)
    sum = 0
  } else if (message.op === 'bytes') {
    parentPort?.postMessage((message as Bytes).bytes)
  } else if (message.op === 'move') {
    const { bytes } = message as Bytes
    parentPort?.postMessage(bytes, [bytes.buffer])
  } else {
    parentPort?.postMessage((message as Add).n + 1)
  }
})
