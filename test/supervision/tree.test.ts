import anyTest, { type TestFn } from 'ava'
import {
  type ActorProxy,
  type ActorRef,
  type ActorSystem,
  actorSystem,
  init,
  type Placement,
  type Strategy,
  shutdown,
  tell,
} from 'pulsing'
import { event, keepingLogger, rejection, until } from '../bed.js'
import { Recorder } from '../fixtures/actors.js'
import { Mortal } from '../fixtures/mortal.js'
import { Child, Fragile, Mourner, Parent } from '../fixtures/supervised.js'

const test = anyTest as TestFn
let system: ActorSystem

test.before(async () => {
  system = await init({ threads: 2, logger: keepingLogger() })
})
test.after.always(() => shutdown())

const quick = { restartPolicy: 'on-failure', minBackoffMs: 0, maxRestarts: 3 } as const
let families = 0

async function isQuiet(to: ActorProxy<InstanceType<typeof Recorder>>, count: number): Promise<unknown[]> {
  await until(async () => (await to.count()) >= count)
  return to.list()
}

// The children beside their parent, or on another thread.
for (const placement of ['auto', { slot: 2 }] as const satisfies Placement[]) {
  const where = placement === 'auto' ? 'beside their parent' : 'on another thread'

  async function family(strategy: Strategy | undefined, more: object = {}) {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const parent = await Parent.options({ placement: { slot: 1 }, strategy, ...more }).spawn(to)
    const prefix = `family${++families}`
    const names = ['a', 'b', 'c'].map((name) => `${prefix}/${name}`)
    const refs: ActorRef[] = []
    for (const name of names) refs.push(await parent.child(name, { placement, ...quick }))
    const children = refs.map((ref) => ref.asType(Child))
    await isQuiet(to, 3)
    /** What was said since the start, without the family's name. */
    const said = async (count: number) =>
      (await isQuiet(to, count + 3))
        .slice(3)
        .map((one) => (one as string[]).map((word) => word.replace(`${prefix}/`, '')).join(' '))
    return { parent, children, said, refs, to, prefix }
  }

  test(`5.4: without a strategy, and under one-for-one, a child is made again by itself, ${where}`, async (t) => {
    for (const strategy of [undefined, 'one-for-one'] as const) {
      const { children, said } = await family(strategy)
      await rejection(children[1]?.fail())
      t.true((await children[1]?.hello())?.endsWith('/b'))
      t.deepEqual(await said(2), ['b stop failed', 'b start'])
    }
  })

  test(`5.4: one-for-all makes all children again, last started first to stop, ${where}`, async (t) => {
    const { children, said } = await family('one-for-all')
    await rejection(children[1]?.fail())
    const list = await said(6)
    t.is(list[0], 'b stop failed')
    t.deepEqual(list.slice(1), ['c stop restarted', 'a stop restarted', 'a start', 'b start', 'c start'])
    for (const child of children) t.truthy(await child.hello())
  })

  test(`5.4: rest-for-one makes it and those started after it again, ${where}`, async (t) => {
    const { children, said } = await family('rest-for-one')
    await rejection(children[1]?.fail())
    t.deepEqual(await said(4), ['b stop failed', 'c stop restarted', 'b start', 'c start'])
    t.truthy(await children[0]?.hello())
  })

  test(`5.4: siblings that are never made again stop for good, ${where}`, async (t) => {
    const { parent, children, said, prefix, to } = await family('one-for-all')
    const plain = (await parent.child(`${prefix}/plain`, { placement })).asType(Child)
    await isQuiet(to, 4)
    await rejection(children[0]?.fail())
    const list = await said(8)
    t.true(list.includes('plain stop stopped'))
    t.is((await rejection(plain.hello())).code, 'ERR_PULSING_ACTOR_STOPPED')
    await until(async () => (await parent.children()) === 3)
  })

  test(`5.4: what exceeds a child's limit escalates: the parent fails, ${where}`, async (t) => {
    const { parent, children, said, prefix } = await family('one-for-one', quick)
    for (let i = 0; i < 4; i++) await rejection(children[0]?.fail())
    await until(async () => (await system.describe(parent)).restarts === 1)
    await until(async () => (await parent.children()) === 0)
    t.is((await rejection(children[2]?.hello())).code, 'ERR_PULSING_ACTOR_STOPPED')
    t.regex(
      String((await system.describe(parent)).lastFailure?.error.message),
      /failed too often: .* is broken/,
    )
    const list = await said(10)
    t.deepEqual(
      list.slice(-4).sort(),
      ['a stop failed', 'b stop stopped', 'c stop stopped', 'parent stop failed'].sort(),
    )
    t.is(await parent.children(), 0)
    // It works as before.
    t.truthy(await (await parent.child(`${prefix}/new`, { placement })).asType(Child).hello())
  })

  test(`5.4: without a strategy a child that fails too often stops alone, ${where}`, async (t) => {
    const { parent, children } = await family(undefined)
    for (let i = 0; i < 4; i++) await rejection(children[0]?.fail())
    t.is((await rejection(children[0]?.hello())).code, 'ERR_PULSING_ACTOR_STOPPED')
    await until(async () => (await parent.children()) === 2)
    t.is((await system.describe(parent)).restarts, 0)
  })

  test(`5.2: a parent that is restarted has no children: they stopped before it, last started first, ${where}`, async (t) => {
    const { parent, said } = await family(undefined, quick)
    await rejection(parent.fail())
    t.is(await parent.children(), 0)
    t.deepEqual(await said(4), ['c stop stopped', 'b stop stopped', 'a stop stopped', 'parent stop failed'])
  })

  test(`5.4: a watcher hears once that an actor has stopped, a restart it does not hear, ${where}`, async (t) => {
    const { parent, refs, to } = await family(undefined)
    const [watched, other] = refs as [ActorRef, ActorRef]
    await parent.watch(watched)
    await parent.watch(watched)
    await parent.watch(other)
    await parent.unwatch(other)
    await rejection(watched.asType(Child).fail())
    t.truthy(await watched.asType(Child).hello())
    await Promise.all([system.stop(watched), system.stop(watched), system.stop(other)])
    await until(async () => (await parent.children()) === 1)
    const heard = () => to.list().then((list) => list.filter((one) => (one as string[])[0] === 'terminated'))
    await until(async () => (await heard()).length > 0)
    t.deepEqual(await heard(), [['terminated', watched, 'stopped']])
  })

  test(`5.4: an actor that is gone, or fails for good, is told of with why, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const watcher = await Parent.options({ placement: { slot: 1 } }).spawn(to)
    const slot = placement === 'auto' ? 1 : 2
    const gone = await Child.options({ placement: { slot } }).spawn(to, 'gone')
    await system.stop(gone)
    await watcher.watch(gone)
    const fails = await Fragile.options({ placement: { slot } }).spawn(to, {
      key: `watched/${slot}`,
      used: false,
    })
    await watcher.watch(fails)
    await rejection(fails.fail(false))
    const heard = () => to.list().then((list) => list.filter((one) => (one as string[])[0] === 'terminated'))
    await until(async () => (await heard()).length === 2)
    t.deepEqual(await heard(), [
      ['terminated', gone.ref, 'stopped'],
      ['terminated', fails.ref, 'failed'],
    ])
  })

  test(`5.4: what onSignal throws is a failure of the watcher, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const slot = placement === 'auto' ? 1 : 2
    const whom = await Child.options({ placement: { slot } }).spawn(to, 'whom')
    const calm = await Mourner.options({ placement: { slot: 1 }, ...quick, maxRestarts: 1 }).spawn(
      whom.ref,
      to,
    )
    const plain = await Mourner.options({ placement: { slot: 1 } }).spawn(whom.ref, to)
    await system.stop(whom)
    // Made again, it watches who is gone already, and fails once more.
    await until(async () => (await calm.hello().catch(() => 'stopped')) === 'stopped')
    await until(async () => (await plain.hello().catch(() => 'stopped')) === 'stopped')
    const heard = async () => (await to.list()).filter((one) => (one as string[])[0] === 'mourns')
    await until(async () => (await heard()).length >= 3)
    t.is((await heard()).length, 3)
  })
}

test('5.4: a watcher hears when a pool has no instance left', async (t) => {
  const to = await Recorder.options({ placement: 'host' }).spawn()
  const watcher = await Parent.options({ placement: { slot: 1 } }).spawn(to)
  const pool = await Child.options({ instances: 3 }).spawn(to, 'pool')
  await watcher.watch(pool)
  await system.stop(pool)
  const heard = () => to.list().then((list) => list.filter((one) => (one as string[])[0] === 'terminated'))
  await until(async () => (await heard()).length === 1)
  t.is(((await heard())[0] as unknown[])[1], pool.ref)
})

test('5.4: a watcher hears of the actors of a thread that has died, once each, and so does their parent', async (t) => {
  const own = await actorSystem({ threads: 2, logger: keepingLogger() })
  t.teardown(() => own.shutdown())
  const log = (await own.spawn(Recorder, { placement: 'host' })).asType(Recorder)
  const watcher = (await own.spawn(Parent, { placement: 'host', args: [log] })).asType(Parent)
  const refs = [
    await own.spawn(Child, { placement: { slot: 1 }, args: [log, 'one'] }),
    await own.spawn(Child, { placement: { slot: 1 }, args: [log, 'two'] }),
    await own.spawn(Child, { placement: { slot: 2 }, args: [log, 'spared'] }),
  ]
  for (const ref of refs) await watcher.watch(ref)
  const orphan = await own.spawn(Parent, { placement: { slot: 1 }, args: [log] })
  const child = (await orphan.asType(Parent).child('orphan', { placement: { slot: 2 } })).asType(Child)
  const mortal = (await own.spawn(Mortal, { placement: { slot: 1 } })).asType(Mortal)
  const died = event(own, 'threadDied')
  tell(mortal).exit(3)
  await died
  const heard = () => log.list().then((list) => list.filter((one) => (one as string[])[0] === 'terminated'))
  await until(async () => (await heard()).length === 2)
  t.deepEqual(await heard(), [
    ['terminated', refs[0], 'thread-died'],
    ['terminated', refs[1], 'thread-died'],
  ])
  await until(async () => (await child.hello().catch(() => 'stopped')) === 'stopped')
  t.is(await refs[2]?.asType(Child).hello(), 'spared')
})

test('watch refuses what is no actor', async (t) => {
  const to = await Recorder.options({ placement: 'host' }).spawn()
  const watcher = await Parent.options({ placement: 'host' }).spawn(to)
  t.is((await rejection(watcher.watch({}))).code, 'ERR_PULSING_INVALID_ARGUMENT')
})
