import anyTest, { type TestFn } from 'ava'
import { type ActorSystem, delayed, init, shutdown, tell } from 'pulsing'
import { compiled, event, events, keepingLogger, run, thrown, until } from '../bed.js'
import { Counter, Gate, Recorder } from '../fixtures/actors.js'
import { Ticker } from '../fixtures/ticker.js'

const test = anyTest as TestFn
let system: ActorSystem

test.before(async () => {
  system = await init({ threads: 1, logger: keepingLogger() })
})
test.after.always(() => shutdown())

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'

  test(`section 2: an actor calls a method of its own later, ${where}`, async (t) => {
    const ticker = await Ticker.options({ placement }).spawn()
    await ticker.later(3, 1)
    await until(async () => (await ticker.count()) === 3)
    t.deepEqual(await ticker.cancel(), [false, false, false, false])
  })

  test(`section 2: a delayed call that is cancelled is not made, ${where}`, async (t) => {
    const ticker = await Ticker.options({ placement }).spawn()
    await ticker.later(3, 60_000)
    t.deepEqual(await ticker.cancel(), [true, true, false, false])
    t.is(await ticker.count(), 0)
  })

  test(`section 2: a method of another actor is called later, with its arguments as they were, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const value = { n: 1 }
    const call = delayed(recorder, 5).push(value)
    value.n = 2
    t.true(call.pending)
    await until(async () => (await recorder.count()) === 1)
    t.false(call.pending)
    t.false(call.cancel())
    t.deepEqual(await recorder.list(), [{ n: 1 }])
  })

  test(`section 2: an actor calls another later, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const ticker = await Ticker.options({ placement }).spawn()
    await ticker.laterTo(recorder, 'late')
    await until(async () => (await recorder.count()) === 1)
    t.deepEqual(await recorder.list(), ['late'])
  })

  test(`section 2: what an actor wanted of itself later ends with it, ${where}`, async (t) => {
    const ticker = await Ticker.options({ placement }).spawn()
    await ticker.later(1, 500) // long enough for a stop on a busy machine
    const letters = events(system, 'deadLetter')
    await system.stop(ticker)
    const other = await Ticker.options({ placement }).spawn()
    await other.later(1, 550)
    await until(async () => (await other.count()) === 1)
    t.false(letters.some(({ actor }) => actor.includes(String(ticker.ref.actorId))))
  })
}

test('a delayed call to an actor that has stopped by then is a dead letter', async (t) => {
  const counter = await Counter.options({ placement: { slot: 1 } }).spawn()
  const letter = event(system, 'deadLetter', ({ actor }) => actor.includes(String(counter.ref.actorId)))
  delayed(counter, 10).add(7)
  await system.stop(counter)
  t.like(await letter, { method: 'add', message: 7, reason: 'stopped' })
})

test('a delayed call to a full mailbox under `fail` is a dead letter', async (t) => {
  const gate = await Gate.options({ placement: 'host' }).spawn()
  const options = { placement: 'host', mailboxCapacity: 1, overflow: 'fail', maxConcurrency: 1 } as const
  const recorder = await Recorder.options(options).spawn()
  const held = recorder.hold(gate)
  await until(async () => (await gate.waiting()) === 1)
  t.is(tell(recorder).push('waits'), undefined)
  const letter = event(system, 'deadLetter', ({ actor }) => actor.includes(String(recorder.ref.actorId)))
  delayed(recorder, 1).push('late')
  t.like(await letter, { method: 'push', message: 'late', reason: 'mailbox-full' })
  await gate.open()
  await held
})

test('wrong arguments of delayed are errors that name them', async (t) => {
  const counter = await Counter.options({ placement: 'host' }).spawn()
  for (const delayMs of [-1, Number.NaN, 2 ** 31, '5', undefined, Number.POSITIVE_INFINITY]) {
    t.regex(thrown(() => delayed(counter, delayMs as number)).message, /delayMs/)
  }
  for (const what of [undefined, null, {}, 5, counter.ref])
    t.is(thrown(() => delayed(what as object, 5)).code, 'ERR_PULSING_INVALID_ARGUMENT')
  t.is(thrown(() => delayed(counter, 5).add((() => 1) as never)).code, 'ERR_PULSING_NOT_SERIALIZABLE')
})

test('3.5: a delayed call keeps the process alive, and shutdown gives it up', async (t) => {
  const ended = await run(compiled('programs/delayed.js'), { timeoutMs: 20_000 })
  t.is(ended.code, 0, ended.stderr)
  t.deepEqual(ended.stdout.trim().split('\n'), ['called', 'shut down'])
})
