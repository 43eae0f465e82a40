import anyTest, { type TestFn } from 'ava'
import { type ActorSystem, init, shutdown, tell } from 'pulsing'
import { events, keepingLogger, rejection, until } from '../bed.js'
import { Counter, Gate, Order, Recorder, Serial } from '../fixtures/actors.js'

const test = anyTest as TestFn
let system: ActorSystem

test.before(async () => {
  system = await init({ threads: 2, logger: keepingLogger() })
})
test.after.always(() => shutdown())

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'

  test(`3.8: stop fails async calls under way at once, ${where}`, async (t) => {
    const gate = await Gate.options({ placement }).spawn()
    const call = rejection(gate.wait())
    await gate.waiting()
    await system.stop(gate)
    const error = await call
    t.is(error.code, 'ERR_PULSING_ACTOR_STOPPED')
    t.regex(error.message, /wait/)
  })

  test(`3.8: what waits at a stop becomes dead letters and failed asks, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const recorder = await Recorder.options({ placement, maxConcurrency: 1 }).spawn()
    const letters = events(system, 'deadLetter')
    const held = rejection(recorder.hold(gate))
    await until(async () => (await gate.waiting()) === 1)
    tell(recorder).push('told')
    const asked = rejection(recorder.push('asked'))
    await system.stop(recorder)
    t.is((await held).code, 'ERR_PULSING_ACTOR_STOPPED')
    t.is((await asked).code, 'ERR_PULSING_ACTOR_STOPPED')
    await until(() => letters.some(({ message }) => message === 'told'))
    t.pass()
  })

  test(`3.8: stop waits for the receive in hand, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const serial = await system.spawn(Serial, { placement })
    const first = serial.ask({ gate })
    await until(async () => (await gate.waiting()) === 1)
    const second = rejection(serial.ask('second'))
    const stopped = system.stop(serial)
    await gate.open()
    t.is(await first, 'held')
    await stopped
    t.is((await second).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`3.8: stop with drain handles what was sent before, and waits for what is under way, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const order = await Order.options({ placement }).spawn()
    const slow = order.wait('slow', gate)
    const calls = Array.from({ length: 500 }, (_, i) => order.sync(`${i}`))
    const stopped = system.stop(order, { drain: true })
    await gate.open()
    t.is(await slow, 'slow')
    t.is((await Promise.all(calls)).length, 500)
    await stopped
    t.is((await rejection(order.sync('late'))).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`stop takes a name, a reference or a proxy, twice and at once, ${where}`, async (t) => {
    const name = `stop/${where.replaceAll(' ', '-')}`
    const counter = await Counter.options({ placement, name }).spawn()
    await Promise.all([system.stop(name), system.stop(counter), system.stop(counter.ref)])
    await system.stop(counter)
    t.is((await rejection(system.stop(name))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
    t.is((await rejection(system.stop({}))).code, 'ERR_PULSING_INVALID_ARGUMENT')
  })

  test(`a pool hands each message to a free instance, begun in the order sent, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const pool = await Gate.options({ placement, instances: 3 }).spawn()
    await pool.open()
    const order = await Order.options({ placement, instances: 4 }).spawn()
    const calls = Array.from({ length: 9 }, (_, i) => order.wait(`${i}`, gate))
    await until(async () => (await gate.waiting()) === 4)
    await gate.open()
    t.deepEqual(
      await Promise.all(calls),
      Array.from({ length: 9 }, (_, i) => `${i}`),
    )
    t.is(order.ref.actorId.slot, 255)
    await system.stop(order)
    t.is((await rejection(order.sync('late'))).code, 'ERR_PULSING_ACTOR_STOPPED')
  })
}

test('a pool spreads over the threads, has a name, and stops with drain', async (t) => {
  const pool = await Counter.options({ instances: 4, name: 'pool/counters' }).spawn(0)
  t.is((await Counter.resolve('pool/counters')).ref, pool.ref)
  t.is((await rejection(Counter.options({ name: 'pool/counters' }).spawn())).code, 'ERR_PULSING_NAME_TAKEN')
  t.is(await system.refer(pool.ref.actorId), pool.ref)
  const calls = Array.from({ length: 400 }, () => pool.later(1))
  await system.stop(pool, { drain: true })
  t.is((await Promise.all(calls)).length, 400)
  t.is((await rejection(Counter.resolve('pool/counters'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
})

test('a pool without a name is found by its id', async (t) => {
  const pool = await Counter.options({ instances: 2 }).spawn(0)
  t.is(await system.refer(pool.ref.actorId), pool.ref)
  await system.stop(pool)
})

test('a pool whose instance can not start is none: its spawn rejects, and its name is free', async (t) => {
  const bad = Gate.options({ instances: 2, name: 'pool/bad', placement: { slot: 9 } })
  t.is((await rejection(bad.spawn())).code, 'ERR_PULSING_INVALID_OPTION')
  t.is((await rejection(system.resolve('pool/bad'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
})
