import anyTest, { type TestFn } from 'ava'
import { type ActorRef, type ActorSystem, init, shutdown, stream, tell } from 'pulsing'
import { compiled, event, type KeepingLogger, keepingLogger, rejection, run, start, until } from '../bed.js'
import { Counter, Family, Recorder } from '../fixtures/actors.js'
import { Mortal } from '../fixtures/mortal.js'
import { Patient } from '../fixtures/patient.js'
import { Streamer } from '../fixtures/streaming.js'

const test = anyTest as TestFn
let system: ActorSystem
let logger: KeepingLogger
const coded = /^ERR_PULSING_(THREAD_DIED|ACTOR_STOPPED)$/

test.before(async () => {
  logger = keepingLogger()
  system = await init({ threads: 2, logger })
})
test.after.always(() => shutdown())

/** A new thread has taken the slot over: a spawn on it works. */
async function takenOver(slot: number, of = system): Promise<void> {
  await until(async () => {
    try {
      const counter = (await of.spawn(Counter, { placement: { slot }, args: [1] })).asType(Counter)
      return (await counter.incr()) === 2
    } catch (error) {
      if (!coded.test(String((error as { code?: unknown }).code))) throw error
      return false
    }
  })
}

const deaths = {
  'process.exit in an actor': (mortal: InstanceType<typeof Mortal>) => mortal.exit(3),
  'process.exit with code 0': (mortal: InstanceType<typeof Mortal>) => mortal.exit(0),
  'a throw in a stray timer': (mortal: InstanceType<typeof Mortal>) => mortal.throwInTimer(),
  'a promise that rejects unseen': (mortal: InstanceType<typeof Mortal>) => mortal.rejectUnhandled(),
}

for (const [what, die] of Object.entries(deaths)) {
  test.serial(
    `5.5: ${what} ends its thread alone: asks settle with a code, the slot is taken over`,
    async (t) => {
      const mortal = await Mortal.options({ placement: { slot: 1 }, name: 'mortal' }).spawn()
      const other = await Counter.options({ placement: { slot: 2 } }).spawn()
      const onHost = await Counter.options({ placement: 'host' }).spawn()
      const underWay = [mortal.under(), mortal.under()].map((ask) => rejection(ask))
      await mortal.incr()
      const died = event(system, 'threadDied')
      const before = system.stats().threadsDied
      die(tell(mortal) as never)
      const waiting = Array.from({ length: 200 }, () =>
        mortal.incr().then(
          () => 'done',
          (error) => error.code,
        ),
      )
      for (const error of await Promise.all(underWay)) t.regex(String(error.code), coded)
      for (const one of await Promise.all(waiting)) if (one !== 'done') t.regex(one, coded)
      t.is((await died).slot, 1)
      t.is(system.stats().threadsDied, before + 1)
      t.true(logger.lines.some(({ level, message }) => level === 'error' && message.includes('thread 1')))
      await takenOver(1)
      t.regex(String((await rejection(mortal.incr())).code), coded)
      t.is((await rejection(system.resolve('mortal'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
      t.is(await other.incr(), 1)
      t.is(await onHost.incr(), 1)
      const again = await Mortal.options({ placement: { slot: 1 }, name: 'mortal' }).spawn()
      t.is(await again.incr(), 1)
      await system.stop(again)
    },
  )
}

test.serial('5.5: a thread that runs out of memory, with resourceLimits, is replaced', async (t) => {
  const own = await start({ threads: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } })
  const mortal = (await own.spawn(Mortal, { placement: { slot: 1 } })).asType(Mortal)
  const died = event(own, 'threadDied')
  const error = await rejection(mortal.fill())
  t.regex(String(error.code), coded)
  t.regex(String((await died).error?.message), /memory/)
  await takenOver(1, own)
  await own.shutdown()
})

test.serial(
  '5.5: a thread that dies under load from all sides: all settles, and the others notice nothing',
  async (t) => {
    for (let round = 0; round < 5; round++) {
      const mortals = await Promise.all(
        [1, 1, 2, 0].map((slot) => Mortal.options({ placement: { slot } }).spawn()),
      )
      const [dying, neighbour, other, onHost] = mortals as [
        (typeof mortals)[0],
        (typeof mortals)[0],
        (typeof mortals)[0],
        (typeof mortals)[0],
      ]
      const loads = [
        other.load(dying, 2000),
        onHost.load(neighbour, 2000),
        rejection(dying.load(other, 1e9)),
        other.load(onHost, 2000),
        onHost.load(other, 2000),
      ] as const
      const asks = Array.from({ length: 500 }, () =>
        dying.later().then(
          () => 'done',
          (error) => error.code,
        ),
      )
      for (let i = 0; i < 1000; i++) tell(neighbour).incr()
      tell(dying).throwInTimer()
      for (let i = 0; i < 1000; i++) tell(dying).incr()
      const [, , own, unharmed, unharmedToo] = await Promise.all(loads)
      t.regex(String(own.code), coded)
      t.is(unharmed, 0)
      t.is(unharmedToo, 0)
      for (const one of await Promise.all(asks)) if (one !== 'done') t.regex(one, coded)
      t.true((await other.incr()) > 2000)
      await takenOver(1)
      await Promise.all([system.stop(other), system.stop(onHost)])
    }
  },
)

test.serial('spawns on a thread that dies at that moment settle, and new ones work', async (t) => {
  const mortal = await Mortal.options({ placement: { slot: 1 } }).spawn()
  tell(mortal).exit(1)
  const spawns = await Promise.allSettled(
    Array.from({ length: 50 }, () => Counter.options({ placement: { slot: 1 } }).spawn(1)),
  )
  for (const one of spawns) if (one.status === 'rejected') t.regex(String(one.reason.code), coded)
  for (const one of spawns) if (one.status === 'fulfilled') t.is(one.value.ref.actorId.slot, 1)
  await takenOver(1)
})

test.serial('5.4: children on a thread that died are no children any more', async (t) => {
  const family = await Family.options({ placement: 'host' }).spawn()
  const refs = [await family.child('spread'), await family.child('spread')]
  t.deepEqual(new Set(refs.map(({ actorId }) => actorId.slot)), new Set([1, 2]))
  const mortal = await Mortal.options({ placement: { slot: 2 } }).spawn()
  const died = event(system, 'threadDied')
  tell(mortal).exit(1)
  await died
  await until(async () => (await family.children()).length === 1)
  t.is((await family.children())[0]?.actorId.slot, 1)
  await takenOver(2)
})

test.serial('a pool goes on when the thread of one of its instances dies', async (t) => {
  const pool = await Mortal.options({ instances: 4, name: 'mortal-pool' }).spawn()
  t.is(pool.ref.actorId.slot, 255)
  const died = event(system, 'threadDied')
  tell(pool).exit(1)
  await died
  const results = await Promise.all(
    Array.from({ length: 100 }, () =>
      pool.later().then(
        () => 'done',
        (error) => error.code,
      ),
    ),
  )
  t.true(results.filter((one) => one === 'done').length >= 96)
  for (const one of results) if (one !== 'done') t.regex(one, coded)
  t.is((await Mortal.resolve('mortal-pool')).ref, pool.ref)
  await system.stop(pool)
})

test.serial('20 deaths in a row of one thread: the slot is taken over each time', async (t) => {
  for (let i = 0; i < 20; i++) {
    await takenOver(1)
    const mortal = await Mortal.options({ placement: { slot: 1 } }).spawn()
    const asked = rejection(mortal.under())
    const died = event(system, 'threadDied')
    tell(mortal).exit(i % 2)
    t.regex(String((await asked).code), coded)
    await died
  }
  await takenOver(1)
  t.is(await (await Counter.options({ placement: { slot: 2 } }).spawn(1)).incr(), 2)
})

test('section 2: one actor has one reference on a thread, also when another has its place by now', async (t) => {
  const own = await start({ threads: 2 })
  const spawn = async (slot: number) => (await own.spawn(Counter, { placement: { slot } })) as ActorRef
  const recorder = (await own.spawn(Recorder, { placement: { slot: 2 } })).asType(Recorder)
  const first = await spawn(1)
  await recorder.push(first)
  await own.stop(first)
  const second = await spawn(1)
  t.is(second.actorId.index, first.actorId.index)
  await recorder.push(second)
  for (let i = 0; i < 2; i++) {
    const [one, two] = await recorder.list()
    t.is(one, first)
    t.is(two, second)
  }
  t.is(await second.asType(Counter).incr(), 1)
  await own.shutdown()
})

test.serial('3.2: a stream ends at once on one side when the thread of the other has died', async (t) => {
  const source = await Streamer.options({ placement: { slot: 1 } }).spawn()
  const mortal = await Mortal.options({ placement: { slot: 1 } }).spawn()
  const items = stream(source.waits(10))
  t.is((await items.next()).value, 0)
  await until(async () => (await source.state()).made === 10)
  const pool = await Streamer.options({ instances: 2, placement: { slot: 1 } }).spawn()
  const pooled = rejection(pool.waits(10))
  const died = event(system, 'threadDied')
  tell(mortal).exit(1)
  await died
  const got: number[] = []
  const error = await rejection(
    (async () => {
      for await (const item of items) got.push(item)
    })(),
  )
  t.deepEqual(got, [1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.regex(String(error.code), coded)
  t.regex(String((await pooled).code), coded)
  await takenOver(1)

  // The reader's thread dies: the generators on two others run their finally.
  const sources = await Promise.all(
    (['host', { slot: 2 }] as const).map((placement) => Streamer.options({ placement }).spawn()),
  )
  const reader = await Streamer.options({ placement: { slot: 1 } }).spawn()
  for (const one of sources) tell(reader).readsOn(one)
  await until(async () =>
    (await Promise.all(sources.map((one) => one.state()))).every(({ made }) => made > 200),
  )
  const again = event(system, 'threadDied')
  tell(await Mortal.options({ placement: { slot: 1 } }).spawn()).exit(1)
  await again
  await until(async () =>
    (await Promise.all(sources.map((one) => one.state()))).every(({ left }) => left === 1),
  )
  await takenOver(1)
  t.pass()
})

test('5.5: threads ended at random, those that only start too, leave no call hanging and end nothing else', async (t) => {
  const ended = await run(compiled('programs/terminate.js'), { args: ['3000'], timeoutMs: 60_000 })
  t.is(ended.code, 0, ended.stderr)
  const { terminated, outcomes } = JSON.parse(ended.stdout) as {
    terminated: number
    outcomes: Record<string, number>
  }
  t.log(ended.stdout.trim())
  t.true(terminated > 5)
  t.true((outcomes.done ?? 0) > 0)
  for (const code of Object.keys(outcomes)) if (code !== 'done') t.regex(code, coded)
})

test('5.5: process.exit on the host at random moments ends the process with its code, whatever is under way', async (t) => {
  for (let i = 0; i < 6; i++) {
    const ended = await run(compiled('programs/terminate.js'), { args: ['500', 'exit'] })
    t.deepEqual([ended.code, ended.signal, ended.stderr], [7, null, ''])
  }
})

test.serial('3.4: a call whose caller died with its thread is aborted', async (t) => {
  const patient = await Patient.options({ placement: 'host' }).spawn()
  const mortal = await Mortal.options({ placement: { slot: 1 } }).spawn()
  tell(mortal).asks(patient)
  await until(async () => (await patient.seen()).begun === 1)
  tell(mortal).exit(1)
  await until(async () => (await patient.seen()).aborted.length === 1)
  t.deepEqual((await patient.seen()).aborted, ['AbortError'])
  await takenOver(1)
})

test('a slot whose thread cannot be started again fails what needs it at once, and the others go on', async (t) => {
  const ended = await run(compiled('programs/unmanned.js'))
  t.is(ended.code, 0, ended.stderr)
  t.deepEqual(JSON.parse(ended.stdout), {
    codes: Array.from({ length: 4 }, () => 'ERR_PULSING_THREAD_DIED'),
    slots: [2],
    quick: true,
  })
})
