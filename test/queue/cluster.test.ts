import test from 'ava'
import { type ActorSystem, queue } from 'pulsing'
import { events, rejection, until } from '../bed.js'
import { cluster, knowEachOther, node } from '../cluster/bed.js'
import { newTopic, type Order, orders, readAll, sameInBuckets } from './conformance.js'

/** Nodes of the buckets of a topic, as the managers say. */
async function holders(
  systems: readonly ActorSystem[],
  topic: string,
  numBuckets: number,
): Promise<string[][]> {
  return Promise.all(
    Array.from({ length: numBuckets }, async (_, bucketId) => {
      const holding = await Promise.all(
        systems.map(async (system) => {
          const manager = await system
            .resolve('system/queue', { nodeId: system.nodeId })
            .catch(() => undefined)
          const holds = (await manager?.asAny().holds?.(topic, bucketId)) as boolean | undefined
          return holds === true ? [system.nodeId] : []
        }),
      )
      return holding.flat()
    }),
  )
}

test('7.3: buckets are shared out over the nodes, and found from each of them', async (t) => {
  const systems = await cluster(t, 3)
  const topic = newTopic()
  const writers = await Promise.all(
    systems.map((system) => queue.of(system).write<Order>(topic, { numBuckets: 64 })),
  )
  await Promise.all(writers.map((writer, i) => writer.put(orders(300, i * 1000))))
  // Also those that no record has come to.
  t.is((await writers[0]?.stats())?.length, 64)
  const held = await holders(systems, topic, 64)
  t.true(held.every((nodes) => nodes.length === 1))
  t.is(new Set(held.flat()).size, 3)
  for (const system of systems) {
    const all = await readAll(await queue.of(system).read<Order>(topic), 900)
    t.is(new Set(all.map(({ n }) => n)).size, 900)
  }
  t.is(
    (await rejection(queue.of(systems[2] as ActorSystem).write(topic, { numBuckets: 4 }))).code,
    'ERR_PULSING_QUEUE_CONFLICT',
  )
})

test('7.3: as nodes come and go in good order, no record is lost, doubled or out of order, whatever is under way', async (t) => {
  const [a] = (await cluster(t, 1)) as [ActorSystem]
  const topic = newTopic()
  const writer = await queue.of(a).write<Order>(topic, { numBuckets: 32 })
  const reader = await queue.of(a).read<Order>(topic)
  const gaps = events(a, 'queueGap')
  let n = 0
  let writing = true
  let isWritten = false
  const written = (async () => {
    while (writing) {
      await writer.put(orders(20, n))
      n += 20
    }
  })()
  const seen: Order[] = []
  const reading = (async () => {
    while (!isWritten || seen.length < n)
      seen.push(...(await reader.get({ limit: 50, wait: true, timeoutMs: 100 })))
  })()
  const some = async () => {
    const from = n
    await until(() => n > from + 400)
  }
  await some()
  const b = await node(t, { nodeId: 'node-1', seeds: [a.addr as string] })
  await knowEachOther([a, b])
  await until(async () => (await holders([a, b], topic, 32)).flat().includes('node-1'))
  await some()
  const c = await node(t, { nodeId: 'node-2', seeds: [a.addr as string] })
  await knowEachOther([a, b, c])
  await until(async () => (await holders([a, b, c], topic, 32)).flat().includes('node-2'))
  await some()
  await b.shutdown()
  await some()
  await c.shutdown()
  await some()
  writing = false
  await written
  isWritten = true
  await reading
  t.is(seen.length, n)
  t.true(sameInBuckets(seen, orders(n)))
  t.deepEqual(gaps, [])
  t.is((await holders([a], topic, 32)).flat().length, 32)
})
