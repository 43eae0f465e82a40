// What holds for every backend of the queue (contract, section 7). A user's own can be run through it too.

import type { TestFn } from 'ava'
import { type ActorSystem, type QueueReader, type QueueWriteOptions, type QueueWriter, queue } from 'pulsing'
import { rejection, start } from '../bed.js'

export interface Order {
  readonly id: string
  readonly n: number
  readonly more?: unknown
}

export interface Conformed {
  /** A topic's options, for the backend. */
  readonly options: QueueWriteOptions
}

let topics = 0

/** A topic that nobody has used. */
export function newTopic(): string {
  return `topic-${process.pid}-${++topics}`
}

export const orders = (count: number, from = 0): Order[] =>
  Array.from({ length: count }, (_, i) => ({ id: `customer-${(from + i) % 50}`, n: from + i }))

/** All that there is, read in gets of some size. */
export async function readAll(reader: QueueReader<Order>, count: number, limit = 100): Promise<Order[]> {
  const all: Order[] = []
  while (all.length < count) all.push(...(await reader.get({ limit, wait: true, timeoutMs: 10_000 })))
  return all
}

/** In each bucket the order of writing; nothing twice, nothing missing. */
export function sameInBuckets(all: readonly Order[], written: readonly Order[]): boolean {
  const by = (list: readonly Order[]) => {
    const found = new Map<string, number[]>()
    for (const { id, n } of list) found.set(id, [...(found.get(id) ?? []), n])
    return JSON.stringify([...found].sort())
  }
  return by(all) === by(written)
}

/** durable: records are there when another system opens the same. */
export function conformance(
  test: TestFn,
  name: string,
  durable: boolean,
  prepare: () => Conformed | Promise<Conformed>,
): void {
  const title = (text: string) => `${text} (${name})`
  let system: ActorSystem
  let given: Conformed
  test.before(async () => {
    given = await prepare()
    system = await start({ threads: 2 })
  })
  test.after.always(() => system.shutdown())

  const open = async (more: QueueWriteOptions = {}, topic = newTopic()) => {
    const writer: QueueWriter<Order> = await queue.of(system).write(topic, { ...given.options, ...more })
    return { topic, writer, read: (options = {}) => queue.of(system).read<Order>(topic, options) }
  }

  test(
    title('7.1: records of one bucket are read in the order written, each once, by every reader'),
    async (t) => {
      const { writer, read } = await open()
      const written = orders(1000)
      const places = [
        ...(await writer.put(written.slice(0, 400))),
        ...(await Promise.all(written.slice(400, 500).map((order) => writer.put(order)))),
        ...(await writer.put(written.slice(500))),
      ]
      t.is(new Set(places.map(({ bucketId, offset }) => `${bucketId}/${offset}`)).size, 1000)
      for (const limit of [1, 7, 1000]) {
        const all = await readAll(await read(), 1000, limit)
        t.true(sameInBuckets(all, written), String(limit))
      }
      const stats = await writer.stats()
      t.is(
        stats.reduce((sum, { records }) => sum + records, 0),
        1000,
      )
    },
  )

  test(title('3.9: values arrive as they were, whatever they are'), async (t) => {
    const { writer, read } = await open({ numBuckets: 1 })
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    const more = [
      new Date(5),
      new Map([[1, new Set(['a'])]]),
      10n ** 30n,
      -0,
      Number.NaN,
      undefined,
      new Uint8Array([1, 2, 3]),
      'é\ud800',
      /a/g,
      { toJSON: 1 },
      Object.assign(new Array(2), { 1: 1 }),
      'x'.repeat(300_000),
    ]
    await writer.put(more.map((one, n) => ({ id: 'a', n, more: one })))
    await writer.put({ id: 'a', n: -1, more: cyclic })
    // Each by itself too, as one that JSON would not carry decides how all of its put are written.
    const texts = [
      'half \ud800',
      '\udc00',
      'a backslash before \\ud800',
      '\ufeffmark',
      { '\ud83d': 1 },
      ['\ud801'],
      1e300,
    ]
    for (const one of [...more, ...texts]) await writer.put({ id: 'a', n: 0, more: one })
    const all = await readAll(await read(), 2 * more.length + 1 + texts.length)
    const alone = all.splice(more.length + 1).map((record) => record.more)
    t.deepEqual(alone, [...more, ...texts])
    for (const [i, one] of more.entries()) t.deepEqual(all[i]?.more, one)
    const last = all.at(-1)?.more as { self: unknown }
    t.is(last.self, last)
  })

  test(
    title('7.2: a get that waits returns as soon as one record is there, or after its time with none'),
    async (t) => {
      const { writer, read } = await open()
      const reader = await read({ numBuckets: 4 })
      t.deepEqual([...(await reader.get())], [])
      t.deepEqual([...(await reader.get({ wait: true, timeoutMs: 20 }))], [])
      const waiting = reader.get({ wait: true })
      await writer.put({ id: 'a', n: 1 })
      t.deepEqual([...(await waiting)], [{ id: 'a', n: 1 }])
      const abort = new AbortController()
      const aborted = rejection(reader.get({ wait: true, signal: abort.signal }))
      abort.abort(new Error('enough'))
      t.is((await aborted).message, 'enough')
      await writer.put({ id: 'a', n: 2 })
      t.deepEqual([...(await reader.get({ wait: true }))], [{ id: 'a', n: 2 }])
      const closing = rejection(reader.get({ wait: true }))
      await reader.close()
      t.is((await closing).code, 'ERR_PULSING_QUEUE_CLOSED')
    },
  )

  test(title('7.2: where a reader begins, reset, for await, rank and worldSize'), async (t) => {
    const { writer, read } = await open({ numBuckets: 4 })
    const written = orders(200)
    await writer.put(written)
    const latest = await read({ from: 'latest' })
    t.is((await latest.get()).length, 0)
    await writer.put({ id: 'customer-0', n: 1000 })
    t.deepEqual([...(await latest.get())], [{ id: 'customer-0', n: 1000 }])
    const third = await read({ bucketId: 0, from: 3 })
    const whole = await read({ bucketId: 0 })
    const inBucket = [...(await whole.get({ limit: 1000 }))]
    t.deepEqual([...(await third.get({ limit: 1000 }))], inBucket.slice(3))
    await third.reset()
    t.deepEqual([...(await third.get({ limit: 1000 }))], inBucket)
    const seen: Order[] = []
    for await (const order of await read()) if (seen.push(order) === 201) break
    t.true(sameInBuckets(seen, [...written, { id: 'customer-0', n: 1000 }]))
    const ranks = await Promise.all([0, 1, 2].map((rank) => read({ rank, worldSize: 3 })))
    t.deepEqual(
      ranks.map(({ bucketIds }) => bucketIds),
      [[0, 3], [1], [2]],
    )
    const all = await Promise.all(ranks.map((reader) => reader.get({ limit: 1000 })))
    t.is(all.flat().length, 201)
  })

  test(title('7.2: a group goes on where it committed'), async (t) => {
    const { writer, read } = await open()
    await writer.put(orders(100))
    const first = await read({ group: 'workers' })
    const before = [...(await first.get({ limit: 60 }))]
    await first.commit()
    await first.get({ limit: 10 })
    const second = await read({ group: 'workers' })
    const after = await readAll(second, 40)
    t.true(sameInBuckets([...before, ...after], orders(100)))
    t.is((await (await read({ group: 'others' })).get({ limit: 1000 })).length, 100)
    t.is((await rejection((await read()).commit())).code, 'ERR_PULSING_INVALID_OPTION')
  })

  test(title('7.2: a put with an idempotencyKey is written once, however often it is tried'), async (t) => {
    const { writer, read } = await open()
    const places = await writer.put(orders(10), { idempotencyKey: 'once' })
    t.deepEqual(await writer.put(orders(10), { idempotencyKey: 'once' }), places)
    t.is((await (await read()).get({ limit: 1000 })).length, 10)
  })

  test(
    title('7.1: a record without its column, or that can not be written, writes nothing of its batch'),
    async (t) => {
      const { writer, read } = await open()
      t.is((await rejection(writer.put([{ id: 'a', n: 1 }, { n: 2 } as never]))).code, 400)
      t.is(
        (
          await rejection(
            writer.put([
              { id: 'a', n: 1 },
              { id: 'b', n: 2, more: () => 1 },
            ]),
          )
        ).code,
        'ERR_PULSING_NOT_SERIALIZABLE',
      )
      t.is((await rejection(writer.put(5 as never))).code, 400)
      t.is((await rejection(writer.put([{ id: {} } as never]))).code, 400)
      t.is(
        (await rejection(writer.put({ id: 'a', n: 1, more: 'x'.repeat(33 * 1024 * 1024) }))).code,
        'ERR_PULSING_MESSAGE_TOO_LARGE',
      )
      t.is((await (await read()).get()).length, 0)
      await writer.close()
      t.is((await rejection(writer.put({ id: 'a', n: 1 }))).code, 'ERR_PULSING_QUEUE_CLOSED')
    },
  )

  test(title('7.1: the numBuckets of a topic is what its first writer said'), async (t) => {
    const { topic, read } = await open({ numBuckets: 3 })
    const other = queue.of(system).write(topic, { ...given.options, numBuckets: 5 })
    t.is((await rejection(other)).code, 'ERR_PULSING_QUEUE_CONFLICT')
    t.is((await rejection(read({ numBuckets: 5 }))).code, 'ERR_PULSING_QUEUE_CONFLICT')
    t.is((await read()).numBuckets, 3)
  })

  test(title('a bucket keeps what its retention says, and a reader is told of what it missed'), async (t) => {
    const { writer, read } = await open({ numBuckets: 1, retention: { maxRecords: 50 } })
    const reader = await read()
    for (let i = 0; i < 10; i++) await writer.put(orders(10, i * 10))
    const records = await reader.get({ limit: 1000 })
    t.deepEqual([...records], orders(50, 50))
    t.like(records.gaps[0], { bucketId: 0, from: 0, to: 50, reason: 'dropped' })
    const full = await open({ numBuckets: 1, retention: { maxRecords: 15, whenFull: 'fail' } })
    await full.writer.put(orders(10))
    t.is((await rejection(full.writer.put(orders(10)))).code, 'ERR_PULSING_QUEUE_FULL')
    t.is((await (await full.read()).get({ limit: 1000 })).length, 10)
    const aged = await open({ numBuckets: 1, retention: { maxAgeMs: 1 } })
    await aged.writer.put(orders(10))
    await new Promise((settle) => setTimeout(settle, 10))
    await aged.writer.put(orders(1, 10))
    const [last] = await (await aged.read({ from: 10 })).get({ wait: true, timeoutMs: 100 })
    t.true(last === undefined || last.n === 10)
    t.true((await aged.writer.stats())[0]!.first >= 10)
  })

  test(title('many writers and readers of one topic at once, from actors of all threads too'), async (t) => {
    const { topic, read, writer } = await open()
    const writers = await Promise.all(
      Array.from({ length: 4 }, () => queue.of(system).write<Order>(topic, given.options)),
    )
    const readers = await Promise.all(Array.from({ length: 4 }, (_, rank) => read({ rank, worldSize: 4 })))
    const written = writers.map(async (one, w) => {
      for (let i = 0; i < 20; i++)
        await one.put(orders(50, 0).map(({ n }) => ({ id: `w${w}-${n % 5}`, n: i * 50 + n })))
    })
    const seen: Order[] = []
    const reading = readers.map(async (reader) => {
      while (seen.length < 4000) seen.push(...(await reader.get({ limit: 97, wait: true, timeoutMs: 50 })))
    })
    await Promise.all([...written, ...reading])
    t.is(seen.length, 4000)
    for (let w = 0; w < 4; w++)
      for (let k = 0; k < 5; k++) {
        const own = seen.filter(({ id }) => id === `w${w}-${k}`).map(({ n }) => n)
        t.deepEqual(
          own,
          [...own].sort((a, b) => a - b),
        )
        t.is(new Set(own).size, 200)
      }
    await writer.flush()
  })

  if (!durable) return
  test(title('what was put is there for the next system, with its offsets, groups and keys'), async (t) => {
    const topic = newTopic()
    const first = await start()
    t.teardown(() => first.shutdown())
    const writer = await queue.of(first).write<Order>(topic, { numBuckets: 3, ...given.options })
    const places = await writer.put(orders(100), { idempotencyKey: 'first' })
    const reader = await queue.of(first).read<Order>(topic, { group: 'g' })
    const before = [...(await reader.get({ limit: 40 }))]
    await reader.commit()
    await first.shutdown()

    const second = await start()
    t.teardown(() => second.shutdown())
    const again = await queue.of(second).read<Order>(topic, { group: 'g', ...given.options })
    t.is(again.numBuckets, 3, 'as it was stored')
    t.true(sameInBuckets([...before, ...(await readAll(again, 60))], orders(100)))
    const more = await queue.of(second).write<Order>(topic, given.options)
    t.deepEqual(await more.put(orders(100), { idempotencyKey: 'first' }), places)
    await more.put(orders(10, 100))
    t.is((await readAll(again, 10)).length, 10)
    const other = queue.of(second).write(topic, { ...given.options, numBuckets: 4 })
    t.is((await rejection(other)).code, 'ERR_PULSING_QUEUE_CONFLICT')
  })
}
