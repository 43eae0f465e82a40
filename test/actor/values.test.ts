import anyTest, { type TestFn } from 'ava'
import { type ActorSystem, init, PulsingRuntimeError, share, shutdown, tell, transfer } from 'pulsing'
import { keepingLogger, rejection, start, thrown, until } from '../bed.js'
import { Counter, Echo, Recorder, Serial } from '../fixtures/actors.js'

const test = anyTest as TestFn
let system: ActorSystem
const MIB = 1024 * 1024

test.before(async () => {
  system = await init({ threads: 2, logger: keepingLogger(), maxMessageBytes: 8 * MIB })
})
test.after.always(() => shutdown())

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'

  test(`3.9: a message and an answer are the receiver's own copy, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const given = { list: [1], name: 'given' }
    const back = await echo.spoil(given)
    t.deepEqual(back, { list: [1, 99], name: 'spoilt' })
    t.deepEqual(given, { list: [1], name: 'given' })
    await echo.keep(given)
    given.list.push(2)
    const one = (await echo.getKept()) as typeof given
    t.deepEqual(one.list, [1])
    one.list.push(3)
    t.deepEqual(((await echo.getKept()) as typeof given).list, [1])
  })

  test(`3.9: a change right after a tell is not seen by the receiver, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const message = { n: 0 }
    const telling = tell(recorder)
    for (let i = 0; i < 100; i++) {
      message.n = i
      telling.push(message)
    }
    t.deepEqual(
      await recorder.list(),
      Array.from({ length: 100 }, (_, n) => ({ n })),
    )
  })

  test(`3.9: what structured clone carries arrives as it was, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const cycle: Record<string, unknown> = { name: 'cycle' }
    cycle.self = cycle
    const twice = { a: 1 }
    const values: unknown[] = [
      ...[
        0,
        -0,
        1.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        2 ** 53,
        -(2 ** 31),
        true,
        false,
        null,
        undefined,
      ],
      ...['', 'text', 'é\u{1f600}', '\ud800', 'x'.repeat(10_000), 10n ** 40n, -1n],
      ...[
        new Date(5),
        /a+b/giu,
        new Map([[{ k: 1 }, new Set([1, 'b'])]]),
        Object.assign(new Array(3), { 0: 1, 2: 3 }),
        { nested: [{ deep: [] }] },
      ],
      ...[new Uint8Array([1, 2]), new Float64Array([1.5]), new ArrayBuffer(3), new BigInt64Array([4n])],
      ...[twice, [twice, twice], Object.create(null), { ['__proto__']: 1 }, new Error('plain')],
    ]
    for (const value of values) t.deepEqual(await echo.echo(value), structuredClone(value))
    const back = (await echo.echo(cycle)) as typeof cycle
    t.is(back.self, back)
    const [one, other] = (await echo.echo([twice, twice])) as object[]
    t.is(one, other)
    t.deepEqual(await echo.all(...values.slice(0, 5)), values.slice(0, 5))
  })

  test(`3.9: aliases across the arguments of one call are kept, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const shared = { a: 1 }
    const [one, other] = (await echo.all(shared, shared)) as object[]
    t.is(one, other)
  })

  test(`3.9: an instance of a class arrives as a plain object, a Buffer as a Uint8Array, ${where}`, async (t) => {
    class Point {
      readonly x = 1
      readonly #secret = 2
      sum() {
        return this.x + this.#secret
      }
    }
    const echo = await Echo.options({ placement }).spawn()
    t.is(await echo.protoOf(new Point()), 'Object')
    t.deepEqual(await echo.echo(new Point()), { x: 1 })
    t.is(await echo.protoOf(Buffer.from('hi')), 'Uint8Array')
    t.deepEqual(await echo.echo(Buffer.from('hi')), new Uint8Array([104, 105]))
  })

  test(`an actor that answers with itself gives its fields, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    await echo.keep(5)
    t.deepEqual(await echo.me(), { kept: 5 })
    t.deepEqual(Reflect.ownKeys((await echo.me()) as object), ['kept'])
  })

  test(`3.9: what can't be carried fails at the send and names its path, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const serial = await system.spawn(Serial, { placement })
    const code = 'ERR_PULSING_NOT_SERIALIZABLE'
    const onClick = () => undefined
    const byAsk = await rejection(serial.ask({ user: { onClick } }))
    t.is(byAsk.code, code)
    t.true(byAsk instanceof PulsingRuntimeError)
    t.is((byAsk as PulsingRuntimeError).kind, 'serialization')
    t.regex(byAsk.message, /message\.user\.onClick/)
    const byTell = thrown(() => serial.tell({ list: [1, { s: Symbol('s') }] }))
    t.is(byTell.code, code)
    t.regex(byTell.message, /message\.list\[1\]\.s/)
    const byCall = await rejection(echo.all(1, { fn: onClick }))
    t.is(byCall.code, code)
    t.regex(byCall.message, /args\[1\]\.fn/)
    const first = await rejection(echo.echo({ fn: onClick }))
    t.regex(first.message, /args\[0\]\.fn/)
    const inTell = thrown(() => tell(echo).echo(new WeakMap()))
    t.is(inTell.code, code)
    t.is(await echo.echo('still there'), 'still there')
  })

  test(`3.9: an answer that can't be carried rejects the ask and names its path, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const error = await rejection(echo.uncarried())
    t.is(error.code, 'ERR_PULSING_NOT_SERIALIZABLE')
    t.regex(error.message, /result\.deep\.fn/)
    t.is(await echo.echo(1), 1)
  })

  test(`a getter that throws while a message is written rejects with that, and nothing is half sent, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const bad = {
      a: 1,
      get b() {
        throw new RangeError('from the getter')
      },
    }
    const error = await rejection(recorder.push(bad))
    t.regex(error.message, /from the getter|can't be sent/)
    t.throws(() => tell(recorder).push(bad))
    await recorder.push(1)
    t.deepEqual(await recorder.list(), [1])
  })

  test(`a send from within a getter of another message arrives too, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const telling = tell(recorder)
    telling.push({
      get inner() {
        telling.push('inner')
        return 'outer'
      },
    })
    await until(async () => (await recorder.count()) === 2)
    const seen = await recorder.list()
    t.true(seen.includes('inner'))
    t.deepEqual(
      seen.filter((value) => value !== 'inner'),
      [{ inner: 'outer' }],
    )
  })

  test(`3.9: share freezes deeply, refuses what is not plain, and arrives, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const shared = share({ a: [1, { b: 2 }] })
    t.true(Object.isFrozen(shared.a) && Object.isFrozen(shared.a[1]))
    t.deepEqual(await echo.echo(shared), { a: [1, { b: 2 }] })
    t.throws(() => share({ m: new Map() }))
    if (placement === 'host') {
      t.true(await echo.isFrozen(shared))
      t.is(await echo.echo(shared), shared) // by reference on one thread
    }
    t.deepEqual(await echo.frozen(), { a: [1, 2, 3] })
  })

  test(`3.9: transfer moves memory and leaves the sender's buffer detached, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const buffer = new ArrayBuffer(MIB)
    new Uint8Array(buffer).fill(5)
    const back = (await echo.echo(transfer({ buffer, n: 1 }, [buffer]))) as { buffer: ArrayBuffer; n: number }
    t.is(buffer.byteLength, 0)
    t.is(back.buffer.byteLength, MIB)
    t.true(new Uint8Array(back.buffer).every((byte) => byte === 5))
    const moved = await echo.moved(1000)
    t.deepEqual(new Uint8Array(moved), new Uint8Array(1000).fill(7))
  })

  test(`3.9: an empty buffer moves too, beside others, and no memory is left between the threads, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    for (let i = 0; i < 20; i++) {
      const [empty, full] = [new ArrayBuffer(0), new ArrayBuffer(10_000)]
      const list = i % 2 === 0 ? [empty] : [empty, full]
      const back = (await echo.echo(transfer({ list }, list))) as { list: ArrayBuffer[] }
      t.deepEqual(
        back.list.map(({ byteLength }) => byteLength),
        i % 2 === 0 ? [0] : [0, 10_000],
      )
      t.is(full.byteLength, i % 2 === 0 ? 10_000 : 0)
    }
    await until(() => system.stats().engine.blocks === 0)
    t.pass()
  })

  test(`3.6: moved buffers do not count towards maxMessageBytes, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const buffer = new ArrayBuffer(9 * MIB)
    t.is(await echo.size(transfer(buffer, [buffer])), 9 * MIB)
  })

  test(`messages from 4 KiB up to maxMessageBytes arrive, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    for (const bytes of [4000, 4096, 4097, 4352, 5000, 33_000, 100_000, MIB, 8 * MIB - 1024]) {
      const sent = new Uint8Array(bytes)
      sent[bytes - 1] = 9
      const back = (await echo.echo(sent)) as Uint8Array
      t.is(back.byteLength, bytes)
      t.is(back[bytes - 1], 9)
      t.is((await echo.echo('y'.repeat(bytes >> 1))) as string, 'y'.repeat(bytes >> 1))
    }
    const list = Array.from({ length: 50_000 }, (_, i) => ({ id: i, name: `n${i}` }))
    t.deepEqual(await echo.echo(list), list)
    t.is((await echo.text(100_000)).length, 100_000)
  })

  test(`3.5: an answer over maxMessageBytes rejects its ask, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const error = await rejection(echo.big(9 * MIB))
    t.is(error.code, 'ERR_PULSING_MESSAGE_TOO_LARGE')
    t.is((await echo.big(1000)).byteLength, 1000)
  })

  test(`3.6: a message over maxMessageBytes is ERR_PULSING_MESSAGE_TOO_LARGE, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const bytes = new Uint8Array(8 * MIB + 1)
    const error = await rejection(recorder.push(bytes))
    t.is(error.code, 'ERR_PULSING_MESSAGE_TOO_LARGE')
    t.regex(error.message, /8388608/)
    t.is(thrown(() => tell(recorder).push(bytes)).code, 'ERR_PULSING_MESSAGE_TOO_LARGE')
    t.is((await rejection(recorder.push('x'.repeat(9 * MIB)))).code, 'ERR_PULSING_MESSAGE_TOO_LARGE')
    t.is(await recorder.count(), 0)
  })

  test(`3.9: a SharedArrayBuffer is shared between the threads, ${where}`, async (t) => {
    if (!system.stats().bridge) return t.pass()
    const echo = await Echo.options({ placement }).spawn()
    const shared = new SharedArrayBuffer(8)
    const ints = new Int32Array(shared)
    t.is(await echo.add(shared, 5), 5)
    t.is(ints[0], 5)
    ints[1] = 7
    const back = await echo.shared(shared)
    Atomics.store(ints, 0, 42)
    t.is(new Int32Array(back)[0], 42)
    t.is(new Int32Array(back)[1], 7)
  })

  test(`references and proxies in messages arrive as references and proxies, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const counter = await Counter.options({ placement: { slot: 2 } }).spawn(10)
    t.true(await echo.isRef(counter.ref))
    t.true(await echo.isProxy(counter))
    t.is(await echo.incrOther(counter), 11)
    t.is(await echo.echo(counter.ref), counter.ref) // one reference an actor and thread
    const back = (await echo.echo({ deep: [counter] })) as { deep: (typeof counter)[] }
    t.is(await back.deep[0]?.incr(), 12)
    t.is(back.deep[0]?.ref, counter.ref)
    await echo.tellOther(counter)
    await until(async () => (await counter.get()) === 13)
    const serial = await system.spawn(Serial, { placement: 'host' })
    t.is(await echo.callOther(serial, 'by way of a third'), 'by way of a third')
    await echo.keep(counter)
    await counter[Symbol.asyncDispose]()
    const kept = (await echo.getKept()) as typeof counter
    t.is((await rejection(kept.incr())).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`errors in messages arrive as errors with their fields, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    const error = Object.assign(
      new AggregateError([new TypeError('one')], 'many', { cause: new Error('why') }),
      {
        status: 5,
      },
    )
    const back = (await echo.echo(error)) as typeof error
    t.true(back instanceof AggregateError)
    t.is(back.message, 'many')
    t.is(back.status, 5)
    t.true(back.errors[0] instanceof TypeError)
    t.is((back.cause as Error).message, 'why')
    t.is(back.stack, error.stack)
    const abort = (await echo.echo(AbortSignal.abort().reason)) as Error
    t.is(abort.name, 'AbortError')
  })
}

test('100,000 messages of ever new shapes and strings leave room for new classes', async (t) => {
  const own = await start({ threads: 1 })
  const { Recorder: Class } = await import('../fixtures/actors.js')
  const recorder = (await own.spawn(Class, { placement: { slot: 1 } })).asType(Class)
  const telling = tell(recorder)
  for (let i = 0; i < 100_000; i++) {
    const message = { [`key${i}`]: `text ${i}`, [`other${i}`]: `text ${i}` }
    await telling.push(message)
    if (i % 2 === 0) await telling.push(message)
  }
  const counter = (await own.spawn(Counter, { placement: { slot: 1 } })).asType(Counter)
  t.is(await counter.incr(), 1)
  await own.shutdown()
})

test('a reference of another system is good on its own thread, and can not be sent to another', async (t) => {
  const other = await start({ threads: 0 })
  const foreign = (await other.spawn(Counter)).asType(Counter)
  const here = await Echo.options({ placement: 'host' }).spawn()
  t.is(await here.incrOther(foreign), 1)
  const there = await Echo.options({ placement: { slot: 1 } }).spawn()
  for (const value of [foreign, foreign.ref, foreign.ref.asAny()]) {
    const error = await rejection(there.echo({ value }))
    t.is(error.code, 'ERR_PULSING_NOT_SERIALIZABLE')
    t.regex(error.message, /another system/)
  }
  await other.shutdown()
})
