// A plain worker that is kept busy by small messages, and a timer on it.

import { parentPort } from 'node:worker_threads'
import { Ticker } from './actors.js'
import { burn } from './spread.js'

const ticker = new Ticker()
let taken = 0
parentPort?.on('message', (message: number | 'start' | 'end') => {
  if (message === 'start') ticker.start()
  else if (message === 'end') parentPort?.postMessage(ticker.end())
  else {
    burn(message)
    // Whoever sends keeps so many under way.
    if (++taken % 100 === 0) parentPort?.postMessage(taken)
  }
})
