import test from 'ava'
import { type ActorRef, queue } from 'pulsing'
import { event, rejection, start, thrown, until } from '../bed.js'
import { Mortal } from '../fixtures/mortal.js'
import { conformance, newTopic, type Order, orders } from './conformance.js'

conformance(test, 'memory', false, () => ({ options: {} }))

test('what can not be given to a queue is an error that names it', async (t) => {
  const system = await start()
  t.teardown(() => system.shutdown())
  const q = queue.of(system)
  const read = q.read.bind(q)
  const write = q.write.bind(q)
  const codes: [() => Promise<unknown>, string][] = [
    [() => read('nobody-wrote'), 'ERR_PULSING_QUEUE_NOT_FOUND'],
    [() => write(''), 'ERR_PULSING_INVALID_ARGUMENT'],
    [() => write('a b'), 'ERR_PULSING_INVALID_ARGUMENT'],
    [() => write(5 as never), 'ERR_PULSING_INVALID_ARGUMENT'],
    [() => write('t', { numBuckets: 0 }), 'ERR_PULSING_INVALID_OPTION'],
    [() => write('t', { buckets: 4 } as never), 'ERR_PULSING_INVALID_OPTION'],
    [() => write('t', { backend: 'redis' }), 'ERR_PULSING_BACKEND_NOT_FOUND'],
    [() => write('t', { retention: { maxAge: 1 } as never }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, rank: 0 }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, rank: 4, worldSize: 4 }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, bucketId: 4 }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, bucketIds: [0, 9] }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, bucketIds: [] }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, from: -1 }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, from: 'start' as never }), 'ERR_PULSING_INVALID_OPTION'],
    [() => read('t', { numBuckets: 4, group: 'a b' }), 'ERR_PULSING_INVALID_OPTION'],
  ]
  for (const [run, code] of codes) t.is((await rejection(run())).code, code, String(run))
  const reader = await read('t', { numBuckets: 4 })
  for (const bad of [{ limit: 0 }, { limit: -1 }, { timeoutMs: -1 }, { wait: 1 }, { many: 1 }])
    t.is((await rejection(reader.get(bad as never))).code, 'ERR_PULSING_INVALID_OPTION')
  const writer = await write('t')
  t.is((await rejection(writer.put({ id: 1 }, { idempotencyKey: '' }))).code, 'ERR_PULSING_INVALID_OPTION')
  t.is(thrown(() => queue.of({} as never)).code, 'ERR_PULSING_INVALID_ARGUMENT')
})

test('a bucket is lost with its thread: readers and writers are told, and it goes on empty', async (t) => {
  const system = await start({ threads: 1 })
  t.teardown(() => system.shutdown())
  const topic = newTopic()
  const gaps: unknown[] = []
  system.on('queueGap', (gap) => gaps.push(gap))
  const writer = await queue.of(system).write<Order>(topic, { numBuckets: 1 })
  const reader = await queue.of(system).read<Order>(topic)
  await writer.put(orders(10))
  t.is((await reader.get()).length, 10)
  const mortal = (await system.spawn(Mortal, { placement: { slot: 1 } })).asType(Mortal)
  const died = event(system, 'threadDied')
  await mortal.exit(1).catch(() => undefined)
  await died
  await writer.put(orders(5))
  const after = await reader.get({ wait: true })
  t.deepEqual([...after], orders(5))
  t.like(after.gaps[0], { from: 10, to: 0, reason: 'lost' })
  t.true(gaps.length >= 2, 'the writer says so too')
})

/** Another node's manager that takes no bucket, once it is told to say so. */
class Refuser {
  refuse!: () => void
  #refusing = new Promise<void>((resolve) => {
    this.refuse = resolve
  })

  async adopt(): Promise<never> {
    await this.#refusing
    throw new Error('there is no room')
  }
}

test('what comes while a bucket is to move, and stays, is written in its order, and each put settles', async (t) => {
  const system = await start()
  t.teardown(() => system.shutdown())
  const retention = { maxRecords: 20, whenFull: 'fail' as const }
  const writer = await queue.of(system).write<Order>(newTopic(), { numBuckets: 1, retention })
  await writer.put(orders(10))
  const manager = (await system.resolve('system/queue')).asAny()
  const spec = await manager.known?.(writer.topic)
  const opened = (await manager.open?.(spec, 0, '')) as { bucket: ActorRef }
  const refuser = new Refuser()
  const moving = rejection(opened.bucket.asAny().moveTo?.(await system.spawn(refuser)))
  const puts = [writer.put(orders(5, 10)), writer.put(orders(10, 15)), writer.put(orders(5, 25))]
  await until(async () => ((await writer.stats())[0]?.puts ?? 0) === 4)
  refuser.refuse()
  t.regex((await moving).message, /no room/)
  const settled = await Promise.allSettled(puts)
  t.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  t.is((settled[1] as PromiseRejectedResult).reason.code, 'ERR_PULSING_QUEUE_FULL')
  const reader = await queue.of(system).read<Order>(writer.topic)
  t.deepEqual([...(await reader.get())], [...orders(15), ...orders(5, 25)])
})
