import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { QueueWriteOptions } from 'pulsing'
import { Queuer, type QueuerProxy } from '../actors/queuer.js'
import { withNode } from '../nodes.js'
import { perSecond, type Running, type Scenario } from '../scenario.js'
import { serveNats } from '../servers.js'
import { HERE, patient, withSystem } from '../system.js'

let topics = 0

interface Kept {
  readonly backendOptions: Record<string, unknown>
  close(): unknown
}

/** Where the records of a backend are. */
async function keep(backend: string): Promise<Kept> {
  if (backend === 'jetstream') {
    const { port, close } = await serveNats()
    return { backendOptions: { servers: `127.0.0.1:${port}` }, close }
  }
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-bench-'))
  const close = () => rmSync(folder, { recursive: true, force: true })
  return { backendOptions: backend === 'lmdb' ? { folder } : {}, close }
}

/** far: of a cluster of two nodes. */
async function withQueue(backend: string, far: boolean, prepare: Prepare): Promise<Running> {
  const { backendOptions, close } = await keep(backend)
  const open = async () =>
    prepare(
      patient(await Queuer.options(HERE).spawn()),
      { backend, backendOptions },
      far ? elsewhere : anywhere,
    )
  const running = far ? await withNode(undefined, open) : await withSystem(open)
  return {
    run: running.run,
    close: async () => {
      await running.close()
      await close()
    },
  }
}

/** Gives a topic that nobody has used. */
type NewTopic = (queuer: QueuerProxy, options: QueueWriteOptions) => string | Promise<string>

const anywhere: NewTopic = () => `t${++topics}`
/** One whose buckets are all on the other node. */
const elsewhere: NewTopic = (queuer, options) => queuer.topicElsewhere(`t${++topics}`, options)

type Prepare = (queuer: QueuerProxy, options: QueueWriteOptions, newTopic: NewTopic) => Running['run']

const putting =
  (batch: number): Prepare =>
  (queuer, options, newTopic) =>
  async (count) =>
    perSecond(count, await queuer.put(await newTopic(queuer, options), options, count, batch))

const getting =
  (batch: number): Prepare =>
  (queuer, options, newTopic) =>
  async (count) => {
    const topic = await newTopic(queuer, options)
    await queuer.put(topic, options, count, 1000)
    return perSecond(count, await queuer.get(topic, count, batch))
  }

interface Sizes {
  readonly quick: number
  readonly full: number
}

const rows = (backend: string, name: string, sizes: Sizes, far = false): readonly Scenario[] => [
  {
    name: `queue-put${name}`,
    unit: 'ops/s',
    operation: `one record of 200 bytes, put in batches of 100 and flushed, ${backend}`,
    sizes,
    open: () => withQueue(backend, far, putting(100)),
  },
  {
    name: `queue-put-1000${name}`,
    unit: 'ops/s',
    operation: `the same in batches of 1,000, ${backend}`,
    sizes,
    open: () => withQueue(backend, far, putting(1000)),
  },
  {
    name: `queue-get${name}`,
    unit: 'ops/s',
    operation: `one record of 200 bytes, read in gets of 100, ${backend}`,
    sizes,
    open: () => withQueue(backend, far, getting(100)),
  },
]

/** The same one at a time: each put is awaited. */
const one = (backend: string, name: string, sizes: Sizes): Scenario => ({
  name: `queue-put-one${name}`,
  unit: 'ops/s',
  operation: `one record of 200 bytes, put by itself, 16 puts under way, ${backend}`,
  sizes,
  open: () => withQueue(backend, false, putting(1)),
})

/** Memory that is used again, as in a service that has been up for a while. */
const BOUNDED = { retention: { maxBytes: 16 * 1024 * 1024 } }

export const scenarios: readonly Scenario[] = [
  ...rows('memory', '', { quick: 200_000, full: 1_000_000 }),
  {
    name: 'queue-put-1000-bounded',
    unit: 'ops/s',
    operation: 'one record of 200 bytes, put in batches of 1,000 and flushed, memory, 16 MiB a bucket',
    sizes: { quick: 400_000, full: 1_000_000 },
    open: () =>
      withQueue('memory', false, (queuer, options) => {
        const topic = `t${++topics}`
        return async (count) =>
          perSecond(count, await queuer.put(topic, { ...options, ...BOUNDED }, count, 1000))
      }),
  },
  one('memory', '', { quick: 20_000, full: 100_000 }),
  ...rows('memory', '-far', { quick: 200_000, full: 1_000_000 }, true),
  ...rows('lmdb', '-lmdb', { quick: 100_000, full: 500_000 }),
  one('lmdb', '-lmdb', { quick: 10_000, full: 50_000 }),
  ...rows('jetstream', '-jetstream', { quick: 50_000, full: 300_000 }),
  one('jetstream', '-jetstream', { quick: 5000, full: 20_000 }),
]
