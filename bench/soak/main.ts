// npm run soak -- [--minutes 60] [--rate 20000]
// A steady load for so long, and what memory it takes: a line a minute, and at the end whether it has grown.

import * as pul from 'pulsing'
import { Counter } from '../actors/counter.js'
import { Echo } from '../actors/echo.js'
import { above0, given } from '../command.js'
import { median } from '../measure.js'
import { THREADS } from '../threads.js'
import { comeAndGo, Gauge, Worker } from './actors.js'

const [minutes = 0, rate = 0] = above0(
  given({ minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '20000' } }),
  'minutes',
  'rate',
)

const MIB = 2 ** 20
const TURN_MS = 20
const LOOK_MS = 60_000
/** Beside its calls and messages, what a turn does once. */
const EVERY_TURNS = 25

await pul.init({ threads: THREADS })
const slots = Array.from({ length: THREADS }, (_, i) => i + 1)
const at = (slot: number) => ({ placement: { slot } })
const gauges = await Promise.all(slots.map((slot) => Gauge.options(at(slot)).spawn()))
const workers = await Promise.all(
  slots.map(async (slot) => {
    const there = at(1 + (slot % THREADS))
    const echo = await Echo.options(there).spawn()
    const counter = await Counter.options(there).spawn()
    return Worker.options(at(slot)).spawn(echo as never, counter.ref)
  }),
)

interface Look {
  readonly minute: number
  readonly operations: number
  readonly heapMib: number
  readonly residentMib: number
}

async function look(minute: number, operations: number): Promise<Look> {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const engine = await Promise.all(gauges.map((gauge) => gauge.bytes()))
  const heap = engine.reduce((sum, bytes) => sum + bytes, heapUsed + external)
  const mib = (bytes: number) => Number((bytes / MIB).toFixed(2))
  return { minute, operations, heapMib: mib(heap), residentMib: mib(rss) }
}

let interrupted = false
process.once('SIGINT', () => {
  interrupted = true
})

const looks: Look[] = []
const begun = performance.now()
let operations = 0
let looked = begun
for (let turn = 0; !interrupted && performance.now() - begun < minutes * 60_000; turn++) {
  const due = begun + turn * TURN_MS
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
  const each = Math.ceil((rate * TURN_MS) / 1000 / workers.length / 2)
  const done = await Promise.all(workers.map((worker) => worker.turn(each)))
  operations += done.reduce((sum, one) => sum + one, 0)
  if (turn % EVERY_TURNS === 0) operations += await comeAndGo()
  if (performance.now() - looked < LOOK_MS) continue
  looked = performance.now()
  for (const isAll of await Promise.all(workers.map((worker) => worker.told())))
    if (!isAll) throw new Error('wrong answer: a message is missing, or came twice')
  const now = await look(Math.round((looked - begun) / 60_000), operations)
  looks.push(now)
  console.log(JSON.stringify(now))
}
await pul.shutdown()

/** The middle of a part of the looks. */
const middle = (from: number, to: number, of: keyof Look) =>
  median(looks.slice(Math.floor(looks.length * from), Math.ceil(looks.length * to)).map((one) => one[of]))
if (looks.length >= 4) {
  const [early, late] = [0.25, 0.75].map((from) => ({
    heapMib: middle(from, from + 0.25, 'heapMib'),
    residentMib: middle(from, from + 0.25, 'residentMib'),
  }))
  console.log(JSON.stringify({ operations, early, late }))
  // What leaks, leaks without end; a tenth is what two looks differ by.
  if ((late?.heapMib ?? 0) > (early?.heapMib ?? 0) * 1.1 + 1) {
    console.error(`The heaps have grown from ${early?.heapMib} to ${late?.heapMib} MiB.`)
    process.exitCode = 1
  }
}
