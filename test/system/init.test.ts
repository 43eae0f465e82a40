import test from 'ava'
import {
  type ActorSystem,
  actorSystem,
  getSystem,
  init,
  isHost,
  PulsingRuntimeError,
  shutdown,
} from 'pulsing'
import { keepingLogger, rejection, start, thrown, until } from '../bed.js'
import { Counter, Gate, Leaver, Recorder } from '../fixtures/actors.js'
import { Inside } from '../fixtures/inside.js'

const logger = keepingLogger()
const options = { threads: 1, logger }

test.afterEach.always(() => shutdown())

test.serial('a call that needs the system before init fails with ERR_PULSING_NOT_INITIALIZED', async (t) => {
  const code = 'ERR_PULSING_NOT_INITIALIZED'
  t.is(thrown(() => getSystem()).code, code)
  t.is((await rejection(Counter.spawn())).code, code)
  t.is((await rejection(Counter.options({ name: 'x' }).spawn())).code, code)
  const error = await rejection(Counter.resolve('x'))
  t.is(error.code, code)
  t.true(error instanceof PulsingRuntimeError)
  t.is((error as PulsingRuntimeError).kind, 'config')
})

test.serial('shutdown without a system does nothing', async (t) => {
  await shutdown()
  t.is(await shutdown(), undefined)
})

test.serial('init again resolves to the same system, and with other options it is an error', async (t) => {
  const [one, two] = await Promise.all([init(options), init({ ...options })])
  t.is(one, two)
  t.is(await init(options), one)
  t.is(getSystem(), one)
  t.is((await rejection(init({ threads: 2, logger }))).code, 'ERR_PULSING_ALREADY_INITIALIZED')
  t.is((await rejection(init())).code, 'ERR_PULSING_ALREADY_INITIALIZED')
  t.is(getSystem(), one)
})

test.serial('init with wrong options fails, and the next init works', async (t) => {
  t.is((await rejection(init({ threads: -1 }))).code, 'ERR_PULSING_INVALID_OPTION')
  await t.notThrowsAsync(init(options))
})

test.serial('after shutdown the functions say that there is no system, and init makes another', async (t) => {
  const one = await init(options)
  const counter = await Counter.spawn()
  await shutdown()
  t.is(thrown(() => getSystem()).code, 'ERR_PULSING_NOT_INITIALIZED')
  t.is((await rejection(Counter.spawn())).code, 'ERR_PULSING_NOT_INITIALIZED')
  t.is((await rejection(counter.incr())).code, 'ERR_PULSING_SYSTEM_STOPPED')
  t.is((await rejection(one.spawn(Counter))).code, 'ERR_PULSING_SYSTEM_STOPPED')
  t.is((await rejection(one.resolve('x'))).code, 'ERR_PULSING_SYSTEM_STOPPED')
  t.is((await rejection(one.refer(counter.ref.actorId))).code, 'ERR_PULSING_SYSTEM_STOPPED')
  t.is(counter.ref.tell('lost'), undefined)
  const two = await init(options)
  t.not(one, two)
  t.is(await (await Counter.spawn(1)).incr(), 2)
})

test.serial('init after the system was shut down by its own method makes another', async (t) => {
  const one = await init(options)
  await one.shutdown()
  const two = await init(options)
  t.not(one, two)
  t.is(await (await Counter.spawn(1)).incr(), 2)
})

test.serial('init while the last system shuts down waits for that, and makes another', async (t) => {
  const one = await init(options)
  const ending = shutdown()
  const two = await init(options)
  t.not(one, two)
  t.is(await (await Counter.spawn(1)).incr(), 2)
  await ending
  t.is(getSystem(), two)
})

test.serial('shutdown twice at once ends once', async (t) => {
  await init(options)
  await Promise.all([shutdown(), shutdown()])
  t.is(thrown(() => getSystem()).code, 'ERR_PULSING_NOT_INITIALIZED')
})

test.serial('3.8: shutdown drains: what was sent before it is handled', async (t) => {
  await init(options)
  const recorder = await Recorder.options({ placement: { slot: 1 } }).spawn()
  const pushes = Array.from({ length: 1000 }, (_, i) => recorder.push(i))
  const later = recorder.pushLater('later')
  await shutdown()
  await Promise.all(pushes)
  t.is(await later, undefined)
})

test.serial('3.8: shutdown stops the actor that started last first, whatever thread it is on', async (t) => {
  await init({ ...options, threads: 2 })
  const log = new Int32Array(new SharedArrayBuffer(64))
  for (const [i, slot] of [1, 2, 0, 2, 1, 0].entries()) {
    await Leaver.options({ placement: { slot } }).spawn(String(i + 1), log)
    await new Promise((settle) => setTimeout(settle, 3))
  }
  await shutdown()
  t.deepEqual([...log.subarray(0, 7)], [6, 6, 5, 4, 3, 2, 1])
})

test.serial(
  '5.5: stats tells how long the event loop of each thread keeps what is ready waiting',
  async (t) => {
    const system = await init({ ...options, threads: 2 })
    const log = new Int32Array(new SharedArrayBuffer(64))
    const blocked = await Leaver.options({ placement: { slot: 1 } }).spawn('1', log)
    await blocked.block(50)
    await until(() => (system.stats().threads[1]?.eventLoopDelay.maxMs ?? 0) >= 50)
    const [, one, two] = system.stats().threads
    t.true((one?.eventLoopDelay.p50Ms ?? 50) < 50)
    t.true((one?.eventLoopDelay.p99Ms ?? 0) <= (one?.eventLoopDelay.maxMs ?? 0))
    t.true((two?.eventLoopDelay.p50Ms ?? 50) < 50)
    await shutdown()
  },
)

test.serial('3.8: shutdown gives up after its timeout, and asks under way fail at once', async (t) => {
  const system = await init(options)
  for (const placement of ['host', { slot: 1 }] as const) {
    const name = placement === 'host' ? undefined : 'gates/late'
    const gate = await Gate.options({ placement, name }).spawn()
    const asked = rejection(gate.wait())
    if (placement === 'host') continue
    await system.shutdown({ timeoutMs: 20 })
    t.regex(String((await asked).code), /ERR_PULSING_(SYSTEM_STOPPED|ACTOR_STOPPED|THREAD_DIED)/)
  }
  const line = logger.lines.find(
    ({ fields }) => (fields.err as { code?: string } | undefined)?.code === 'ERR_PULSING_SHUTDOWN_TIMEOUT',
  )
  t.true((line?.fields.left as number) >= 1)
  t.deepEqual(line?.fields.names, ['gates/late'])
  t.regex(String(line?.message), /actors are given up, among them gates\/late$/)
})

test.serial('3.5: shutdown while many asks are under way leaves none hanging', async (t) => {
  const system = await init({ ...options, threads: 2 })
  const counters = await Promise.all(Array.from({ length: 10 }, () => Counter.spawn()))
  const asks = Array.from({ length: 5000 }, (_, i) => counters[i % 10]?.later(1))
  const ended = system.shutdown({ timeoutMs: 1 })
  const settled = await Promise.allSettled(asks)
  await ended
  for (const one of settled) if (one.status === 'rejected') t.regex(String(one.reason.code), /^ERR_PULSING_/)
  t.is(settled.length, 5000)
})

test.serial('several systems live in one process and do not see each other', async (t) => {
  const [one, two] = await Promise.all([start({ threads: 1 }), start({ threads: 0 })])
  t.not(one.nodeId, two.nodeId)
  const a = await one.spawn(Counter, { name: 'same', args: [10] })
  const b = await two.spawn(Counter, { name: 'same', args: [20] })
  t.is(await a.asType(Counter).incr(), 11)
  t.is(await b.asType(Counter).incr(), 21)
  t.is((await rejection(two.refer(a.actorId))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
  await one.shutdown()
  t.is((await rejection(a.asType(Counter).incr())).code, 'ERR_PULSING_SYSTEM_STOPPED')
  t.is(await b.asType(Counter).incr(), 22)
  t.is(thrown(() => getSystem()).code, 'ERR_PULSING_NOT_INITIALIZED')
  await two.shutdown()
})

test.serial('await using ends a system', async (t) => {
  const system = await start({ threads: 1 })
  await system[Symbol.asyncDispose]()
  t.is((await rejection(system.spawn(Counter))).code, 'ERR_PULSING_SYSTEM_STOPPED')
})

test.serial(
  '1.1: init, actorSystem and shutdown in a running actor are errors that name getSystem',
  async (t) => {
    const system = await init(options)
    const inside = await Inside.options({ placement: { slot: 1 } }).spawn()
    t.deepEqual(await inside.isHost(), false)
    t.true(isHost)
    for (const name of ['init', 'actorSystem', 'shutdown'] as const) {
      const error = await rejection(inside.call(name))
      t.is(error.code, 'ERR_PULSING_ALREADY_IN_THREAD', name)
      t.regex(error.message, /getSystem/, name)
    }
    t.is((await rejection(inside.shutDownSystem())).code, 'ERR_PULSING_ALREADY_IN_THREAD')
    t.is(await inside.nodeId(), system.nodeId)
    const ref = await inside.spawnByName('inside/counter')
    t.is(ref, await system.resolve('inside/counter'))
    const onHost = await inside.spawnOnHost()
    t.is(onHost.actorId.slot, 0)
  },
)

test.serial('1.1: threads 0 keeps all actors on the calling thread', async (t) => {
  const system = await init({ threads: 0, logger })
  const counters = await Promise.all(
    (['auto', 'spread', 'host'] as const).map((placement) => Counter.options({ placement }).spawn()),
  )
  for (const counter of counters) {
    t.is(counter.ref.actorId.slot, 0)
    t.is(await counter.thread(), 0)
  }
  const error = await rejection(Counter.options({ placement: { slot: 1 } }).spawn())
  t.is(error.code, 'ERR_PULSING_INVALID_OPTION')
  t.is(system.stats().threads.length, 1)
})

test.serial('a system says who it is', async (t) => {
  const system: ActorSystem = await actorSystem({ ...options, nodeId: 'node-a' })
  t.is(system.nodeId, 'node-a')
  t.is(system.addr, undefined)
  t.like((await system.members())[0], { nodeId: 'node-a', status: 'alive' })
  const stats = system.stats()
  t.deepEqual(
    stats.threads.map(({ slot }) => slot),
    [0, 1],
  )
  t.is(stats.engine.segments > 0, true)
  await system.shutdown()
})
