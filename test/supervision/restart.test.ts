import anyTest, { type TestFn } from 'ava'
import {
  type ActorRef,
  type ActorSystem,
  init,
  PulsingBusinessError,
  PulsingSystemError,
  remote,
  type SpawnOptions,
  SupervisionSpec,
  shutdown,
  tell,
} from 'pulsing'
import { event, type KeepingLogger, keepingLogger, rejection, until } from '../bed.js'
import { Gate, Recorder } from '../fixtures/actors.js'
import { Fragile, FragileReceiver, type Given } from '../fixtures/supervised.js'

const test = anyTest as TestFn
let system: ActorSystem
const logger: KeepingLogger = keepingLogger()

test.before(async () => {
  system = await init({ threads: 2, logger })
})
test.after.always(() => shutdown())

const quick = { restartPolicy: 'on-failure', minBackoffMs: 0 } as const
let keys = 0

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'

  async function fragile(options: SpawnOptions = quick, more: Partial<Given> = {}) {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const key = `fragile/${++keys}`
    const actor = await Fragile.options({ placement, ...options }).spawn(to, { key, used: false, ...more })
    const said = async () => (await to.list()).filter((one) => !(Array.isArray(one) && one[0] === 'start'))
    return { actor, to, key, said }
  }

  test(`4.5: a recoverable System error restarts the actor where its policy is not never, ${where}`, async (t) => {
    const { actor, to } = await fragile()
    t.is(await actor.incr(), 1)
    const error = await rejection(actor.fail())
    t.true(error instanceof PulsingSystemError)
    t.is(await actor.incr(), 1)
    t.is(await actor.life(), 2)
    t.is((await system.describe(actor)).restarts, 1)
    t.is((await system.describe(actor)).lastFailure?.error.message, 'broken')
    const startsSaid = async () => (await to.list()).filter((one) => Array.isArray(one) && one[0] === 'start')
    await until(async () => (await startsSaid()).length >= 2)
    const starts = await startsSaid()
    t.is(starts.length, 2)
    t.deepEqual(starts[0], starts[1])
  })

  test(`4.5: where its policy is never, it stays as it is, ${where}`, async (t) => {
    const { actor } = await fragile({})
    t.is(await actor.incr(), 1)
    await rejection(actor.fail())
    t.is(await actor.incr(), 2)
    t.is((await system.describe(actor)).restarts, 0)
  })

  test(`4.5: Business errors restart nobody, ${where}`, async (t) => {
    const { actor } = await fragile()
    t.is(await actor.incr(), 1)
    t.true((await rejection(actor.refuse())) instanceof PulsingBusinessError)
    t.is(await actor.incr(), 2)
  })

  test(`4.5: recoverable false stops for good where the policy is never, ${where}`, async (t) => {
    const { actor, said } = await fragile({})
    t.true((await rejection(actor.fail(false))) instanceof PulsingSystemError)
    t.is((await rejection(actor.incr())).code, 'ERR_PULSING_ACTOR_STOPPED')
    await until(async () => (await said()).length === 1)
    t.deepEqual(await said(), [['stop', 'failed']])
  })

  test(`4.4: an error that came as an answer and is passed on restarts nobody, ${where}`, async (t) => {
    const one = await fragile()
    const other = await fragile({})
    t.true((await rejection(one.actor.askAndPassOn(other.actor))) instanceof PulsingSystemError)
    t.is(await one.actor.life(), 1)
  })

  test(`5.2: id, name and references stay good, and each instance gets the arguments as they were, ${where}`, async (t) => {
    const name = `kept/${keys}/${placement === 'host'}`
    const { actor } = await fragile({ ...quick, name })
    const before = actor.ref.actorId.toString()
    for (let i = 0; i < 3; i++) await rejection(actor.fail())
    const found = await system.resolve(name)
    t.is(found, actor.ref)
    t.is(found.actorId.toString(), before)
    t.is(await actor.life(), 4)
    t.false(await actor.wasUsed())
  })

  test(`5.2: the waiting messages stay, in order; the one being handled is not handled again, ${where}`, async (t) => {
    const { actor, said } = await fragile()
    const telling = tell(actor)
    const asks: Promise<unknown>[] = []
    for (let i = 0; i < 300; i++) {
      telling.note(i)
      if (i === 100 || i === 200) asks.push(rejection(actor.fail()))
      if (i % 50 === 0) asks.push(actor.incr())
    }
    await Promise.all(asks)
    t.is(await actor.life(), 3)
    const numbers = async () => (await said()).filter((one) => typeof one === 'number')
    await until(async () => (await numbers()).length >= 300) // what an actor tells and what it answers go their own ways
    const notes = await numbers()
    t.deepEqual(
      notes,
      Array.from({ length: 300 }, (_, i) => i),
    )
  })

  test(`5.2: of an Actor too, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const ref = await system.spawn(FragileReceiver, { placement, args: [to], ...quick, maxRestarts: 9 })
    for (let i = 0; i < 100; i++) ref.tell(i % 25 === 24 ? 'fail' : i)
    t.is(await ref.ask('last'), 'last')
    await until(async () => (await to.list()).length >= 97)
    t.deepEqual(await to.list(), [
      ...Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 25 !== 24),
      'last',
    ])
    t.is((await system.describe(ref)).restarts, 4)
  })

  test(`5.2: async calls and streams under way fail with ERR_PULSING_ACTOR_RESTARTED, their signals abort, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const { actor, said } = await fragile()
    const waiting = rejection(actor.wait(gate))
    const items = actor.items()[Symbol.asyncIterator]()
    await items.next()
    await until(async () => (await gate.waiting()) === 1)
    await rejection(actor.fail())
    t.is((await waiting).code, 'ERR_PULSING_ACTOR_RESTARTED')
    let error: { code?: unknown } = {}
    while (error.code === undefined)
      await items.next().catch((thrown) => {
        error = thrown
      })
    t.is(error.code, 'ERR_PULSING_ACTOR_RESTARTED')
    t.is(await actor.incr(), 1)
    await gate.open()
    await until(async () => (await said()).length >= 3)
    const list = await said()
    t.true(
      list.some(
        (one) => Array.isArray(one) && one[0] === 'aborted' && String(one[1]).includes('was restarted'),
      ),
    )
    t.true(list.includes('finally'))
    t.true(list.some((one) => Array.isArray(one) && one[0] === 'stop' && one[1] === 'failed'))
    // What the old instance had under way counts for nothing any more.
    t.is((await system.describe(actor)).underWay, 0)
  })

  test(`5.2: the old instance's context and delayed calls are dead, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const { actor, said } = await fragile()
    await actor.later(600_000)
    tell(actor).useContextLater(gate)
    await until(async () => (await gate.waiting()) === 1)
    await rejection(actor.fail())
    await actor.incr()
    await gate.open()
    await until(async () => (await said()).length >= 2)
    t.deepEqual(await said(), [
      ['stop', 'failed'],
      ['old context', 'ERR_PULSING_ACTOR_STOPPED', true, false],
    ])
  })

  test(`5.1: after maxRestarts within the window it stops for good, its name is free, ${where}`, async (t) => {
    const name = `limited/${keys}/${placement === 'host'}`
    const { actor, said } = await fragile({ ...quick, name, maxRestarts: 2 })
    for (let i = 0; i < 3; i++) await rejection(actor.fail())
    t.is((await rejection(actor.incr())).code, 'ERR_PULSING_ACTOR_STOPPED')
    t.is((await rejection(system.resolve(name))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
    await until(async () => (await said()).length === 3)
    t.true(logger.lines.some(({ message }) => message.includes('stops for good')))
  })

  test(`5.1: always restarts after a stop from inside; a stop from outside is final, ${where}`, async (t) => {
    const { actor, said } = await fragile({ ...quick, restartPolicy: 'always' })
    const restarted = event(system, 'restart', ({ actor: which }) => which === actor.ref.actorId.toString())
    await actor.quit()
    t.is((await restarted).error, undefined)
    t.is(await actor.life(), 2)
    await system.stop(actor)
    t.is((await rejection(actor.incr())).code, 'ERR_PULSING_ACTOR_STOPPED')
    await until(async () => (await said()).length === 2)
    t.deepEqual(await said(), [
      ['stop', 'stopped'],
      ['stop', 'stopped'],
    ])
  })

  test(`5.1: what keeps a new instance from starting is one more failure, ${where}`, async (t) => {
    const { actor, said } = await fragile(
      { ...quick, maxRestarts: 5 },
      { stillborn: [2, 3], neverStarts: [4] },
    )
    await rejection(actor.fail())
    t.is(await actor.life(), 5)
    t.is((await system.describe(actor)).restarts, 4)
    t.is((await system.describe(actor)).lastFailure?.error.message, 'never starts')
    await until(async () => (await said()).length >= 1)
    t.deepEqual(await said(), [['stop', 'failed']])
    const lost = await fragile({ ...quick, maxRestarts: 2 }, { stillborn: [2, 3, 4] })
    await rejection(lost.actor.fail())
    t.is((await rejection(lost.actor.life())).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`5.1: a restart waits for its backoff, and a stop meanwhile is final, ${where}`, async (t) => {
    const { actor } = await fragile({ restartPolicy: 'on-failure', minBackoffMs: 20_000 })
    const restarted = event(system, 'restart', ({ actor: which }) => which === actor.ref.actorId.toString())
    await rejection(actor.fail())
    const { delayMs, restarts } = await restarted
    t.true(delayMs >= 20_000 && delayMs <= 25_000, String(delayMs))
    t.is(restarts, 1)
    t.is((await system.describe(actor)).status, 'restarting')
    const waiting = rejection(actor.incr())
    await system.stop(actor)
    t.is((await waiting).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`5.3: what the constructor or the first onStart throws rejects the spawn, whatever the policy, ${where}`, async (t) => {
    t.is((await rejection(fragile(quick, { stillborn: [1] }))).message, 'stillborn')
    t.is((await rejection(fragile(quick, { neverStarts: [1] }))).message, 'never starts')
  })

  test(`5.2: an instance of a pool is made again, and takes messages as before, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const key = `pool/${++keys}`
    const pool = await Fragile.options({ placement, instances: 2, ...quick, maxRestarts: 100 }).spawn(to, {
      key,
      used: false,
    })
    for (let i = 0; i < 20; i++) {
      await rejection(pool.fail())
      t.true((await pool.incr()) > 0)
    }
    t.is(await pool.life().then((life) => life > 2), true)
    await system.stop(pool)
  })

  test(`an error under way in the old instance is nobody's after its restart, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const { actor } = await fragile({ ...quick, maxConcurrency: 2 })
    const first = rejection(actor.wait(gate))
    await until(async () => (await gate.waiting()) === 1)
    await rejection(actor.fail())
    t.is((await first).code, 'ERR_PULSING_ACTOR_RESTARTED')
    // Two places again, although the old call still runs.
    const again = [actor.wait(gate), actor.wait(gate)]
    await until(async () => (await gate.waiting()) === 3)
    await gate.open()
    t.deepEqual(await Promise.all(again), ['waited', 'waited'])
  })
}

test('section 2: an instance with a restart policy needs a factory, and says so', async (t) => {
  class Plain {
    fail(): never {
      throw new Error('broken')
    }
  }
  const error = await rejection(system.spawn(new Plain(), { restartPolicy: 'always' }))
  t.is(error.code, 'ERR_PULSING_FACTORY_REQUIRED')
})

test('section 2: spawnNamedFactory makes the instance again on the calling thread', async (t) => {
  let made = 0
  class Service {
    readonly number = ++made
    get(): number {
      return this.number
    }
    fail(): never {
      throw new Error('broken')
    }
  }
  const options = { ...SupervisionSpec.onFailure().maxRestarts(3).minBackoffMs(0).options }
  const ref: ActorRef = await system.spawnNamedFactory('factory/service', () => new Service(), options)
  t.is(made, 1)
  const service = ref.asType(Service)
  t.is(await service.get(), 1)
  await rejection(service.fail())
  t.is(await service.get(), 2)
  t.is(await system.resolve('factory/service'), ref)
  await system.stop(ref)
  const bad = await rejection(system.spawnNamedFactory('factory/bad', () => 5 as never))
  t.is(bad.code, 'ERR_PULSING_INVALID_ARGUMENT')
  t.is(
    (await rejection(system.spawnNamedFactory('factory/bad', 5 as never))).code,
    'ERR_PULSING_INVALID_ARGUMENT',
  )
})

test('the options of a class are restart options too, as the reference has them', async (t) => {
  const Resilient = remote(
    import.meta.url,
    class Resilient {
      work(): never {
        throw new Error('broken')
      }
      rest(): string {
        return 'rested'
      }
    },
    { restartPolicy: 'on-failure', maxRestarts: 3, minBackoffMs: 1, maxBackoffMs: 2 },
  )
  const worker = await Resilient.options({ placement: 'host' }).spawn()
  await rejection(worker.work())
  t.is(await worker.rest(), 'rested')
  t.is((await system.describe(worker)).restarts, 1)
})

test('describe says what an actor is at, and where there is none', async (t) => {
  const to = await Recorder.options({ placement: { slot: 1 }, name: 'described' }).spawn()
  const said = await system.describe('described')
  t.is(said.ref, to.ref)
  t.deepEqual(
    [said.name, said.type, said.slot, said.status, said.waiting, said.underWay, said.restarts, said.children],
    ['described', 'Recorder', 1, 'running', 0, 0, 0, []],
  )
  await system.stop(to)
  t.is((await rejection(system.describe(to))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
})
