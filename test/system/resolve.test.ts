import anyTest, { type TestFn } from 'ava'
import {
  type ActorRef,
  type ActorSystem,
  type Candidate,
  ConsistentHashPolicy,
  FirstPolicy,
  init,
  LeastLoadedPolicy,
  PowerOfTwoPolicy,
  RandomPolicy,
  type ResolvePolicy,
  RoundRobinPolicy,
  SupervisionSpec,
  shutdown,
} from 'pulsing'
import { keepingLogger, rejection, thrown } from '../bed.js'
import { Counter } from '../fixtures/actors.js'

const test = anyTest as TestFn
let system: ActorSystem

test.before(async () => {
  system = await init({ threads: 1, logger: keepingLogger() })
})
test.after.always(() => shutdown())

const spawned = async (name: string): Promise<ActorRef> => system.spawnNamed(name, Counter)

test('section 2: spawning() is a spawn with its options as calls', async (t) => {
  const ref = await system
    .spawning()
    .name('built/counter')
    .mailboxCapacity(256)
    .options({ args: [5], placement: { slot: 1 } })
    .supervision(SupervisionSpec.never())
    .spawn(Counter)
  t.is(await ref.asType(Counter).incr(), 6)
  t.is(ref.actorId.slot, 1)
  t.is(await system.resolve('built/counter'), ref)
})

test('section 2: a builder is not changed by its calls, so it can be used again', async (t) => {
  const some = system.spawning().options({ args: [1] })
  const one = await some.name('built/one').spawn(Counter)
  const two = await some.name('built/two').spawn(Counter)
  t.not(one, two)
  t.is(await two.asType(Counter).incr(), 2)
})

test('section 2: a SupervisionSpec says the restart options of a spawn', (t) => {
  const spec = SupervisionSpec.onFailure()
  t.deepEqual(spec.options, { restartPolicy: 'on-failure' })
  t.deepEqual(spec.maxRestarts(3).restartWindowMs(1000).minBackoffMs(5).maxBackoffMs(50).options, {
    restartPolicy: 'on-failure',
    maxRestarts: 3,
    restartWindowMs: 1000,
    minBackoffMs: 5,
    maxBackoffMs: 50,
  })
  t.deepEqual(spec.options, { restartPolicy: 'on-failure' })
  t.is(SupervisionSpec.always().options.restartPolicy, 'always')
  t.is(SupervisionSpec.never().options.restartPolicy, 'never')
})

test('what a builder is given wrongly is an error that names it', async (t) => {
  t.is(thrown(() => system.spawning().supervision({} as never)).code, 'ERR_PULSING_INVALID_ARGUMENT')
  t.is(
    (await rejection(system.spawning().mailboxCapacity(0).spawn(Counter))).code,
    'ERR_PULSING_INVALID_OPTION',
  )
  t.is((await rejection(system.spawning().name('no spaces').spawn(Counter))).code, 'ERR_PULSING_NAME_INVALID')
  t.is((await rejection(system.resolving().resolve('a b'))).code, 'ERR_PULSING_NAME_INVALID')
  t.is((await rejection(system.resolve('x', { policy: {} as never }))).code, 'ERR_PULSING_INVALID_OPTION')
  t.is((await rejection(system.resolve('x', { filterAlive: 1 as never }))).code, 'ERR_PULSING_INVALID_OPTION')
  t.is((await rejection(system.resolve('x', { nodeId: '' }))).code, 'ERR_PULSING_INVALID_OPTION')
  t.is((await rejection(system.resolve('x', { node: 'y' } as never))).code, 'ERR_PULSING_INVALID_OPTION')
  t.is(thrown(() => system.resolving().lazy('')).code, 'ERR_PULSING_NAME_INVALID')
})

test('section 2: resolving() finds by name, on this node or none', async (t) => {
  const ref = await spawned('found')
  t.is(await system.resolving().resolve('found'), ref)
  t.is(await system.resolving().node(system.nodeId).filterAlive(true).resolve('found'), ref)
  t.is(
    (await rejection(system.resolving().node('elsewhere').resolve('found'))).code,
    'ERR_PULSING_ACTOR_NOT_FOUND',
  )
  t.deepEqual(await system.resolving().list('found'), [ref])
  t.deepEqual(await system.resolving().node('elsewhere').list('found'), [])
  t.deepEqual(await system.resolving().list('nobody'), [])
})

test('section 2: a policy is asked, and has to give a candidate', async (t) => {
  const ref = await spawned('chosen')
  const asked: (readonly Candidate[])[] = []
  const policy: ResolvePolicy = {
    choose(candidates) {
      asked.push(candidates)
      return candidates[0] as Candidate
    },
  }
  t.is(await system.resolving().policy(policy).resolve('chosen'), ref)
  t.is(asked.length, 1)
  const [one] = asked[0] as [Candidate]
  t.is(one.nodeId, system.nodeId)
  t.is(one.ref, ref)
  t.true(one.load >= 0 && one.load <= 1)
  const wrong = await rejection(system.resolve('chosen', { policy: { choose: () => ({}) as never } }))
  t.is(wrong.code, 'ERR_PULSING_INVALID_OPTION')
})

// What a cluster's policies choose, among candidates made for it.
const candidates = ['a', 'b', 'c', 'd'].map((nodeId, i) => ({
  nodeId,
  ref: {} as ActorRef,
  load: i === 2 ? 0.1 : 0.5,
}))
const nodes = (policy: ResolvePolicy, count: number, among = candidates) =>
  Array.from({ length: count }, () => policy.choose(among).nodeId)

test('section 2: round-robin takes each in turn, first the first, least-loaded the idlest', (t) => {
  t.deepEqual(nodes(new RoundRobinPolicy(), 6), ['a', 'b', 'c', 'd', 'a', 'b'])
  t.deepEqual(nodes(new FirstPolicy(), 3), ['a', 'a', 'a'])
  t.deepEqual(nodes(new LeastLoadedPolicy(), 2), ['c', 'c'])
})

test('section 2: random takes all of them, power-of-two never the busier of two', (t) => {
  t.deepEqual([...new Set(nodes(new RandomPolicy(), 1000))].sort(), ['a', 'b', 'c', 'd'])
  const two = candidates.slice(1, 3)
  t.deepEqual(new Set(nodes(new PowerOfTwoPolicy(), 100, two)), new Set(['c']))
  t.deepEqual(nodes(new PowerOfTwoPolicy(), 1, candidates.slice(0, 1)), ['a'])
})

test("section 2: a consistent hash keeps its node, spreads keys, and moves a lost node's keys alone", (t) => {
  const keys = Array.from({ length: 4000 }, (_, i) => `user-${i}`)
  const of = (key: string, among: typeof candidates) => new ConsistentHashPolicy(key).choose(among).nodeId
  const before = keys.map((key) => of(key, candidates))
  for (const node of ['a', 'b', 'c', 'd']) {
    const share = before.filter((one) => one === node).length
    t.true(share > 800 && share < 1200, `${node}: ${share}`)
  }
  const after = keys.map((key) =>
    of(
      key,
      candidates.filter(({ nodeId }) => nodeId !== 'b'),
    ),
  )
  t.true(before.every((node, i) => node === 'b' || after[i] === node))
  t.is(thrown(() => new ConsistentHashPolicy(5 as never)).code, 'ERR_PULSING_INVALID_ARGUMENT')
})

test('section 2: a lazy reference finds its actor when used, and the next one when that is gone', async (t) => {
  const lazy = system.resolving().lazy('lazy/counter')
  t.is((await rejection(lazy.resolve())).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
  t.is((await rejection(lazy.ask('x'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
  const first = await system.spawnNamed('lazy/counter', Counter, { placement: { slot: 1 } })
  t.is(await lazy.resolve(), first)
  t.is(await lazy.resolve(), first)
  await system.stop(first)
  const second = await system.spawnNamed('lazy/counter', Counter, { placement: { slot: 1 } })
  // The first use may meet the stopped actor; it fails, sends nothing twice, and the next finds the other.
  await lazy.ask('x').catch(() => undefined)
  t.is(await lazy.resolve(), second)
  t.is(String(lazy), 'LazyRef(lazy/counter)')
})

test('section 2: members of a node by itself', async (t) => {
  const [one, ...others] = await system.members()
  t.deepEqual(others, [])
  t.is(one?.nodeId, system.nodeId)
  t.is(one?.status, 'alive')
})
