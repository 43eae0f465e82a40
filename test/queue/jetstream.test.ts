import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type ActorSystem, queue } from 'pulsing'
import { rejection, start, until } from '../bed.js'
import { cluster } from '../cluster/bed.js'
import { conformance, newTopic, type Order, orders, readAll, sameInBuckets } from './conformance.js'
import { freePort, serve } from './nats-server.js'

const folder = mkdtempSync(join(tmpdir(), 'pulsing-nats-'))
let port: number
let server: ChildProcess
const options = () => ({ backend: 'jetstream', backendOptions: { servers: [`127.0.0.1:${port}`] } })

test.after.always(async () => {
  server?.kill()
  rmSync(folder, { recursive: true, force: true })
})

conformance(test, 'jetstream', true, async () => {
  port = await freePort()
  server = await serve(port, folder)
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

test('a server that goes away in the middle is an error, and the same put again is written once', async (t) => {
  const ownFolder = mkdtempSync(join(tmpdir(), 'pulsing-nats-'))
  const ownPort = await freePort()
  let own = await serve(ownPort, ownFolder)
  const system: ActorSystem = await start()
  t.teardown(async () => {
    await system.shutdown()
    own.kill()
    rmSync(ownFolder, { recursive: true, force: true })
  })
  const writer = await queue.of(system).write<Order>(newTopic(), {
    numBuckets: 1,
    backend: 'jetstream',
    backendOptions: { servers: [`127.0.0.1:${ownPort}`] },
  })
  await writer.put(orders(10))
  own.kill('SIGKILL')
  const { code } = await rejection(writer.put(orders(10, 10), { idempotencyKey: 'second' }))
  t.is(code, 'ERR_PULSING_STORAGE_FAILED')
  own = await serve(ownPort, ownFolder)
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
