import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import anyTest, { type TestFn } from 'ava'
import { type ActorRef, type ActorSystem, init, type SpawnOptions, shutdown, tell } from 'pulsing'
import { event, events, type KeepingLogger, keepingLogger, rejection, start, until } from '../bed.js'
import { Counter, Recorder } from '../fixtures/actors.js'
import { Mortal, Phoenix } from '../fixtures/mortal.js'

const test = anyTest as TestFn
let system: ActorSystem
let logger: KeepingLogger

test.before(async () => {
  logger = keepingLogger()
  system = await init({ threads: 2, logger })
})
test.after.always(() => shutdown())

const died = 'ERR_PULSING_THREAD_DIED'
const quick = { restartPolicy: 'on-failure', minBackoffMs: 0, placement: { slot: 1 } } as const

async function phoenix(options: SpawnOptions = {}) {
  const to = await Recorder.options({ placement: 'host' }).spawn()
  const actor = await Phoenix.options({ ...quick, ...options }).spawn(to)
  const ends = async () => (await to.list()).filter((one) => Array.isArray(one) && one[0] !== 'start')
  const notes = async () => (await to.list()).filter((one) => !Array.isArray(one))
  return { actor, to, ends, notes }
}

type Risen = Awaited<ReturnType<typeof phoenix>>['actor']

const deaths: Record<string, { die: (actor: Risen) => void; method: string | undefined }> = {
  'process.exit in a method': { die: (actor) => tell(actor).exit(3), method: 'exit' },
  'process.exit behind an await': { die: (actor) => tell(actor).exitLater(), method: undefined },
  'a throw in a stray timer': { die: (actor) => tell(actor).throwInTimer(), method: undefined },
}

for (const [what, { die, method }] of Object.entries(deaths)) {
  test.serial(
    `5.2: after ${what} the actor is made again on the next thread, its messages in order`,
    async (t) => {
      const { actor, ends, notes, to } = await phoenix({ name: 'phoenix' })
      const neighbour = await Mortal.options({ placement: { slot: 1 } }).spawn()
      const other = await Counter.options({ placement: { slot: 2 } }).spawn()
      const watcher = await Phoenix.options({ placement: 'host' }).spawn(to)
      await watcher.watch(actor)
      await watcher.watch(neighbour)
      t.is(await actor.incr(), 1)
      const underWay = [rejection(actor.under()), rejection(neighbour.under())]
      await neighbour.incr()
      const [death, restart] = [event(system, 'threadDied'), event(system, 'restart')]
      die(actor)
      const told: Promise<void>[] = []
      for (let i = 0; i < 500; i++) told.push(Promise.resolve(tell(actor).note(i)))
      const asks = Array.from({ length: 20 }, () => actor.incr())
      t.deepEqual(
        (await Promise.all(underWay)).map(({ code }) => code),
        [died, 'ERR_PULSING_ACTOR_STOPPED'],
      )
      await Promise.all(told)
      const answers = await Promise.allSettled(asks)
      // Those that began before the death failed or were answered by the old instance; the rest is the new one's.
      const codes = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
      t.true(codes.every((code) => code === died))
      t.is(answers.at(-1)?.status, 'fulfilled')
      await until(async () => (await notes()).length >= 500) // what it tells and what it answers go their own ways
      t.deepEqual(
        await notes(),
        Array.from({ length: 500 }, (_, i) => i),
      )
      const { error, slot, ...by } = await death
      t.is(slot, 1)
      t.is(error?.message, what === 'a throw in a stray timer' ? 'stray' : undefined)
      t.deepEqual(by, { actor: `phoenix (${actor.ref.actorId})`, type: 'Phoenix', method })
      t.regex((await restart).actor, new RegExp(String(actor.ref.actorId)))
      t.is((await restart).restarts, 1)
      const described = await system.describe(actor)
      t.is(described.restarts, 1)
      t.is((described.lastFailure?.error as { code?: unknown } | undefined)?.code, died)
      t.is(described.name, 'phoenix')
      t.is(String((await system.resolve('phoenix')).actorId), String(actor.ref.actorId))
      t.is(await other.incr(), 1)
      await until(async () => (await ends()).length > 0)
      t.deepEqual(await ends(), [['terminated', neighbour.ref, 'thread-died']])
      await system.stop(actor)
      await until(async () => (await ends()).length > 2)
      const [first, second] = (await ends()).slice(1)
      const isStop = (one: unknown) => (one as unknown[])[0] === 'stop'
      t.deepEqual(isStop(first) ? [first, second] : [second, first], [
        ['stop', 'stopped'],
        ['terminated', actor.ref, 'stopped'],
      ])
      t.deepEqual(
        (await to.list())
          .filter((one) => Array.isArray(one) && one[0] === 'start')
          .map((one) => (one as unknown[])[1]),
        [false, false, false], // its own copy of the arguments each time; one is the watcher's
      )
    },
  )
}

test.serial('5.2: streams of the old instance end with an error, and new ones work', async (t) => {
  const { actor } = await phoenix()
  const items = actor.items()[Symbol.asyncIterator]()
  t.is((await items.next()).value, 0)
  tell(actor).exit(1)
  const error = await rejection(
    (async () => {
      for (;;) await items.next()
    })(),
  )
  t.is(error.code, died)
  const again = actor.items()[Symbol.asyncIterator]()
  t.is((await again.next()).value, 0)
  await again.return?.(undefined)
  await system.stop(actor)
})

test.serial('5.1: deaths of its thread count: one too many, and it stops for good', async (t) => {
  const { actor, to, ends } = await phoenix({ maxRestarts: 2 })
  const watcher = await Phoenix.options({ placement: 'host' }).spawn(to)
  await watcher.watch(actor)
  for (let i = 0; i < 2; i++) {
    tell(actor).exit(1)
    t.is(await actor.incr(), 1)
    t.is((await system.describe(actor)).restarts, i + 1)
  }
  tell(actor).exit(1)
  t.regex(String((await rejection(actor.incr())).code), /ERR_PULSING_(ACTOR_STOPPED|THREAD_DIED)/)
  await until(async () => (await ends()).length > 0)
  t.is((await ends()).length, 1)
})

test.serial('5.1: an actor that ends its thread whenever it starts is given up', async (t) => {
  const to = await Recorder.options({ placement: 'host' }).spawn()
  const dieAtStart = new Int32Array(new SharedArrayBuffer(4))
  const actor = await Phoenix.options({ ...quick, maxRestarts: 3 }).spawn(to, {
    used: false,
    dieAtStart,
  } as never)
  const [seen, restarts] = [events(system, 'threadDied'), events(system, 'restart')]
  Atomics.store(dieAtStart, 0, 1)
  tell(actor).exit(1)
  t.regex(String((await rejection(actor.incr())).code), /ERR_PULSING_(ACTOR_STOPPED|THREAD_DIED)/)
  t.is(await (await Counter.options({ placement: { slot: 1 } }).spawn()).incr(), 1)
  t.is(seen.length, 4)
  t.is(restarts.length, 3)
})

test.serial('5.2: a pool keeps its messages while the thread of its instances is replaced', async (t) => {
  const to = await Recorder.options({ placement: 'host' }).spawn()
  const pool = await Phoenix.options({ ...quick, instances: 2 }).spawn(to)
  tell(pool).exit(1)
  for (let i = 0; i < 200; i++) tell(pool).note(i)
  const answer = await pool.incr()
  t.true(answer >= 1)
  await until(async () => (await to.list()).filter((one) => typeof one === 'number').length === 200)
  const numbers = (await to.list()).filter((one) => typeof one === 'number') as number[]
  t.is(new Set(numbers).size, 200)
  await system.stop(pool)
  t.regex(String((await rejection(pool.incr())).code), /ACTOR_STOPPED/)
})

test.serial(
  '5.4: a child is made again with its parent where both lived, and by itself where its parent lives',
  async (t) => {
    const { actor, to } = await phoenix()
    const elsewhere = await phoenix({ placement: { slot: 2 } })
    const near = ((await actor.child({ restartPolicy: 'on-failure' })) as ActorRef).asType(Phoenix)
    const far = ((await elsewhere.actor.child({ ...quick })) as ActorRef).asType(Phoenix)
    const orphan = ((await actor.child({ ...quick, placement: { slot: 2 } })) as ActorRef).asType(Phoenix)
    t.is(await orphan.slot(), 2)
    t.is(await far.incr(), 1)
    tell(actor).exit(1)
    t.is(await actor.incr(), 1)
    t.is(await far.incr(), 1)
    t.is(await elsewhere.actor.children(), 1)
    t.is(await actor.children(), 0)
    t.regex(String((await rejection(near.incr())).code), /ERR_PULSING_ACTOR_STOPPED/)
    await until(async () => (await to.list()).some((one) => Array.isArray(one) && one[0] === 'stop'))
    t.regex(String((await rejection(orphan.incr())).code), /ERR_PULSING_ACTOR_STOPPED/)
    await Promise.all([system.stop(actor), system.stop(elsewhere.actor)])
  },
)

test.serial(
  '5.4: siblings on other threads are made again with a child whose thread died, where the strategy says so',
  async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const parent = await Phoenix.options({ placement: 'host', strategy: 'one-for-all' }).spawn(to)
    const one = ((await parent.child({ ...quick })) as ActorRef).asType(Phoenix)
    const two = ((await parent.child({ ...quick, placement: { slot: 2 } })) as ActorRef).asType(Phoenix)
    t.deepEqual(await Promise.all([one.incr(), two.incr()]), [1, 1])
    tell(one).exit(1)
    t.is(await one.incr(), 1)
    await until(async () => (await to.list()).length >= 6)
    t.is(await two.incr(), 1)
    t.deepEqual(
      (await to.list()).filter((said) => Array.isArray(said) && said[0] === 'stop'),
      [['stop', 'restarted']],
    )
    await system.stop(parent)
  },
)

test.serial('5.2: messages that were sent on the thread that died are counted as dead letters', async (t) => {
  const { actor } = await phoenix()
  const before = system.stats().deadLetters
  tell(actor).tellSelfAndExit(123)
  t.is(await actor.incr(), 1)
  await until(() => system.stats().deadLetters >= before + 123)
  t.is(system.stats().deadLetters, before + 123)
  await system.stop(actor)
})

test.serial(
  'an actor that is stopped while its thread is replaced stops, and its name is free',
  async (t) => {
    const { actor } = await phoenix({ name: 'stopped-meanwhile' })
    const death = event(system, 'threadDied')
    tell(actor).exit(1)
    await death
    await system.stop(actor)
    t.is((await rejection(system.resolve('stopped-meanwhile'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
    t.regex(String((await rejection(actor.incr())).code), /ACTOR_STOPPED/)
  },
)

test.serial(
  'an actor whose class the next thread cannot load stops for good: its name is free, watchers hear',
  async (t) => {
    const file = join(tmpdir(), `pulsing-broken-${process.pid}`)
    process.env.PULSING_TEST_BROKEN = file
    t.teardown(() => rmSync(file, { force: true }))
    const { Breakable } = await import('../fixtures/modules/breakable.js')
    const own = await start({ threads: 1 })
    const to = (await own.spawn(Recorder, { placement: 'host' })).asType(Recorder)
    const watcher = (await own.spawn(Phoenix, { placement: 'host', args: [to] })).asType(Phoenix)
    const actor = (await own.spawn(Breakable, { placement: { slot: 1 }, name: 'breakable' })).asType(
      Breakable,
    )
    await watcher.watch(actor)
    writeFileSync(file, '')
    tell(actor).exit()
    t.regex(String((await rejection(actor.hello())).code), /ERR_PULSING_(ACTOR_STOPPED|THREAD_DIED)/)
    await until(async () => (await to.list()).some((one) => Array.isArray(one) && one[0] === 'terminated'))
    t.is((await rejection(own.resolve('breakable'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
    rmSync(file)
    await own.shutdown()
  },
)

test.serial('5.5: an error that is caught ends no thread, and nobody is blamed for it later', async (t) => {
  const { actor, to } = await phoenix()
  await actor.catchAll()
  await actor.throwInTimer()
  await until(async () => (await to.list()).includes('caught'))
  const mortal = await Mortal.options({ placement: { slot: 1 }, name: 'culprit' }).spawn()
  const death = event(system, 'threadDied')
  tell(mortal).exit(9)
  t.is((await death).actor, `culprit (${mortal.ref.actorId})`)
  t.is((await death).method, 'exit')
  await system.stop(actor)
})

test.serial(
  'spawns of supervised actors that fail with their thread leave no actor, and their names free',
  async (t) => {
    const killer = await Mortal.options({ placement: { slot: 1 } }).spawn()
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const before = system.stats().threads[1]?.actors as number
    tell(killer).throwInTimer()
    const names = Array.from({ length: 200 }, (_, i) => `doomed/${i}`)
    const spawns = await Promise.allSettled(
      names.map((name) => Phoenix.options({ ...quick, name }).spawn(to)),
    )
    const failed = names.filter((_, i) => spawns[i]?.status === 'rejected')
    for (const one of spawns) if (one.status === 'rejected') t.is(one.reason.code, died)
    for (const name of failed)
      t.is((await rejection(system.resolve(name))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
    for (const one of spawns)
      if (one.status === 'fulfilled') {
        t.true((await one.value.incr()) >= 1)
        await system.stop(one.value)
      }
    for (const name of failed.slice(0, 3))
      await system.stop(await Phoenix.options({ ...quick, name }).spawn(to))
    t.true((system.stats().threads[1]?.actors as number) <= before)
  },
)

test.serial('a system shuts down while actors are made again on a new thread', async (t) => {
  for (let round = 0; round < 5; round++) {
    const own = await start({ threads: 1 })
    const to = (await own.spawn(Recorder, { placement: 'host' })).asType(Recorder)
    const actors = await Promise.all(
      Array.from({ length: 20 }, async () =>
        (await own.spawn(Phoenix, { ...quick, args: [to] })).asType(Phoenix),
      ),
    )
    const death = round % 2 === 0 ? event(own, 'threadDied') : undefined
    tell(actors[0] as Risen).exit(1)
    const asks = actors.map((actor) => actor.incr().catch((error) => error.code))
    await death
    await own.shutdown()
    for (const one of await Promise.all(asks))
      t.true(
        one === 1 || /ERR_PULSING_(THREAD_DIED|SYSTEM_STOPPED|ACTOR_STOPPED)/.test(String(one)),
        String(one),
      )
  }
})
