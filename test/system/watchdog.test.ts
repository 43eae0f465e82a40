import test from 'ava'
import { type ActorProxy, type ActorSystem, type SystemOptions, tell } from 'pulsing'
import { event, events, type KeepingLogger, keepingLogger, rejection, start, until } from '../bed.js'
import { Mortal } from '../fixtures/mortal.js'

type MortalProxy = ActorProxy<InstanceType<typeof Mortal>>

async function mortal(system: ActorSystem, slot: number, name?: string): Promise<MortalProxy> {
  return (await system.spawn(Mortal, { placement: { slot }, name })).asType(Mortal)
}

async function begin(options: SystemOptions): Promise<{ system: ActorSystem; logger: KeepingLogger }> {
  const logger = keepingLogger()
  return { system: await start({ threads: 2, logger, ...options }), logger }
}

test('5.5: a thread that does not come back is reported with its actor and method, once, and goes on', async (t) => {
  const { system, logger } = await begin({ stuckThreadMs: 300 })
  const all = events(system, 'stuck')
  // Not a module that takes long to import.
  const inBlock = () => all.filter(({ method }) => method === 'block')
  const named = await mortal(system, 1, 'watchdog/named')
  await named.block(1200)
  const [first] = inBlock()
  t.is(inBlock().length, 1)
  t.is(first?.slot, 1)
  t.regex(String(first?.actor), /^watchdog\/named \(/)
  t.is(first?.method, 'block')
  t.true(Number(first?.stuckMs) >= 300)
  t.true(logger.lines.some(({ message }) => message.includes('has not come back to its event loop')))
  const nameless = await mortal(system, 2)
  await nameless.block(1200)
  t.is(inBlock().length, 2)
  t.is(inBlock()[1]?.actor, nameless.ref.actorId.toString())
  t.is(await named.incr(), 1)
  await system.shutdown()
})

test('5.5: what is stuck outside of any message is reported without an actor', async (t) => {
  const { system } = await begin({ stuckThreadMs: 100 })
  const stuck = event(system, 'stuck', ({ stuckMs }) => stuckMs > 0)
  await (await mortal(system, 1)).blockInTimer(500)
  t.is((await stuck).actor, undefined)
  await system.shutdown()
})

test('5.5: threads that sleep, or work and come back, are not reported', async (t) => {
  const { system } = await begin({ stuckThreadMs: 1000 })
  const stuck = events(system, 'stuck')
  const busy = await mortal(system, 1)
  await mortal(system, 2)
  const isOver = new Int32Array(new SharedArrayBuffer(4))
  const works = busy.works(isOver)
  // As long as it takes to report one that is.
  const other = await begin({ stuckThreadMs: 1000 })
  const reported = event(other.system, 'stuck')
  await (await mortal(other.system, 1)).block(2500)
  await reported
  Atomics.store(isOver, 0, 1)
  await works
  t.deepEqual(stuck, [])
  await Promise.all([system.shutdown(), other.system.shutdown()])
})

test('5.5: an endless loop is ended when asked to: its calls fail, another thread takes the place', async (t) => {
  const { system, logger } = await begin({ stuckThreadMs: 100, terminateStuckAfterMs: 200 })
  const looping = await mortal(system, 1)
  const spared = await mortal(system, 2)
  const died = event(system, 'threadDied')
  const error = rejection(looping.loop())
  t.is((await died).slot, 1)
  t.regex(String((await error).code), /ERR_PULSING_(ACTOR_STOPPED|THREAD_DIED)/)
  t.is(await spared.incr(), 1)
  await until(async () => {
    const again = await mortal(system, 1).catch(() => undefined)
    return again !== undefined && (await again.incr()) === 1
  })
  t.true(logger.lines.some(({ message }) => message.includes('is ended, since it is stuck')))
  await system.shutdown()
})

test('5.5: with Infinity nobody is reported or ended', async (t) => {
  const { system } = await begin({ stuckThreadMs: Number.POSITIVE_INFINITY })
  const stuck = events(system, 'stuck')
  await (await mortal(system, 1)).block(300)
  t.deepEqual(stuck, [])
  tell(await mortal(system, 1)).incr()
  await system.shutdown()
})
