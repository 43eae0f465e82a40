import anyTest, { type TestFn } from 'ava'
import {
  type ActorSystem,
  getSystem,
  init,
  PulsingTimeoutError,
  PulsingUnsupportedError,
  shutdown,
  spawn,
  withCall,
} from 'pulsing'
import { keepingLogger, rejection, turns, until } from '../bed.js'
import { Counter, Echo, Faulty, Gate, Order, Recorder, Serial } from '../fixtures/actors.js'

const test = anyTest as TestFn
let system: ActorSystem
const places = ['host', { slot: 1 }] as const
const kinds = {
  business: 'PulsingBusinessError',
  timeout: 'PulsingTimeoutError',
  unsupported: 'PulsingUnsupportedError',
  system: 'PulsingSystemError',
  text: 'PulsingSystemError',
}

test.before(async () => {
  system = await init({ threads: 2, logger: keepingLogger() })
})
test.after.always(() => shutdown())

for (const placement of places) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'

  test(`3.1: sync methods run in the order they were sent, each alone, ${where}`, async (t) => {
    const counter = await Counter.options({ placement }).spawn(0)
    const results = await Promise.all(Array.from({ length: 5000 }, () => counter.incr()))
    t.deepEqual(
      results,
      Array.from({ length: 5000 }, (_, i) => i + 1),
    )
  })

  test(`3.1: a call is a real Promise, ${where}`, async (t) => {
    const counter = await Counter.options({ placement }).spawn(0)
    const call = counter.incr()
    t.true(call instanceof Promise)
    t.is(await call, 1)
  })

  test(`3.1: async methods begin in order and interleave at their awaits, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const order = await Order.options({ placement }).spawn()
    const a = order.wait('a', gate)
    const b = order.sync('b')
    const c = order.wait('c', gate)
    t.is(await b, 'b')
    await until(async () => (await gate.waiting()) === 2)
    await gate.open()
    t.deepEqual(await Promise.all([a, c]), ['a', 'c'])
    t.deepEqual(await order.getLog(), ['a+', 'b!', 'c+', 'a-', 'c-'])
  })

  test(`3.1: maxConcurrency 1 makes a class serial, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const order = await Order.options({ placement, maxConcurrency: 1 }).spawn()
    const calls = [order.wait('a', gate), order.sync('b'), order.wait('c', gate)]
    await until(async () => (await gate.waiting()) === 1)
    await gate.open()
    await Promise.all(calls)
    t.deepEqual(await order.getLog(), ['a+', 'a-', 'b!', 'c+', 'c-'])
  })

  test(`maxConcurrency 3 lets three calls be under way and no more, ${where}`, async (t) => {
    const order = await Order.options({ placement, maxConcurrency: 3 }).spawn()
    await Promise.all(Array.from({ length: 50 }, () => order.short()))
    t.is(await order.getMost(), 3)
  })

  test(`3.1: receive is serial: the next message waits for its promise, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const serial = await system.spawn(Serial, { placement })
    const held = serial.ask({ gate })
    const next = serial.ask('next')
    const log = serial.ask('log')
    await until(async () => (await gate.waiting()) === 1)
    await gate.open()
    t.is(await held, 'held')
    t.is(await next, 'next')
    t.deepEqual(await log, ['begin', 'end', 'next'])
  })

  test(`4.5: an error of whatever kind is its caller's, and the actor stays as it is, ${where}`, async (t) => {
    const faulty = await Faulty.options({ placement }).spawn()
    for (const [i, kind] of (['business', 'timeout', 'unsupported', 'system', 'text'] as const).entries()) {
      const error = await rejection(faulty.fail(kind))
      t.is(error.name, kinds[kind])
      t.is(await faulty.count(), i + 1)
    }
  })

  test(`a receive that throws rejects its ask, and the next message is handled, ${where}`, async (t) => {
    const serial = await system.spawn(Serial, { placement })
    const failed = rejection(serial.ask('throw'))
    const fine = serial.ask('fine')
    t.is((await failed).code, 400)
    t.is(await fine, 'fine')
  })

  test(`3.1: of 1,000 sync and async calls sent in turn each begins in its place, ${where}`, async (t) => {
    const order = await Order.options({ placement }).spawn()
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const calls: Promise<unknown>[] = []
    for (let i = 0; i < 500; i++) calls.push(order.sync(`s${i}`), order.wait(`w${i}`, gate))
    await calls[998]
    await until(async () => (await gate.waiting()) === 500)
    const log = await order.getLog()
    t.deepEqual(log, Array.from({ length: 500 }, (_, i) => [`s${i}!`, `w${i}+`]).flat())
    await gate.open()
    await Promise.all(calls)
  })

  test(`3.3: an ask that is not answered rejects with ERR_PULSING_ASK_TIMEOUT, ${where}`, async (t) => {
    const gate = await Gate.options({ placement }).spawn()
    const error = await rejection(withCall(gate, { timeoutMs: 20 }).wait())
    t.true(error instanceof PulsingTimeoutError)
    t.is(error.code, 'ERR_PULSING_ASK_TIMEOUT')
    t.regex(error.message, /wait.*20 ms/)
    const byRef = await system.spawn(Serial, { placement })
    const other = await Gate.options({ placement: 'host' }).spawn()
    const late = await rejection(byRef.ask({ gate: other }, { timeoutMs: 20 }))
    t.is(late.code, 'ERR_PULSING_ASK_TIMEOUT')
    t.regex(late.message, /receive/)
    await other.open()
    await gate.open()
    t.is(await gate.wait(), 'open')
  })

  test(`3.3: a short timeout passes while a longer one made before it still waits, ${where}`, async (t) => {
    const gate = await Gate.options({ placement }).spawn()
    const long = withCall(gate, { timeoutMs: 60_000 }).wait()
    t.is((await rejection(withCall(gate, { timeoutMs: 5 }).wait())).code, 'ERR_PULSING_ASK_TIMEOUT')
    await gate.open()
    t.is(await long, 'open')
  })

  test(`3.3: a timeout of Infinity and one of 0 are taken, ${where}`, async (t) => {
    const gate = await Gate.options({ placement }).spawn()
    const forever = withCall(gate, { timeoutMs: Number.POSITIVE_INFINITY }).wait()
    t.is((await rejection(withCall(gate, { timeoutMs: 0 }).wait())).code, 'ERR_PULSING_ASK_TIMEOUT')
    await gate.open()
    t.is(await forever, 'open')
  })

  test(`3.3: an aborted signal rejects with its reason, before and during the call, ${where}`, async (t) => {
    const gate = await Gate.options({ placement }).spawn()
    const reason = new Error('enough')
    t.is(await rejection(withCall(gate, { signal: AbortSignal.abort(reason) }).wait()), reason)
    const abort = new AbortController()
    const call = rejection(withCall(gate, { signal: abort.signal }).wait())
    await until(async () => (await gate.waiting()) === 1)
    abort.abort(reason)
    t.is(await call, reason)
    t.is(await gate.waiting(), 1)
  })

  test(`3.4: a call that waits in its actor and is given up does not run, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const recorder = await Recorder.options({ placement, maxConcurrency: 1 }).spawn()
    const held = recorder.hold(gate)
    await until(async () => (await gate.waiting()) === 1)
    const abort = new AbortController()
    const dropped = rejection(withCall(recorder, { signal: abort.signal }).push('dropped'))
    const kept = recorder.push('kept')
    await turns()
    abort.abort()
    await dropped
    await gate.open()
    await Promise.all([held, kept])
    t.deepEqual(await recorder.list(), ['kept'])
  })

  test(`a late answer to a call that was given up reaches nobody, ${where}`, async (t) => {
    const gate = await Gate.options({ placement }).spawn()
    await rejection(withCall(gate, { timeoutMs: 5 }).wait())
    const calls = Array.from({ length: 100 }, () => gate.wait())
    await gate.open()
    t.deepEqual(new Set(await Promise.all(calls)), new Set(['open']))
  })

  test(`the aborted signal of a call that was answered changes nothing, ${where}`, async (t) => {
    const counter = await Counter.options({ placement }).spawn()
    const abort = new AbortController()
    t.is(await withCall(counter, { signal: abort.signal }).incr(), 1)
    abort.abort()
    await turns()
    t.is(await counter.incr(), 2)
  })

  test(`calls with no, one and several arguments arrive as they were made, ${where}`, async (t) => {
    const echo = await Echo.options({ placement }).spawn()
    t.deepEqual(await echo.all(), [])
    t.deepEqual(await echo.all(undefined), [undefined])
    t.deepEqual(await echo.all([1, 2]), [[1, 2]])
    t.deepEqual(await echo.all([1], null, undefined), [[1], null, undefined])
    t.is(await echo.none(), undefined)
  })

  test(`a proxy of asAny calls methods by name, ${where}`, async (t) => {
    const counter = await Counter.options({ placement }).spawn(1)
    const any = counter.ref.asAny()
    t.is(await any.add?.(2), 3)
    const error = await rejection(any.nothing?.())
    t.true(error instanceof PulsingUnsupportedError)
    t.is(error.code, 'ERR_PULSING_UNSUPPORTED')
    t.regex(error.message, /nothing/)
  })

  test(`a message to an actor without receive is PulsingUnsupportedError, ${where}`, async (t) => {
    const counter = await Counter.options({ placement }).spawn(1)
    const error = await rejection(counter.ref.ask('hello'))
    t.true(error instanceof PulsingUnsupportedError)
    t.regex(error.message, /receive/)
    t.is(await counter.get(), 1)
  })
}

test('calls from an actor on one thread to one on another give its answers', async (t) => {
  const counter = await Counter.options({ placement: { slot: 2 } }).spawn(0)
  const echo = await Echo.options({ placement: { slot: 1 } }).spawn()
  t.deepEqual(await Promise.all([echo.incrOther(counter), echo.incrOther(counter)]), [1, 2])
})

test('calls that go round in a circle of three threads are answered', async (t) => {
  const echoes = await Promise.all(
    ([{ slot: 1 }, { slot: 2 }, 'host'] as const).map((placement) => Echo.options({ placement }).spawn()),
  )
  const serial = await system.spawn(Serial, { placement: { slot: 2 } })
  const [first] = echoes
  t.is(await first?.callOther(serial, 'round'), 'round')
})

test('3.7: three threads send to one actor, and the messages of each arrive in its order', async (t) => {
  const recorder = await Recorder.options({ placement: { slot: 1 } }).spawn()
  const { Sender } = await import('../fixtures/actors.js')
  const senders = await Promise.all(
    (['host', { slot: 1 }, { slot: 2 }] as const).map((placement) => Sender.options({ placement }).spawn()),
  )
  await Promise.all(senders.map((sender, i) => sender.steady(recorder, i * 1e6, 3000)))
  await until(async () => (await recorder.count()) === 9000)
  const seen = (await recorder.list()) as number[]
  for (const from of [0, 1e6, 2e6]) {
    const own = seen.filter((value) => value >= from && value < from + 1e6)
    t.deepEqual(
      own,
      Array.from({ length: 3000 }, (_, i) => from + i),
    )
  }
})

test('a spawn of an instance keeps its state on the calling thread', async (t) => {
  class Own {
    n = 0
    incr() {
      return ++this.n
    }
  }
  const own = new Own()
  const ref = await system.spawn(own)
  t.is(await ref.asType(Own).incr(), 1)
  t.is(own.n, 1)
  const proxy = await spawn(Own)
  t.is(await proxy.incr(), 1)
  t.is(getSystem(), system)
})
