// node load.js <json>: asks an HTTP service for so long, and says what came of it to the process that has started it.

import { Agent, get } from 'node:http'
import { createHistogram } from 'node:perf_hooks'
import { text } from 'node:stream/consumers'

export interface Load {
  readonly port: number
  readonly durationMs: number
  readonly heavyUnderWay: number
  readonly lightEveryMs: number
  /** The answer of the heavy route. */
  readonly wanted: string
}

export interface Answered {
  readonly heavy: number
  readonly light: number
  readonly lightP99Ms: number
  readonly wrong: number
}

const { port, durationMs, heavyUnderWay, lightEveryMs, wanted } = JSON.parse(process.argv[2] ?? '') as Load
const agent = new Agent({ keepAlive: true, maxSockets: 1000 })
const until = performance.now() + durationMs
let wrong = 0

function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent }, (response) => text(response).then(resolve, reject)).once(
      'error',
      reject,
    )
  })
}

let heavy = 0
async function askHeavy(): Promise<void> {
  while (performance.now() < until) {
    if ((await ask('/heavy')) === wanted) heavy++
    else wrong++
  }
}

/** Each counts from when it was due, so that one that is late for the one before is seen to be. */
const latencies = createHistogram()
async function askLight(dueMs: number): Promise<void> {
  if ((await ask('/light')) !== 'light') wrong++
  latencies.record(Math.max(1, Math.round((performance.now() - dueMs) * 1000)))
}

async function askLightEach(): Promise<void> {
  const under: Promise<void>[] = []
  for (let due = performance.now(); due < until; due += lightEveryMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    under.push(askLight(due))
  }
  await Promise.all(under)
}

await Promise.all([askLightEach(), ...Array.from({ length: heavyUnderWay }, askHeavy)])
agent.destroy()
const answered: Answered = {
  heavy,
  light: latencies.count,
  lightP99Ms: latencies.percentile(99) / 1000,
  wrong,
}
process.send?.(answered)
process.disconnect?.()
