import anyTest, { type TestFn } from 'ava'
import { ActorId, type ActorSystem, init, remote, resolve, shutdown, spawn } from 'pulsing'
import { keepingLogger, rejection, thrown } from '../bed.js'
import { Counter, Echo, Family, Recorder } from '../fixtures/actors.js'
import { Decorated, Extended, Stated } from '../fixtures/modules/decorated.js'
import { Late } from '../fixtures/modules/late.js'
import { Absent, Present } from '../fixtures/modules/registers-other.js'
import { Before, Unregistered } from '../fixtures/modules/stuck.js'
import { Never } from '../fixtures/modules/throws.js'

const test = anyTest as TestFn
let system: ActorSystem

test.before(async () => {
  system = await init({ threads: 3, logger: keepingLogger() })
})
test.after.always(() => shutdown())

const slotOf = (actor: { ref: { actorId: ActorId } }) => actor.ref.actorId.slot

test.serial('placement auto: the host spawns on the least loaded engine thread', async (t) => {
  const counters = []
  for (let i = 0; i < 6; i++) counters.push(await Counter.spawn())
  t.deepEqual(counters.map(slotOf).sort(), [1, 1, 2, 2, 3, 3])
  const many = await Promise.all(Array.from({ length: 9 }, () => Counter.spawn()))
  t.deepEqual(many.map(slotOf).sort(), [1, 1, 1, 2, 2, 2, 3, 3, 3])
  for (const one of many.filter((counter) => slotOf(counter) === 2)) await system.stop(one)
  t.is(slotOf(await Counter.spawn()), 2)
})

test.serial('placement auto: an actor spawns on its own thread', async (t) => {
  const family = await Family.options({ placement: { slot: 2 } }).spawn()
  t.is((await family.child()).actorId.slot, 2)
  t.is((await family.plain()).actorId.slot, 2)
})

test.serial('placement spread goes round, host and slot are where they say', async (t) => {
  const spread = []
  for (let i = 0; i < 6; i++) spread.push(await Counter.options({ placement: 'spread' }).spawn())
  t.deepEqual(spread.map(slotOf).sort(), [1, 1, 2, 2, 3, 3])
  t.is(slotOf(await Counter.options({ placement: 'host' }).spawn()), 0)
  for (const slot of [0, 1, 2, 3]) t.is(slotOf(await Counter.options({ placement: { slot } }).spawn()), slot)
  const family = await Family.options({ placement: { slot: 1 } }).spawn()
  t.is((await family.child('host')).actorId.slot, 0)
  const error = await rejection(Counter.options({ placement: { slot: 4 } }).spawn())
  t.is(error.code, 'ERR_PULSING_INVALID_OPTION')
  t.regex(error.message, /placement\.slot/)
})

test.serial('actors of different slots run on different threads', async (t) => {
  const threads = await Promise.all(
    [0, 1, 2, 3].map(async (slot) => (await Counter.options({ placement: { slot } }).spawn()).thread()),
  )
  t.is(new Set(threads).size, 4)
  t.is(threads[0], 0)
})

test('constructor arguments are the actor’s own copy, on any thread', async (t) => {
  for (const placement of ['host', { slot: 1 }] as const) {
    const list = [1]
    const ref = await system.spawn(Counter, { placement, args: [list] })
    list.push(2)
    t.deepEqual(await ref.asType(Counter).get(), [1] as unknown as number)
    const bad = await rejection(system.spawn(Counter, { placement, args: [{ fn: () => 1 }] }))
    t.is(bad.code, 'ERR_PULSING_NOT_SERIALIZABLE')
    t.regex(bad.message, /args\[0\]\.fn|args\[0\]/)
  }
})

test('options of a class hold for its spawns, and those of a spawn come before them', async (t) => {
  class Placed {
    hello() {
      return 'hello'
    }
  }
  remote(import.meta.url, Placed, { placement: 'host', mailboxCapacity: 1 })
  t.is(slotOf(await spawn(Placed)), 0)
  t.is(slotOf(await spawn(Decorated, { placement: { slot: 3 } })), 3)
})

test('1.2: the decorator and the statement make classes that spawn on any thread', async (t) => {
  for (const placement of ['host', { slot: 1 }] as const) {
    const decorated = await spawn(Decorated, {
      placement,
      name: `decorated/${JSON.stringify(placement).replace(/[^a-z0-9]/g, '')}`,
    })
    t.is(await decorated.incr(), 1)
    t.is(
      (await resolve(Decorated, `decorated/${JSON.stringify(placement).replace(/[^a-z0-9]/g, '')}`)).ref,
      decorated.ref,
    )
    const stated = await spawn(Stated, { args: [5], placement })
    t.is(await stated.incr(), 6)
    const extended = await spawn(Extended, { args: [5], placement })
    t.is(await extended.decr(), 4)
    t.is(await extended.incr(), 7)
  }
})

test('1.3: a class that was never given a module lives on the calling thread', async (t) => {
  class Homeless {
    hello() {
      return 'home'
    }
  }
  const actor = await spawn(Homeless)
  t.is(slotOf(actor), 0)
  t.is(await actor.hello(), 'home')
  for (const placement of [{ slot: 1 }, 'spread'] as const) {
    const error = await rejection(spawn(Homeless, { placement }))
    t.is(error.code, 'ERR_PULSING_CLASS_NOT_REGISTERED')
    t.regex(error.message, /remote\(import\.meta\.url, Homeless\)/)
  }
})

test('1.2: a subclass of a registered class is none itself', async (t) => {
  class Sub extends Counter {}
  const error = await rejection(spawn(Sub, { placement: { slot: 1 } }))
  t.is(error.code, 'ERR_PULSING_CLASS_NOT_REGISTERED')
})

test('1.3: two classes of one key are an error', (t) => {
  remote(import.meta.url, class Twice {})
  const error = thrown(() => remote(import.meta.url, class Twice {}))
  t.is(error.code, 'ERR_PULSING_CLASS_CONFLICT')
  t.regex(error.message, /type/)
  t.notThrows(() => remote(import.meta.url, class Twice {}, { type: 'Third' }))
})

test('a module that does not register the class is an error that lists what it did register', async (t) => {
  t.deepEqual(await (await spawn(Present, { placement: { slot: 1 } })).ref.actorId.slot, 1)
  const error = await rejection(spawn(Absent, { placement: { slot: 1 } }))
  t.is(error.code, 'ERR_PULSING_CLASS_NOT_FOUND')
  t.regex(error.message, /registers-other/)
  t.regex(error.message, /Present/)
  t.regex(error.message, /Elsewhere/)
})

test('1.1: a module that gets as far as init without registering is such an error too', async (t) => {
  const error = await rejection(spawn(Unregistered, { placement: { slot: 2 } }))
  t.is(error.code, 'ERR_PULSING_CLASS_NOT_FOUND')
  t.regex(error.message, /Before/)
  t.is(await (await spawn(Before, { placement: { slot: 2 } })).hello(), 'before')
})

test('1.1: a module that is stuck at init is no fault of another that still loads', async (t) => {
  const late = spawn(Late, { placement: { slot: 3 } })
  const stuck = rejection(spawn(Unregistered, { placement: { slot: 3 } }))
  t.is(await (await late).hello(), 'late')
  t.is((await stuck).code, 'ERR_PULSING_CLASS_NOT_FOUND')
})

test('a module that throws while it loads is an error with its cause, and the thread goes on', async (t) => {
  for (let i = 0; i < 2; i++) {
    const error = await rejection(spawn(Never, { placement: { slot: 1 } }))
    t.is(error.code, 'ERR_PULSING_MODULE_LOAD_FAILED')
    t.regex(error.message, /bad mood/)
    t.regex(error.message, /throws\.js/)
    t.regex(String((error.cause as Error).message), /bad mood/)
  }
  t.is(await (await Counter.options({ placement: { slot: 1 } }).spawn(1)).incr(), 2)
})

test('a module that is not there is an error', async (t) => {
  class Gone {}
  remote(new URL('./not-there.js', import.meta.url), Gone)
  const error = await rejection(spawn(Gone, { placement: { slot: 1 } }))
  t.is(error.code, 'ERR_PULSING_MODULE_LOAD_FAILED')
  t.regex(error.message, /not-there/)
})

test('1.4: a name is unique, and free at once when its actor has stopped', async (t) => {
  for (const placement of ['host', { slot: 1 }] as const) {
    const name = `names/${placement === 'host' ? 0 : 1}`
    const first = await Counter.options({ name, placement }).spawn(1)
    for (const other of ['host', { slot: 1 }, { slot: 2 }] as const) {
      const error = await rejection(Counter.options({ name, placement: other }).spawn())
      t.is(error.code, 'ERR_PULSING_NAME_TAKEN')
      t.regex(error.message, new RegExp(name))
    }
    t.is((await Counter.resolve(name)).ref, first.ref)
    await system.stop(name)
    t.is((await rejection(Counter.resolve(name))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
    const second = await Counter.options({ name, placement }).spawn(5)
    t.is(await (await Counter.resolve(name)).incr(), 6)
    t.false(second.ref.actorId.equals(first.ref.actorId))
    t.is((await rejection(first.incr())).code, 'ERR_PULSING_ACTOR_STOPPED')
  }
})

test('1.4: of many spawns of one name at once one succeeds', async (t) => {
  const spawns = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      Counter.options({ name: 'race', placement: { slot: i % 4 } }).spawn(),
    ),
  )
  t.is(spawns.filter(({ status }) => status === 'fulfilled').length, 1)
  const failed = spawns.filter((one): one is PromiseRejectedResult => one.status === 'rejected')
  t.true(failed.every(({ reason }) => reason.code === 'ERR_PULSING_NAME_TAKEN'))
})

test('1.4: names are 1 to 255 characters of their set, and system/ is reserved', async (t) => {
  for (const name of ['a', 'services/counter', 'A-Z.a_z:0@9/', 'x'.repeat(255)]) {
    const counter = await Counter.options({ name }).spawn(1)
    t.is((await Counter.resolve(name)).ref, counter.ref)
  }
  const wrong = ['', 'with space', 'é', 'x'.repeat(256), 'system/x', 'new\nline', 'a\0', 5, null, {}]
  for (const name of wrong as string[]) {
    t.is(thrown(() => Counter.options({ name })).code, 'ERR_PULSING_NAME_INVALID', String(name))
    t.is((await rejection(system.spawn(Counter, { name }))).code, 'ERR_PULSING_NAME_INVALID', String(name))
    t.is((await rejection(system.resolve(name))).code, 'ERR_PULSING_NAME_INVALID', String(name))
  }
})

test('allNamedActors lists names with references that work', async (t) => {
  const counter = await Counter.options({ name: 'listed/one', placement: { slot: 2 } }).spawn(3)
  const found = (await system.allNamedActors()).find(({ name }) => name === 'listed/one')
  t.is(found?.ref, counter.ref)
  t.is(await found?.ref.asType(Counter).incr(), 4)
})

test('resolve and asType refuse an actor of another class', async (t) => {
  const echo = await Echo.options({ name: 'class/echo', placement: { slot: 1 } }).spawn()
  const error = await rejection(Counter.resolve('class/echo'))
  t.is(error.code, 'ERR_PULSING_CLASS_MISMATCH')
  t.regex(error.message, /Counter/)
  t.regex(error.message, /Echo/)
  t.is(thrown(() => echo.ref.asType(Counter)).code, 'ERR_PULSING_CLASS_MISMATCH')
  t.is(await (await system.resolve('class/echo')).asType(Echo).echo(1), 1)
})

test('refer gives the reference of an id, by its text too, and says where there is none', async (t) => {
  for (const placement of ['host', { slot: 1 }] as const) {
    const counter = await Counter.options({ placement }).spawn(1)
    const { actorId } = counter.ref
    t.is(await system.refer(actorId), counter.ref)
    t.is(await system.refer(String(actorId)), counter.ref)
    t.is(await (await system.refer(actorId)).asType(Counter).incr(), 2)
    await system.stop(counter)
    const wrong = [
      String(actorId),
      `${system.nodeId}/1.4000000.1`,
      `${system.nodeId}/77.1.1`,
      `${system.nodeId}/255.1.1`,
      `${system.nodeId}/${actorId.slot}.0.1`,
      'other/1.1.1',
    ]
    for (const id of wrong) t.is((await rejection(system.refer(id))).code, 'ERR_PULSING_ACTOR_NOT_FOUND', id)
  }
  for (const id of ['', 'nonsense', 'a/b/1.1.1', 'a/1.1', 'a/1.1.-1', 5, null] as string[])
    t.is((await rejection(system.refer(id))).code, 'ERR_PULSING_INVALID_ARGUMENT', String(id))
})

test('an ActorId prints, parses and compares', async (t) => {
  const { actorId } = (await Counter.options({ placement: { slot: 1 } }).spawn()).ref
  t.regex(String(actorId), /^[\w.-]+\/1\.\d+\.\d+$/)
  t.is(JSON.stringify({ actorId }), `{"actorId":"${actorId}"}`)
  const parsed = ActorId.parse(String(actorId))
  t.true(parsed.equals(actorId))
  t.is(parsed.nodeId, system.nodeId)
  t.false(parsed.equals(ActorId.parse(`${system.nodeId}/1.1.999999`)))
})

test('spawn refuses what is neither a class nor an instance of one', async (t) => {
  for (const what of [undefined, null, 5, 'text', Symbol('s')] as unknown as object[])
    t.is((await rejection(system.spawn(what))).code, 'ERR_PULSING_INVALID_ARGUMENT')
  t.is((await rejection(system.spawn(Object.create(null)))).code, 'ERR_PULSING_INVALID_ARGUMENT')
  const own = new (class Own {})()
  for (const options of [
    { instances: 2 },
    { args: [1] },
    { placement: 'spread' },
    { placement: { slot: 1 } },
  ] as const)
    t.is((await rejection(system.spawn(own, options))).code, 'ERR_PULSING_INVALID_OPTION')
  t.is((await system.spawn(own, { placement: { slot: 0 } })).actorId.slot, 0)
})

test('spawnNamed spawns under a name', async (t) => {
  const ref = await system.spawnNamed('by/name', Recorder)
  t.is(await system.resolve('by/name'), ref)
})

test.serial('10,000 actors are spawned, called and stopped, and nothing of them is left', async (t) => {
  const count = () => system.stats().threads.reduce((sum, { actors }) => sum + actors, 0)
  const before = count()
  const counters = await Promise.all(Array.from({ length: 10_000 }, (_, i) => Counter.spawn(i)))
  t.is(count(), before + 10_000)
  const results = await Promise.all(counters.map((counter) => counter.incr()))
  t.true(results.every((result, i) => result === i + 1))
  await Promise.all(counters.map((counter) => system.stop(counter)))
  t.is(count(), before)
})
