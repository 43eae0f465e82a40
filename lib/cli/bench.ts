// pulsing bench: a quick look at what this machine does, beside what Node does by itself. Not a measurement to publish.

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { EXIT, Failure } from './failure.js'
import { type Output, table } from './output.js'

/** A row: so many a second by actors, and by Node's own means. */
interface Row {
  readonly what: string
  readonly unit: string
  readonly pulsing: number
  readonly node: number
  readonly ratio: number
}

const MESSAGES = 300_000
const ASKS = 20_000
/** Asks under way at a time. */
const TOGETHER = 256
const ROUNDS = 2_000_000
const PIECES = 64

const WORKER = `
const { parentPort } = require('node:worker_threads')
const work = WORK
let noted = 0
parentPort.on('message', ({ what, value }) => {
  if (what === 'note') noted++
  else if (what === 'noted') { parentPort.postMessage({ value: noted }); noted = 0 }
  else if (what === 'echo') parentPort.postMessage({ value })
  else parentPort.postMessage({ value: work(value) })
})
`

export async function bench(out: Output, signal: AbortSignal): Promise<void> {
  const [pul, { BenchActor, work }] = await Promise.all([import('../index.js'), import('./bench-actors.js')])
  const system = await pul.actorSystem()
  const workers: Worker[] = []
  try {
    const threads = Math.min(availableParallelism(), 16)
    const startWorker = () => {
      const worker = new Worker(WORKER.replace('WORK', `(${work.toString()})`), { eval: true })
      workers.push(worker)
      return worker
    }
    const worker = startWorker()
    const ref = await system.spawn(BenchActor, { placement: { slot: 1 } })
    const actor = ref.asType(BenchActor)
    const rows: Row[] = []
    const add = (what: string, unit: string, pulsing: number, node: number) => {
      signal.throwIfAborted()
      rows.push({ what, unit, pulsing, node, ratio: pulsing / node })
    }

    const tell = pul.tell(actor)
    const told = await best(MESSAGES, async () => {
      const before = await actor.noted()
      for (let i = 0; i < MESSAGES; i++) {
        const full = tell.note({ value: i })
        if (full !== undefined) await full
      }
      check((await actor.noted()) - before, MESSAGES)
    })
    const posted = await best(MESSAGES, async () => {
      for (let i = 0; i < MESSAGES; i++) worker.postMessage({ what: 'note', value: i })
      check(await answer(worker, { what: 'noted' }), MESSAGES)
    })
    add('messages to another thread', 'messages/s', told, posted)

    const asked = await best(ASKS, async () => {
      for (let i = 0; i < ASKS; i += TOGETHER) {
        const answers = await Promise.all(Array.from({ length: TOGETHER }, (_, k) => actor.echo(i + k)))
        check(answers[TOGETHER - 1], i + TOGETHER - 1)
      }
    })
    const echoed = await best(ASKS, async () => {
      for (let i = 0; i < ASKS; i += TOGETHER) {
        const last = answers(worker, TOGETHER)
        for (let k = 0; k < TOGETHER; k++) worker.postMessage({ what: 'echo', value: i + k })
        check(await last, i + TOGETHER - 1)
      }
    })
    add(`calls, ${TOGETHER} under way`, 'calls/s', asked, echoed)

    const single = await best(ASKS, async () => {
      for (let i = 0; i < ASKS; i++) check(await actor.echo(i), i)
    })
    const singleNode = await best(ASKS, async () => {
      for (let i = 0; i < ASKS; i++) check(await answer(worker, { what: 'echo', value: i }), i)
    })
    add('calls, one by one', 'calls/s', single, singleNode)

    const pool = (await system.spawn(BenchActor, { instances: threads })).asType(BenchActor)
    const inPool = await best(PIECES, async () => {
      await Promise.all(Array.from({ length: PIECES }, () => pool.work(ROUNDS)))
    })
    const alone = await best(PIECES, async () => {
      for (let i = 0; i < PIECES; i++) work(ROUNDS)
    })
    add(`CPU work on ${threads} cores, beside one`, 'pieces/s', inPool, alone)

    out.print({ node: process.version, threads, rows }, () =>
      [
        table(
          ['', 'PULSING', 'NODE', 'RATIO', ''],
          rows.map((row) => [
            row.what,
            Math.round(row.pulsing).toLocaleString('en'),
            Math.round(row.node).toLocaleString('en'),
            `${row.ratio.toFixed(2)}x`,
            row.unit,
          ]),
        ),
        'The best of three runs each. NODE is postMessage between worker threads, and for CPU work the main thread alone.',
        'What was measured with care, and beside other runtimes, stands in docs/benchmarks.md.',
      ].join('\n'),
    )
  } finally {
    await Promise.all(workers.map((one) => one.terminate()))
    await system.shutdown()
  }
}

/** How many a second, the best of three. */
async function best(count: number, run: () => Promise<void>): Promise<number> {
  let bestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const begunMs = performance.now()
    await run()
    bestMs = Math.min(bestMs, performance.now() - begunMs)
  }
  return (count / bestMs) * 1000
}

function check(value: unknown, wanted: number): void {
  if (value !== wanted)
    throw new Failure(
      EXIT.failed,
      'wrong',
      `A run gave ${value} where ${wanted} was due: please report this.`,
    )
}

async function answer(worker: Worker, message: object): Promise<number> {
  const given = once(worker, 'message') as Promise<[{ value: number }]>
  worker.postMessage(message)
  return (await given)[0].value
}

/** The last of so many answers. */
function answers(worker: Worker, count: number): Promise<number> {
  return new Promise((resolve) => {
    let left = count
    const heard = ({ value }: { value: number }) => {
      if (--left > 0) return
      worker.off('message', heard)
      resolve(value)
    }
    worker.on('message', heard)
  })
}
