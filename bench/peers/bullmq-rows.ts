// BullMQ on a Redis server of its own: jobs are put in bulk, and worked off by one worker of the same process.

import { type ConnectionOptions, Queue, Worker } from 'bullmq'
import { type Entry, putAll, recordsOf, TEXT } from '../records.js'
import { check, perSecond, type Running, type Scenario } from '../scenario.js'
import { serveRedis } from '../servers.js'

const CONCURRENCY = 100

const OPTIONS = { removeOnComplete: true } as const

async function put(queue: Queue<Entry>, count: number, batch: number): Promise<number> {
  const jobs = recordsOf(batch).map((data) => ({ name: 'record', data, opts: OPTIONS }))
  const begun = performance.now()
  await putAll(count, batch, () => queue.addBulk(jobs))
  return performance.now() - begun
}

async function work(name: string, connection: ConnectionOptions, count: number): Promise<number> {
  let seen = 0
  let length = 0
  const begun = performance.now()
  await new Promise<void>((resolve, reject) => {
    const worker = new Worker<Entry>(
      name,
      async ({ data }) => {
        length += data.text.length
        if (++seen === count) setImmediate(() => worker.close().then(resolve, reject))
      },
      { connection, concurrency: CONCURRENCY },
    )
    worker.on('error', reject)
  })
  check('the bytes', length, count * TEXT.length)
  return performance.now() - begun
}

let topics = 0

type Run = (name: string, connection: ConnectionOptions, count: number) => Promise<number>

async function withRedis(isDurable: boolean, run: Run): Promise<Running> {
  const server = await serveRedis(isDurable)
  const connection = { host: '127.0.0.1', port: server.port }
  return {
    run: (count) => run(`t${++topics}`, connection, count),
    close: () => server.close(),
  }
}

async function withQueue<R>(
  name: string,
  connection: ConnectionOptions,
  use: (queue: Queue<Entry>) => Promise<R>,
): Promise<R> {
  const queue = new Queue<Entry>(name, { connection })
  try {
    return await use(queue)
  } finally {
    await queue.close()
  }
}

const putting =
  (batch: number): Run =>
  (name, connection, count) =>
    withQueue(name, connection, async (queue) => {
      const elapsedMs = await put(queue, count, batch)
      check('the jobs', await queue.getWaitingCount(), count)
      await queue.obliterate({ force: true })
      return perSecond(count, elapsedMs)
    })

const getting: Run = async (name, connection, wanted) => {
  const count = Math.ceil(wanted / 1000) * 1000
  await withQueue(name, connection, (queue) => put(queue, count, 1000))
  return perSecond(count, await work(name, connection, count))
}

/** name: of our rows, '' for those in memory. */
export function bullmqRows(name: string, isDurable: boolean): Scenario[] {
  const row = (of: string, sizes: Scenario['sizes'], run: Run): Scenario => ({
    name: `queue-${of}${name}`,
    unit: 'ops/s',
    operation: '',
    sizes,
    open: () => withRedis(isDurable, run),
  })
  return [
    row('put', { quick: 10_000, full: 50_000 }, putting(100)),
    row('put-1000', { quick: 10_000, full: 50_000 }, putting(1000)),
    row('put-one', { quick: 2000, full: 10_000 }, putting(1)),
    row('get', { quick: 5000, full: 20_000 }, getting),
  ]
}
