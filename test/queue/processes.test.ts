// Buckets of nodes that are killed. npm run chaos:queue shakes all of that for as long as one likes.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { queue } from 'pulsing'
import { events, rejection, run, until } from '../bed.js'
import { memberOf, node } from '../cluster/bed.js'
import { NodeProcess } from '../cluster/processes.js'
import { newTopic, type Order, orders } from './conformance.js'

const { serial } = test
/** A death is known within a second. */
const QUICK = { probeMs: 100 }

serial(
  '7.3: memory of a node that is killed is lost, and everybody is told: a put, a get, an event, and stats',
  async (t) => {
    const a = await node(t, { ...QUICK, nodeId: 'a' })
    const b = await NodeProcess.start(t, { ...QUICK, nodeId: 'b', seeds: [a.addr as string] })
    await until(async () => (await memberOf(a, 'b'))?.status === 'alive' && (await b.alive()).length === 2)
    const topic = newTopic()
    const gaps = events(a, 'queueGap')
    const writer = await queue.of(a).write<Order>(topic, { numBuckets: 16 })
    const reader = await queue.of(a).read<Order>(topic)
    const before = await writer.put(orders(200))
    const seen = [...(await reader.get({ limit: 1000 }))]
    t.is(seen.length, 200)
    await b.kill()
    const again = { idempotencyKey: 'after' }
    t.is((await rejection(writer.put(orders(200, 200), again))).code, 'ERR_PULSING_BUCKET_LOST')
    // What went to a's buckets was written by then, and is not written twice.
    const after = await writer.put(orders(200, 200), again)
    const lost = new Set(
      after.filter(({ offset }, i) => offset < (before[i]?.offset ?? 0) + 1).map(({ bucketId }) => bucketId),
    )
    t.true(lost.size > 0 && lost.size < 16, `${lost.size} of 16 were with b`)
    const records = [...(await reader.get({ limit: 1000 }))]
    let more = await reader.get({ limit: 1000 })
    for (; more.length > 0; more = await reader.get({ limit: 1000 })) records.push(...more)
    t.deepEqual(
      records.map(({ n }) => n).sort(),
      orders(200, 200)
        .map(({ n }) => n)
        .sort(),
    )
    const told = new Set(gaps.filter(({ reason }) => reason === 'lost').map(({ bucketId }) => bucketId))
    t.deepEqual([...told].sort(), [...lost].sort())
    for (const stats of [await reader.stats(), await writer.stats()])
      for (const { bucketId, lost: times } of stats) t.is(times, lost.has(bucketId) ? 1 : 0)
  },
)

/** Each has a folder of its own, as on a machine of its own. */
function folders(t: ExecutionContext): (nodeId: string) => string {
  const all = mkdtempSync(join(tmpdir(), 'pulsing-queue-'))
  t.teardown(() => rmSync(all, { recursive: true, force: true }))
  return (nodeId) => {
    const folder = join(all, nodeId)
    mkdirSync(folder, { recursive: true })
    return folder
  }
}

serial(
  '7.3: buckets of lmdb are unavailable while their node is away, and there again when it is back with its folder',
  async (t) => {
    const of = folders(t)
    let a = await NodeProcess.start(t, { ...QUICK, nodeId: 'a' }, { cwd: of('a') })
    const asB = { ...QUICK, nodeId: 'b', seeds: [a.addr] }
    const b = await NodeProcess.start(t, asB, { cwd: of('b') })
    await until(async () => (await a.alive()).length === 2 && (await b.alive()).length === 2)
    const topic = newTopic()
    const options = {
      numBuckets: 16,
      backend: 'lmdb',
      backendOptions: { folder: 'queue' },
      timeoutMs: 20_000,
    }
    await a.do('put', topic, options, 0, 200)
    await b.kill()
    await until(async () => (await a.alive()).length === 1)
    const read = (bucketIds?: number[]) => a.do('get', topic, { ...options, bucketIds }) as Promise<number[]>
    const away = await rejection(read())
    t.is(away.code, 'ERR_PULSING_BUCKET_UNAVAILABLE')
    t.regex(away.message, /node b, which is away/)
    t.is((await rejection(a.do('put', topic, options, 200, 200))).code, 'ERR_PULSING_BUCKET_UNAVAILABLE')
    const each = await Promise.all(Array.from({ length: 16 }, (_, i) => read([i]).catch(() => 'away')))
    const kept = each.filter((some) => some !== 'away').flat() as number[]
    t.true(kept.length > 0 && each.includes('away'))
    // Nobody is left who has seen b.
    await a.kill()
    a = await NodeProcess.start(t, { ...QUICK, nodeId: 'a' }, { cwd: of('a') })
    t.is((await rejection(a.do('put', topic, options, 200, 200))).code, 'ERR_PULSING_BUCKET_UNAVAILABLE')
    t.is((await rejection(read())).code, 'ERR_PULSING_BUCKET_UNAVAILABLE')
    await NodeProcess.start(t, { ...asB, seeds: [a.addr] }, { cwd: of('b') })
    await until(async () => (await a.alive()).length === 2)
    const all = await read()
    t.deepEqual(
      all.filter((n) => n < 200).sort(),
      orders(200)
        .map(({ n }) => n)
        .sort(),
    )
  },
)

const program = join(resolve(dirname(fileURLToPath(import.meta.url)), '..'), 'chaos', 'queue', 'main.js')

for (const backend of ['memory', 'lmdb', 'jetstream'])
  serial(
    `7.2, 7.3: through chaos nothing that ${backend} promises to keep is lost, doubled or out of order`,
    async (t) => {
      const args = ['--backend', backend, '--rounds', '4', '--seed', '1']
      const ended = await run(program, { args, timeoutMs: 110_000 })
      t.is(ended.code, 0, ended.stdout + ended.stderr)
      const summary = JSON.parse(ended.stdout.trim().split('\n').at(-1) as string)
      t.log(ended.stdout.trim())
      t.true(summary.kills >= 1 && summary.leaves >= 1 && summary.joins >= 1)
    },
  )

const findings = { loss: /records are lost/, double: /twice/, swap: /out of order/ }

for (const [plant, found] of Object.entries(findings))
  serial(`a planted ${plant} of records is found`, async (t) => {
    const ended = await run(program, { args: ['--rounds', '1', '--plant', plant] })
    t.is(ended.code, 1)
    t.regex(ended.stderr, found)
    t.regex(ended.stderr, /Again: npm run chaos:queue -- --backend memory --seed 1 --from 0/)
  })
