// A backend of the user's own, through the same suite as the engine's.

import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { queue } from 'pulsing'
import { rejection, start, thrown } from '../bed.js'
import { conformance, newTopic, type Order, orders } from './conformance.js'
import { shelfBackend } from './own-backend.js'

conformance(test, 'one of one’s own', true, () => {
  queue.registerBackend('shelf', shelfBackend)
  return { options: { backend: 'shelf' } }
})

test('section 2: registerBackend says what can not be one, and what is registered nowhere is an error', async (t) => {
  for (const name of ['', 'a b', 'Shelf', 'memory', 'lmdb', 'jetstream', '-a', 5])
    t.is(
      thrown(() => queue.registerBackend(name as never, shelfBackend)).code,
      'ERR_PULSING_INVALID_ARGUMENT',
    )
  t.is(thrown(() => queue.registerBackend('x', 5 as never)).code, 'ERR_PULSING_INVALID_ARGUMENT')
  const system = await start()
  t.teardown(() => system.shutdown())
  const { code, message } = await rejection(queue.of(system).write(newTopic(), { backend: 'nobody' }))
  t.is(code, 'ERR_PULSING_BACKEND_NOT_FOUND')
  t.regex(message, /memory, lmdb, jetstream/)
})

test('a backend that can not be made, opened, written to or read is the caller’s error, and is tried again', async (t) => {
  const system = await start()
  t.teardown(() => system.shutdown())
  let fails: 'make' | 'open' | 'append' | 'read' | undefined = 'make'
  const failing = (at: string) => {
    if (fails === at) throw new Error(`no ${at}`)
  }
  queue.registerBackend('frail', async () => {
    await turn()
    failing('make')
    const whole = shelfBackend()
    return {
      ...whole,
      open: async (bucket, seed) => {
        failing('open')
        const store = await whole.open(bucket, seed)
        const { append, read } = store
        store.append = (batch) => {
          failing('append')
          return append.call(store, batch)
        }
        store.read = (from, limits) => {
          failing('read')
          return read.call(store, from, limits)
        }
        return store
      },
    }
  })
  const options = { numBuckets: 1, backend: 'frail' }
  const topic = newTopic()
  t.regex((await rejection(queue.of(system).write(topic, options))).message, /no make/)
  fails = 'open'
  const writer = await queue.of(system).write<Order>(topic, options)
  t.regex((await rejection(writer.put(orders(3)))).message, /no open/)
  fails = 'append'
  t.regex((await rejection(writer.put(orders(3)))).message, /no append/)
  fails = 'read'
  await writer.put(orders(3))
  const reader = await queue.of(system).read<Order>(topic, options)
  t.regex((await rejection(reader.get())).message, /no read/)
  fails = undefined
  t.deepEqual([...(await reader.get())], orders(3))
})
