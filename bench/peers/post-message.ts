// Node's own: a worker thread and its messages.

import { Worker } from 'node:worker_threads'
import { type Ask, askInSequence, askPipelined } from '../messages.js'
import { check, perSecond, type Running, type Scenario } from '../scenario.js'
import type { Question } from './workers/post-message.js'

export const peer = 'postMessage'

/** A worker, and questions to it that are answered in the order asked. */
export class Asked {
  readonly worker = new Worker(new URL('workers/post-message.js', import.meta.url))
  readonly #waiting: ((answer: unknown) => void)[] = []
  #first = 0

  constructor() {
    this.worker.on('message', (answer) => {
      const settle = this.#waiting[this.#first++]
      if (this.#first === 1024) {
        this.#waiting.splice(0, 1024)
        this.#first = 0
      }
      settle?.(answer)
    })
  }

  ask(message: Question, transfer?: ArrayBuffer[]): Promise<unknown> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.worker.postMessage(message, transfer)
    })
  }
}

export async function withWorker(run: (asked: Asked, size: number) => Promise<number>): Promise<Running> {
  const asked = new Asked()
  await asked.ask({ op: 'count' })
  return {
    run: (size) => run(asked, size),
    close: async () => {
      await asked.worker.terminate()
    },
  }
}

const asking = (asks: (ask: Ask, count: number) => Promise<number>) => () =>
  withWorker(async (asked, count) => perSecond(count, await asks((message) => asked.ask(message), count)))

const telling = (message: (i: number) => Question | number) => () =>
  withWorker(async (asked, count) => {
    const begun = performance.now()
    for (let i = 0; i < count; i++) asked.worker.postMessage(message(i))
    check('the sum', await asked.ask({ op: 'count' }), count)
    return perSecond(count, performance.now() - begun)
  })

const payload = (bytes: number) => () =>
  withWorker(async (asked, count) => {
    const sent = new Uint8Array(bytes)
    const begun = performance.now()
    for (let i = 0; i < count; i++) {
      const answer = (await asked.ask({ op: 'bytes', bytes: sent })) as Uint8Array
      check('the length of the answer', answer.length, bytes)
    }
    return perSecond(count, performance.now() - begun)
  })

const move = (bytes: number) => () =>
  withWorker(async (asked, count) => {
    let moving = new Uint8Array(bytes)
    const begun = performance.now()
    for (let i = 0; i < count; i++) {
      moving = (await asked.ask({ op: 'move', bytes: moving }, [moving.buffer])) as Uint8Array<ArrayBuffer>
    }
    const elapsedMs = performance.now() - begun
    check('the length of what came back', moving.length, bytes)
    return perSecond(count, elapsedMs)
  })

const row = (
  name: string,
  operation: string,
  quick: number,
  full: number,
  open: Scenario['open'],
): Scenario => ({ name, unit: 'ops/s', operation, sizes: { quick, full }, open })

const SIZES = [1024, 65_536, 1_048_576]

export const scenarios: readonly Scenario[] = [
  row(
    'pingpong-cross',
    'a message to a worker and one back, in sequence',
    20_000,
    50_000,
    asking(askInSequence),
  ),
  row('ask-host', 'a message to a worker and one back, in sequence', 20_000, 50_000, asking(askInSequence)),
  row('ask-pipelined', 'the same, 1,000 under way', 200_000, 500_000, asking(askPipelined)),
  row(
    'tell-cross',
    'a message { id, op, n } to a worker that adds; ends with a question for the sum',
    300_000,
    500_000,
    telling((i) => ({ id: i, op: 'tell', n: 1 })),
  ),
  row(
    'tell-cross-int',
    'the same with an integer',
    300_000,
    500_000,
    telling(() => 1),
  ),
  ...SIZES.map((size) =>
    row(
      `payload-${size}`,
      'bytes to a worker and back, copied',
      size > 100_000 ? 300 : 3000,
      size > 100_000 ? 500 : 5000,
      payload(size),
    ),
  ),
  ...SIZES.map((size) =>
    row(`move-${size}`, 'bytes to a worker and back, transferred', 5000, 10_000, move(size)),
  ),
]
