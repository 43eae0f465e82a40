import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type ActorSystem, queue } from 'pulsing'
import { freePort, type ServerProcess, serveNats } from '../../bench/servers.js'
import { rejection, start, until } from '../bed.js'
import { cluster } from '../cluster/bed.js'
import { conformance, newTopic, type Order, orders, readAll, sameInBuckets } from './conformance.js'

let server: ServerProcess
const options = () => ({ backend: 'jetstream', backendOptions: { servers: [`127.0.0.1:${server.port}`] } })

test.after.always(() => server?.close())

conformance(test, 'jetstream', true, async () => {
  server = await serveNats()
  return { options: options() }
})

test('7.3: a node that leaves takes nothing along, and doubles nothing', async (t) => {
  const [a, b] = (await cluster(t, 2)) as [ActorSystem, ActorSystem]
  const topic = newTopic()
  const writer = await queue.of(a).write<Order>(topic, { numBuckets: 8, ...options() })
  await writer.put(orders(200))
  await b.shutdown()
  await writer.put(orders(200, 200))
  const reader = await queue.of(a).read<Order>(topic)
  const all = await readAll(reader, 400, 10_000)
  t.true(sameInBuckets(all, orders(400)))
  t.is((await reader.get({ wait: true, timeoutMs: 50 })).length, 0)
})

test('puts at once are written in their order, also where others have written to the bucket meanwhile', async (t) => {
  // Two that know nothing of each other each take the bucket for theirs.
  const systems = [await start(), await start()]
  t.teardown(() => Promise.all(systems.map((system) => system.shutdown())))
  const topic = newTopic()
  const writers = await Promise.all(
    systems.map((system) => queue.of(system).write<Order>(topic, { numBuckets: 1, ...options() })),
  )
  for (let round = 0; round < 6; round++) {
    const writer = writers[round % 2]
    const puts = orders(30, round * 30).map((order) =>
      writer?.put(order, { idempotencyKey: `order ${order.n}` }),
    )
    const again = writer?.put({ id: 'x', n: -1, more: 'again' } as Order, {
      idempotencyKey: `order ${round * 30 + 3}`,
    })
    const written = await Promise.all(puts)
    t.deepEqual(
      written.map((one) => one?.offset),
      orders(30, round * 30).map((_, i) => round * 30 + i),
    )
    t.is((await again)?.offset, round * 30 + 3)
  }
  // By the one that has written last.
  const all = await readAll(await queue.of(systems[1] as ActorSystem).read<Order>(topic), 180, 10_000)
  t.deepEqual(all, orders(180))
})

test('a server that goes away in the middle is an error, and the same put again is written once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-nats-'))
  let own = await serveNats({ folder })
  const { port } = own
  const system: ActorSystem = await start()
  t.teardown(async () => {
    await system.shutdown()
    await own.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const writer = await queue.of(system).write<Order>(newTopic(), {
    numBuckets: 1,
    backend: 'jetstream',
    backendOptions: { servers: [`127.0.0.1:${port}`] },
  })
  await writer.put(orders(10))
  await own.close()
  const { code } = await rejection(writer.put(orders(10, 10), { idempotencyKey: 'second' }))
  t.is(code, 'ERR_PULSING_STORAGE_FAILED')
  own = await serveNats({ port, folder })
  await until(() =>
    writer.put(orders(10, 10), { idempotencyKey: 'second' }).then(
      () => true,
      () => false,
    ),
  )
  await writer.put(orders(10, 10), { idempotencyKey: 'second' })
  const reader = await queue.of(system).read<Order>(writer.topic)
  t.deepEqual([...(await reader.get({ limit: 100 }))], orders(20))
})

test('no server, and options that are none, are errors that say what to do', async (t) => {
  const system = await start()
  t.teardown(() => system.shutdown())
  for (const backendOptions of [{}, { servers: 5 }, { servers: [] }, { servers: 'x', more: 1 }])
    t.is(
      (await rejection(queue.of(system).write(newTopic(), { backend: 'jetstream', backendOptions }))).code,
      'ERR_PULSING_INVALID_OPTION',
    )
  const nobody = { backend: 'jetstream', backendOptions: { servers: `127.0.0.1:${await freePort()}` } }
  const { code, message } = await rejection(queue.of(system).write(newTopic(), nobody))
  t.is(code, 'ERR_PULSING_STORAGE_FAILED')
  t.true(message.includes('nats-server -js'), message)
})
