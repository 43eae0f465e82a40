import test from 'ava'
import { type ActorSystem, topic } from 'pulsing'
import { rejection, start, until } from '../bed.js'
import { cluster } from '../cluster/bed.js'
import { Mortal } from '../fixtures/mortal.js'

let system: ActorSystem
test.before(async () => {
  system = await start({ threads: 2 })
})
test.after.always(() => system.shutdown())

test('7.4: each subscriber is given what is published from then on, once, in the order of its publisher', async (t) => {
  const publisher = await topic.of(system).write<number>('orders')
  t.like(await publisher.publish(-1), { success: true, subscribed: 0, reached: 0 })
  const readers = await Promise.all([1, 2, 3].map(() => topic.of(system).read<number>('orders')))
  const published = Array.from({ length: 500 }, (_, i) => publisher.publish(i))
  const seen = await Promise.all(
    readers.map(async (reader) => {
      const all: number[] = []
      for await (const message of reader) if (all.push(message) === 500) break
      return all
    }),
  )
  for (const all of seen)
    t.deepEqual(
      all,
      Array.from({ length: 500 }, (_, i) => i),
    )
  t.true((await Promise.all(published)).every(({ subscribed }) => subscribed === 3))
  t.like(
    await publisher.publish(500, { mode: 'wait-all' }),
    { subscribed: 0, success: true },
    'the loops are left',
  )
})

test('7.4: publish says what each subscriber answered, and who failed or was slow', async (t) => {
  const publisher = await topic.of(system).write<number>('asked')
  const [good, bad, slow] = await Promise.all([1, 2, 3].map(() => topic.of(system).read<number>('asked')))
  good?.onMessage((n) => n * 2)
  bad?.onMessage(() => {
    throw new Error('no')
  })
  slow?.onMessage(() => new Promise(() => undefined))
  const first = await publisher.publish(21, { mode: 'best-effort', timeoutMs: 400 })
  t.like(first, { success: true, subscribed: 3, reached: 1, failed: 2, slow: 1, answers: [42] })
  const any = await publisher.publish(1, { mode: 'wait-any', timeoutMs: 400 })
  t.like(any, { success: true, answers: [2] })
  const all = await publisher.publish(1, { mode: 'wait-all', timeoutMs: 400 })
  t.false(all.success)
  await until(async () => (await publisher.publish(1, { mode: 'wait-all', timeoutMs: 400 })).success)
  t.true(bad?.isDropped)
  t.true(slow?.isDropped)
  t.false(good?.isDropped)
  const left: number[] = []
  for await (const message of bad ?? []) left.push(message)
  t.deepEqual(left, [], 'a reader that is dropped ends')
  await good?.close()
})

test('7.4: what a full buffer has no room for is missed, and counted', async (t) => {
  const publisher = await topic.of(system).write<number>('full')
  const reader = await topic.of(system).read<number>('full', { buffer: 2 })
  for (const n of [1, 2]) await publisher.publish(n, { mode: 'wait-all' })
  t.like(await publisher.publish(3, { mode: 'wait-all' }), { success: false, failed: 1 })
  t.is(reader.missed, 1)
  await reader.close()
  const left: number[] = []
  for await (const message of reader) left.push(message)
  t.deepEqual(left, [1, 2])
})

test('7.4: subscribers on all nodes are reached, and one that is gone with its node is none', async (t) => {
  const [a, b, c] = (await cluster(t, 3)) as [ActorSystem, ActorSystem, ActorSystem]
  const publisher = await topic.of(a).write<string>('news')
  const seen: string[] = []
  for (const [i, one] of [a, b, c].entries())
    (await topic.of(one).read<string>('news')).onMessage((text) => seen.push(`${i}${text}`))
  t.like(await publisher.publish('x', { mode: 'wait-all' }), { success: true, subscribed: 3, reached: 3 })
  t.deepEqual([...seen].sort(), ['0x', '1x', '2x'])
  await c.shutdown()
  t.like(await publisher.publish('y', { mode: 'wait-all' }), { success: true, subscribed: 2 })
})

test('a broker that dies with its thread takes its subscriptions along, and the next publish is right', async (t) => {
  const one = await start({ threads: 1 })
  t.teardown(() => one.shutdown())
  const publisher = await topic.of(one).write<number>('lost')
  const reader = await topic.of(one).read<number>('lost')
  t.like(await publisher.publish(1, { mode: 'wait-all' }), { reached: 1 })
  const mortal = (await one.spawn(Mortal, { placement: { slot: 1 } })).asType(Mortal)
  await mortal.exit(1).catch(() => undefined)
  await until(async () => (await publisher.publish(2, { mode: 'wait-all' })).reached === 1)
  await reader.close()
})

test('what can not be given to a topic is an error that names it', async (t) => {
  const of = topic.of(system)
  t.is((await rejection(of.write(''))).code, 'ERR_PULSING_INVALID_ARGUMENT')
  t.is((await rejection(of.read('a b'))).code, 'ERR_PULSING_INVALID_ARGUMENT')
  t.is((await rejection(of.read('a', { buffer: 0 }))).code, 'ERR_PULSING_INVALID_OPTION')
  const publisher = await of.write('bad')
  t.is((await rejection(publisher.publish(1, { mode: 'all' as never }))).code, 'ERR_PULSING_INVALID_OPTION')
  t.is((await rejection(publisher.publish(() => 1))).code, 'ERR_PULSING_NOT_SERIALIZABLE')
  t.is((await rejection(topic.write('x'))).code, 'ERR_PULSING_NOT_INITIALIZED')
})
