import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import {
  type ActorSystem,
  init,
  PulsingBusinessError,
  PulsingTimeoutError,
  PulsingUnsupportedError,
  remote,
  type StreamCall,
  shutdown,
  stream,
  tell,
  withCall,
} from 'pulsing'
import { event, events, keepingLogger, rejection, start, thrown, turns, until } from '../bed.js'
import { Recorder } from '../fixtures/actors.js'
import { opened, SerialStreamer, Streamer } from '../fixtures/streaming.js'

const test = anyTest as TestFn
let system: ActorSystem
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test.before(async () => {
  system = await init({ threads: 2, logger: keepingLogger() })
})
test.after.always(() => shutdown())

async function all<Y>(items: AsyncIterable<Y>): Promise<Y[]> {
  const got: Y[] = []
  for await (const item of items) got.push(item)
  return got
}

/** What was given before it failed, and its error. */
async function failing<Y>(items: AsyncIterable<Y>): Promise<{ got: Y[]; error: Error & { code?: unknown } }> {
  const got: Y[] = []
  const error = await rejection(
    (async () => {
      for await (const item of items) got.push(item)
    })(),
  )
  return { got, error }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

type Proxy = Awaited<ReturnType<typeof Streamer.spawn>>

async function hasLeft(t: ExecutionContext, streamer: Proxy, times = 1): Promise<void> {
  await until(async () => (await streamer.state()).left >= times)
  t.is((await streamer.state()).left, times)
}

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'
  const spawn = () => Streamer.options({ placement }).spawn()

  test(`3.2: iterated, a generator's call gives its items in order, ${where}`, async (t) => {
    const streamer = await spawn()
    for (const count of [0, 1, 31, 32, 33, 1000]) {
      t.deepEqual(await all(streamer.sync(count)), upTo(count))
      t.deepEqual(await all(streamer.async(count)), upTo(count))
    }
    t.deepEqual(await all(streamer.promises()), [1, 2, 3])
    const [one, two] = await all(streamer.objects())
    t.deepEqual([one, two], [{ n: 1 }, { n: 2 }])
  })

  test(`3.2: awaited without being iterated, it gives the return value and drops the items, ${where}`, async (t) => {
    const streamer = await spawn()
    t.is(await streamer.sync(1000), '1000 made')
    t.is(await streamer.async(1000), '1000 made')
    t.is(await streamer.promises(), 'all')
    t.is((await rejection(streamer.fails(100))).code, 400)
  })

  test(`3.2: iterated and awaited, it gives both, and a second iteration goes on with the first, ${where}`, async (t) => {
    const streamer = await spawn()
    const call = streamer.sync(100)
    const ended = Promise.resolve(call)
    t.deepEqual(await all(call), upTo(100))
    t.is(await ended, '100 made')
    t.is(await call, '100 made')
    t.deepEqual(await all(call), [])
    const other = streamer.async(10)
    for await (const item of { [Symbol.asyncIterator]: () => ({ next: () => stream(other).next() }) })
      if (item === 4) break
    t.deepEqual(await all(other), [5, 6, 7, 8, 9])
  })

  test(`3.2: several calls of next may wait, and are answered in order, ${where}`, async (t) => {
    const streamer = await spawn()
    const items = stream(streamer.async(3))
    const steps = await Promise.all(Array.from({ length: 6 }, () => items.next()))
    const over = { value: undefined, done: true }
    t.deepEqual(steps, [
      { value: 0, done: false },
      { value: 1, done: false },
      { value: 2, done: false },
      { value: '3 made', done: true },
      over,
      over,
    ])
  })

  for (const kind of ['sync', 'async'] as const) {
    test(`3.2: a generator is never more than the window ahead of its reader, ${kind}, ${where}`, async (t) => {
      for (const streamWindow of [undefined, 1, 2, 7, 100]) {
        const most = streamWindow ?? 32
        const streamer = await spawn()
        const items = stream(withCall(streamer, { streamWindow })[kind](Number.POSITIVE_INFINITY))
        for (let read = 0; read <= 3 * most; read++) {
          const { made } = await streamer.state()
          t.true(made <= read + most, `${made} made, ${read} read of ${most}`)
          if (read % most === 0) {
            await until(async () => (await streamer.state()).made > read + (most >> 1))
            await turns()
            t.true((await streamer.state()).made <= read + most)
          }
          t.deepEqual(await items.next(), { value: read, done: false })
        }
        await items.return()
        await hasLeft(t, streamer)
      }
    })

    test(`3.4: leaving the loop ends the generator, and its finally runs, ${kind}, ${where}`, async (t) => {
      const streamer = await spawn()
      for await (const item of streamer[kind](Number.POSITIVE_INFINITY)) if (item === 100) break
      await hasLeft(t, streamer)
      const mine = new Error('mine')
      const looped = (async () => {
        for await (const _ of streamer[kind](Number.POSITIVE_INFINITY)) throw mine
      })()
      t.is(await rejection(looped), mine)
      await hasLeft(t, streamer, 2)
      const items = stream(streamer[kind](Number.POSITIVE_INFINITY))
      await items.next()
      t.is(await rejection(items.throw(mine)), mine)
      t.deepEqual(await items.next(), { value: undefined, done: true })
      await hasLeft(t, streamer, 3)
      {
        await using others = stream(streamer[kind](Number.POSITIVE_INFINITY))
        await others.next()
      }
      await hasLeft(t, streamer, 4)
      const call = streamer[kind](Number.POSITIVE_INFINITY)
      const unread = stream(call)
      t.deepEqual(await unread.return('enough'), { value: 'enough', done: true })
      t.is((await call) as unknown, undefined)
    })

    test(`3.1: other messages are handled between its items, ${kind}, ${where}`, async (t) => {
      const streamer = await spawn()
      const items = stream(streamer[kind](Number.POSITIVE_INFINITY))
      let read = 0
      const reading = (async () => {
        for await (const _ of items) read++
      })()
      for (let i = 0; i < 20; i++) t.is(await streamer.plain(), 'plain')
      await new Promise((settle) => setTimeout(settle, 5))
      t.true(read > 0)
      await items.return()
      await reading
    })
  }

  test(`4.2: what a generator throws comes after the items before it, ${where}`, async (t) => {
    const streamer = await spawn()
    for (const kind of ['fails', 'failsLater'] as const) {
      const { got, error } = await failing(streamer[kind](50))
      t.deepEqual(got, upTo(50))
      t.true(error instanceof PulsingBusinessError)
      t.is(error.code, 400)
      t.is(error.message, 'not a number')
      t.regex(String((error.cause as Error).stack), /streaming\./)
      t.regex(String(error.stack), /stream\.test\./)
    }
    t.is(await streamer.plain(), 'plain')
  })

  test(`3.9: an item that can't be carried ends the stream with its path, after those before it, ${where}`, async (t) => {
    const streamer = await spawn()
    const { got, error } = await failing(streamer.uncarried())
    t.deepEqual(got, [{ fine: true }])
    t.is(error.code, 'ERR_PULSING_NOT_SERIALIZABLE')
    t.regex(error.message, /^item\.deep\[0\] can't be sent/)
    await hasLeft(t, streamer)
    const { error: early } = await failing(streamer.sync((() => 1) as never))
    t.is(early.code, 'ERR_PULSING_NOT_SERIALIZABLE')
    t.regex(early.message, /^args\[0\]/)
  })

  test.serial(
    `3.3: no next item within its timeout is ERR_PULSING_STREAM_TIMEOUT, and ends the generator, ${where}`,
    async (t) => {
      const streamer = await spawn()
      const { got, error } = await failing(withCall(streamer, { timeoutMs: 300 }).waits(40))
      t.deepEqual(got, upTo(40))
      t.true(error instanceof PulsingTimeoutError)
      t.is(error.code, 'ERR_PULSING_STREAM_TIMEOUT')
      t.regex(error.message, /waits gave no next item within 300 ms/)
      await hasLeft(t, streamer)
      t.is((await streamer.state()).aborted, 'AbortError')
      const awaited = await rejection(withCall(streamer, { timeoutMs: 100 }).waits(40))
      t.is(awaited.code, 'ERR_PULSING_STREAM_TIMEOUT')
    },
  )

  test.serial(
    `3.3: the timeout is for each item, and does not run while nobody waits, ${where}`,
    async (t) => {
      const streamer = await spawn()
      const begun = performance.now()
      t.deepEqual(await all(withCall(streamer, { timeoutMs: 800 }).slow(6, 150)), upTo(6))
      t.true(performance.now() - begun > 800)
      const items = stream(withCall(streamer, { timeoutMs: 500 }).async(1000))
      t.is((await items.next()).value, 0)
      await new Promise((settle) => setTimeout(settle, 700))
      for (let i = 1; i < 1000; i++) t.is((await items.next()).value, i)
    },
  )

  test(`3.3, 3.4: an aborted signal ends the stream at once with its reason, ${where}`, async (t) => {
    const streamer = await spawn()
    const abort = new AbortController()
    const items = stream(withCall(streamer, { signal: abort.signal }).waits(10))
    t.is((await items.next()).value, 0)
    await until(async () => (await streamer.state()).made === 10)
    const reason = new Error('enough')
    abort.abort(reason)
    t.is(await rejection(items.next()), reason)
    t.deepEqual(await items.next(), { value: undefined, done: true })
    await hasLeft(t, streamer)
    t.is((await streamer.state()).aborted, 'AbortError')
    const late = stream(withCall(streamer, { signal: abort.signal }).sync(1))
    t.is(await rejection(late.next()), reason)
    t.is(await rejection(withCall(streamer, { signal: abort.signal }).sync(1)), reason)
    t.is((await streamer.state()).made, 10)
  })

  test(`3.4: callSignal works at any step of a generator, ${where}`, async (t) => {
    const streamer = await spawn()
    t.deepEqual(await all(streamer.signals()), [true, true, false])
  })

  test(`3.1: of an Actor one stream is under way at a time, and one that is left never begins, ${where}`, async (t) => {
    const serial = (await system.spawn(SerialStreamer, { placement })).asType(SerialStreamer)
    const items = stream(serial.ticks())
    t.is((await items.next()).value, 0)
    const waiting = stream(serial.ticks())
    void waiting.next()
    await waiting.return()
    await items.return()
    t.is(await serial.begun(), 1)
  })

  test(`3.8: a stop ends streams after what they gave, and their finally runs, ${where}`, async (t) => {
    const streamer = await spawn()
    const items = stream(streamer.waits(10))
    t.is((await items.next()).value, 0)
    await until(async () => (await streamer.state()).made === 10)
    await system.stop(streamer)
    const { got, error } = await failing(items)
    t.deepEqual(got, upTo(10).slice(1))
    t.is(error.code, 'ERR_PULSING_ACTOR_STOPPED')
    t.is((await failing(streamer.sync(1))).error.code, 'ERR_PULSING_ACTOR_STOPPED')
    const recorder = await Recorder.options({ placement: 'host' }).spawn()
    const other = await spawn()
    const said = stream(other.says(recorder))
    await said.next()
    await system.stop(other)
    await until(async () => (await recorder.count()) > 0)
    t.deepEqual(await recorder.list(), ['left'])
  })

  test(`3.8: stop with drain waits for what streams, ${where}`, async (t) => {
    const streamer = await spawn()
    const items = stream(streamer.async(500))
    t.is((await items.next()).value, 0)
    const stopped = system.stop(streamer, { drain: true })
    t.deepEqual(await all(items), upTo(500).slice(1))
    await stopped
  })

  test(`3.2: a tell of a generator runs it to its end, and its error is an unobservedError, ${where}`, async (t) => {
    const streamer = await spawn()
    tell(streamer).sync(1000)
    tell(streamer).async(1000)
    await hasLeft(t, streamer, 2)
    t.is((await streamer.state()).made, 2000)
    const id = String(streamer.ref.actorId)
    const seen = event(system, 'unobservedError', ({ actor }) => actor.includes(id))
    tell(streamer).fails(100)
    const { method, error } = await seen
    t.is(method, 'fails')
    t.is(error.message, 'not a number')
  })

  test(`3.2: an error of a stream that nobody saw is an unobservedError, one that was seen is none, ${where}`, async (t) => {
    const streamer = await spawn()
    const id = String(streamer.ref.actorId)
    const seen: string[] = []
    const listen = ({ actor, method }: { actor: string; method: string }) => {
      if (actor.includes(id)) seen.push(method)
    }
    system.on('unobservedError', listen)
    const ignored = () => {
      streamer.fails(3)
    }
    ignored()
    await failing(streamer.failsLater(3))
    await rejection(streamer.failsLater(3))
    const late = streamer.failsLater(3)
    await turns(5)
    t.is((await failing(late)).got.length, 3)
    await until(() => {
      collect()
      return seen.length > 0
    })
    await turns(5)
    collect()
    await turns(5)
    system.off('unobservedError', listen)
    t.deepEqual(seen, ['fails'])
  })

  test(`3.2: an error that nobody saw by the end is an event at shutdown, ${where}`, async (t) => {
    const own = await start()
    const seen = events(own, 'unobservedError')
    const streamer = (await own.spawn(Streamer, { placement })).asType(Streamer)
    const call = streamer.fails(1)
    await streamer.plain() // answered after what came before
    t.deepEqual(seen, [])
    await own.shutdown()
    t.deepEqual(
      seen.map(({ method }) => method),
      ['fails'],
    )
    t.is((await rejection(call)).message, 'not a number')
  })

  test(`3.4: what its own signal makes a generator throw is no event, ${where}`, async (t) => {
    const own = await start()
    const seen = events(own, 'unobservedError')
    const streamer = (await own.spawn(Streamer, { placement })).asType(Streamer)
    for (const error of [new Error('enough'), undefined]) {
      const abort = new AbortController()
      const items = stream(withCall(streamer, { signal: abort.signal }).throwsAborted())
      await items.next()
      await streamer.plain() // by now it waits
      abort.abort(error)
      await rejection(items.next())
    }
    await own.stop(streamer, { drain: true }) // waits for both
    await own.shutdown()
    t.deepEqual(seen, [])
  })

  test(`3.4: what a generator throws when its reader has left is an unobservedError, ${where}`, async (t) => {
    const streamer = await spawn()
    const id = String(streamer.ref.actorId)
    const seen = event(system, 'unobservedError', ({ actor }) => actor.includes(id))
    for await (const _ of streamer.failsToLeave()) break
    t.is((await seen).error.message, 'could not close')
    t.is(await streamer.plain(), 'plain')
  })

  test(`3.2: the calls of asAny are of the stream's form, whatever the method, ${where}`, async (t) => {
    const any = (await spawn()).ref.asAny()
    const call = (name: string, ...args: unknown[]) => any[name]?.(...args) as StreamCall<unknown, unknown>
    t.deepEqual(await all(call('sync', 40)), upTo(40))
    t.is(await call('sync', 40), '40 made')
    t.deepEqual(await all(call('plain')), ['plain'])
    t.is(await call('plain'), 'plain')
    t.deepEqual(await all(call('values')), [[1, 2]])
    t.deepEqual(await all(call('undeclared', 3)), [0, 1, 2])
    const { error } = await failing(call('nothing'))
    t.true(error instanceof PulsingUnsupportedError)
    t.is((await rejection(call('nothing'))).code, 'ERR_PULSING_UNSUPPORTED')
    const timed = withCall(any, { timeoutMs: 20 })
    t.is((await rejection(timed.waits?.(1000))).code, 'ERR_PULSING_STREAM_TIMEOUT')
    t.deepEqual(await all(withCall(any, { streamWindow: 1 }).sync?.(9) as never), upTo(9))
  })

  test(`3.2: a function that gives a generator streams where its class says so, ${where}`, async (t) => {
    const streamer = await spawn()
    t.deepEqual(await all(streamer.given(40)), upTo(40))
    t.is(await streamer.given(40), '40 made')
    t.deepEqual(await all(streamer.readable(40)), upTo(40))
    for await (const item of streamer.readable(1e6)) if (item === 100) break
    const error = await rejection(streamer.undeclared(3))
    t.true(error instanceof PulsingUnsupportedError)
    t.regex(error.message, /async \*undeclared\(\).*option streams.*asAny/)
    t.deepEqual(await streamer.values(), [1, 2])
    const serial = await system.spawn(SerialStreamer, { placement })
    t.regex((await rejection(serial.ask(1))).message, /receive gave a generator/)
  })

  test(`3.2: pul.stream is the same without then, ${where}`, async (t) => {
    const streamer = await spawn()
    const items = await opened(streamer.sync(100))
    t.false('then' in items)
    t.deepEqual(await all(items), upTo(100))
  })

  test(`3.9: items of any size arrive, moved ones too, ${where}`, async (t) => {
    const streamer = await spawn()
    for (const [count, bytes] of [
      [100, 3000],
      [100, 5000],
      [40, 1_000_000],
    ] as const) {
      for (const kind of ['chunks', 'moved'] as const) {
        let next = 0
        for await (const chunk of streamer[kind](count, bytes)) {
          t.is(chunk.length, bytes)
          t.true(chunk[0] === next && chunk[bytes - 1] === next)
          next++
        }
        t.is(next, count)
      }
    }
  })

  test(`3.2: a stream is read by an actor, and handed on, ${where}`, async (t) => {
    const source = await spawn()
    for (const slot of [1, 2]) {
      const other = await Streamer.options({ placement: { slot } }).spawn()
      t.deepEqual(await all(other.forward(source, 500)), upTo(500))
      t.is(await other.forward(source, 500), '500 made')
      t.is(await other.reads(source, 100), 5050)
    }
    await until(async () => (await source.state()).left === 6)
    for await (const item of source.forward(source, 1e9)) if (item === 100) break
    await until(async () => (await source.state()).left === 7)
  })
}

test('3.2: a pool streams from a free instance, which is free again when the stream ends, however that is', async (t) => {
  const pool = await Streamer.options({ instances: 3 }).spawn()
  const abort = new AbortController()
  const held = [1, 2, 3].map(() => stream(withCall(pool, { signal: abort.signal }).waits(3)))
  for (const items of held) t.is((await items.next()).value, 0)
  const waiting = rejection(withCall(pool, { timeoutMs: 30 }).plain())
  t.is((await waiting).code, 'ERR_PULSING_ASK_TIMEOUT')
  await held[0]?.return()
  t.is(await pool.plain(), 'plain')
  abort.abort()
  t.deepEqual(await Promise.all([1, 2, 3, 4, 5, 6].map(() => pool.async(100))), Array(6).fill('100 made'))
})

test('what is wrong with a stream is said', async (t) => {
  const streamer = await Streamer.options({ placement: 'host' }).spawn()
  for (const wrong of [undefined, null, 1, [], {}, streamer, streamer.plain()]) {
    const error = thrown(() => stream(wrong as never))
    t.is(error.code, 'ERR_PULSING_INVALID_ARGUMENT')
    t.regex(error.message, /argument call/)
  }
  for (const streamWindow of [0, -1, 1.5, 32_768, '3', Number.NaN])
    t.is(thrown(() => withCall(streamer, { streamWindow } as never)).code, 'ERR_PULSING_INVALID_OPTION')
  class Some {
    items(): number {
      return 1
    }
  }
  for (const streams of ['items', ['item'], [1], [null]])
    t.is(thrown(() => remote(import.meta.url, Some, { streams } as never)).code, 'ERR_PULSING_INVALID_OPTION')
})

test('more arguments than a call can have are an error that says so', async (t) => {
  for (const slot of [0, 1]) {
    const placement = slot === 0 ? 'host' : { slot }
    const streamer = await Streamer.options({ placement } as never).spawn()
    const many = Array.from({ length: 32_768 }, () => 0)
    const call = streamer as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
    for (const name of ['plain', 'sync']) {
      const error = await rejection(call[name]?.(...many))
      t.is(error.code, 'ERR_PULSING_INVALID_ARGUMENT')
      t.regex(error.message, new RegExp(`${name} can't be called with 32768 arguments`))
      t.is(thrown(() => (tell(streamer) as unknown as typeof call)[name]?.(...many)).message, error.message)
    }
    t.is(await call.plain?.(...many.slice(1)), 'plain')
    t.deepEqual(await all(call.sync?.(...[2, ...many.slice(2)]) as never), [0, 1])
  }
})
