import test from 'ava'
import {
  ActorId,
  ActorRef,
  type ActorSystem,
  PulsingBusinessError,
  PulsingSystemError,
  PulsingUnsupportedError,
  RoundRobinPolicy,
  stream,
  tell,
  withCall,
} from 'pulsing'
import { event, rejection, start, until } from '../bed.js'
import { Counter, Gate, Recorder } from '../fixtures/actors.js'
import { Postman, Watcher } from '../fixtures/clustered.js'
import { Streamer } from '../fixtures/streaming.js'
import { cluster, memberOf, node } from './bed.js'

/** Those that most tests share: each has names of its own. */
let a: ActorSystem
let b: ActorSystem
let c: ActorSystem

const ends: (() => unknown)[] = []

test.before(async () => {
  ;[a, b, c] = (await cluster({ teardown: (end) => ends.push(end) }, 3)) as [
    ActorSystem,
    ActorSystem,
    ActorSystem,
  ]
})
test.after.always(() => Promise.all(ends.map((end) => end())))

test('6.1: a node resolves, asks, tells and streams from a named actor of another', async (t) => {
  await a.spawn(Counter, { name: 'counter-0', args: [5] })
  const ref = await b.resolve('counter-0')
  const counter = ref.asType(Counter)
  t.is(await counter.incr(), 6)
  t.is(await counter.later(4), 10)
  tell(counter as object as { add(by: number): void }).add(10)
  t.is(await counter.get(), 20)
  t.is(ref.actorId.nodeId, 'node-0')
  t.true(ActorId.parse(String(ref.actorId)).equals(ref.actorId as ActorId))
  t.is(await b.resolve('counter-0'), ref, 'one actor has one reference')

  await a.spawn(Streamer, { name: 'streamer-0' })
  const streamer = (await b.resolve('streamer-0')).asType(Streamer)
  for (const kind of ['sync', 'async'] as const) {
    const seen: number[] = []
    const items = stream(streamer[kind](100) as never)
    for (;;) {
      const { value, done } = await items.next()
      if (done) {
        t.is(value, '100 made')
        break
      }
      seen.push(value as number)
    }
    t.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, i) => i),
    )
  }
  t.is(await streamer.async(3), '3 made', 'awaited, without being read')
})

test('6.1: a generator is never more than its window ahead of a reader on another node', async (t) => {
  const near = (await a.spawn(Streamer, { name: 'streamer-1' })).asType(Streamer)
  const far = (await b.resolve('streamer-1')).asType(Streamer)
  const items = stream(far.async(1000) as never)
  for (let i = 0; i < 10; i++) await items.next()
  await until(async () => ((await near.state()).made ?? 0) > 10)
  t.true(((await near.state()).made ?? 0) <= 10 + 32)
  await items.return()
  await until(async () => (await near.state()).left === 1)
})

test('3.9, 4.1: values and errors arrive as between threads', async (t) => {
  await a.spawn(Postman, { name: 'postman-2' })
  const postman = (await b.resolve('postman-2')).asType(Postman)
  const cyclic: Record<string, unknown> = {
    when: new Date(5),
    map: new Map([[1, new Set(['a'])]]),
    big: 5n,
    no: undefined,
  }
  cyclic.self = cyclic
  const back = (await postman.echo(cyclic)) as typeof cyclic
  t.is(back.self, back)
  t.deepEqual(back, cyclic)
  const bytes = new Uint8Array([1, 2, 3])
  t.deepEqual(await postman.echo(Buffer.from(bytes)), bytes)
  const large = new Uint8Array(3_000_000).fill(7)
  t.true(Buffer.from((await postman.echo(large)) as Uint8Array).equals(large))
  const business = await rejection(postman.fail('business'))
  t.true(business instanceof PulsingBusinessError)
  t.is(business.code, 404)
  const error = await rejection(postman.fail('plain'))
  t.true(error instanceof PulsingSystemError)
  t.is((error.cause as { detail?: unknown }).detail, 'of its own')
  t.true(error.stack?.includes('nodes.test'), 'the caller leads')
  t.is((await rejection(postman.echo(() => 1))).code, 'ERR_PULSING_NOT_SERIALIZABLE')
  const shared = await rejection(postman.echo({ deep: [new SharedArrayBuffer(8)] }))
  t.is(shared.code, 'ERR_PULSING_NOT_SERIALIZABLE')
  t.regex(shared.message, /deep\[0\]/)
})

test('references and proxies in messages work on the third node that they reach', async (t) => {
  const counter = await a.spawn(Counter)
  await b.spawn(Postman, { name: 'postman-3' })
  const atB = (await a.resolve('postman-3')).asType(Postman)
  await atB.keep(counter, counter.asType(Counter))
  const atC = (await c.resolve('postman-3')).asType(Postman)
  const [ref, proxy] = (await atC.kept()) as [ActorRef, { incr(): Promise<number>; ref: ActorRef }]
  t.true(ref instanceof ActorRef)
  t.is(proxy.ref, ref)
  t.true(ref.actorId.equals(counter.actorId as ActorId))
  t.is(await proxy.incr(), 1)
  t.is(await counter.asType(Counter).get(), 1)
  // And home again, where it is the actor itself.
  const home = (await atB.kept()) as [ActorRef, unknown]
  t.is(home[0], counter as ActorRef)
})

test('3.7: what one sender sends to an actor of another node arrives in order, large messages among them', async (t) => {
  await a.spawn(Recorder, { name: 'recorder-4' })
  const recorder = (await b.resolve('recorder-4')).asType(Recorder)
  const { push } = tell(recorder as object as { push(value: unknown): void })
  const sizes: number[] = []
  for (let i = 0; i < 2000; i++) {
    const value = i % 400 === 7 ? new Uint8Array(500_000 + i) : i
    sizes.push(typeof value === 'number' ? value : value.length)
    await push.call(tell(recorder as object as { push(value: unknown): void }), value)
  }
  const seen = (await recorder.list()) as (number | Uint8Array)[]
  t.deepEqual(
    seen.map((value) => (typeof value === 'number' ? value : value.length)),
    sizes,
  )
})

test('3.6: a sender waits for a slow actor of another node, and what waits is bounded', async (t) => {
  const gate = await b.spawn(Gate, { name: 'gate-5' })
  await a.spawn(Recorder, { name: 'slow-5', maxConcurrency: 1, mailboxCapacity: 100 })
  const far = (await b.resolve('slow-5')).asType(Recorder)
  const hold = withCall(far, { timeoutMs: 100_000 }).hold(gate.asType(Gate) as never)
  await until(async () => (await gate.asType(Gate).waiting()) === 1)
  const kilobyte = new Uint8Array(1024)
  let sent = 0
  let waiting = false
  while (!waiting && sent < 1_000_000) {
    const accepted = tell(far as object as { push(value: unknown): void }).push(kilobyte)
    sent++
    if (accepted !== undefined) {
      waiting = true
      void accepted
    }
    if (sent % 1000 === 0) await new Promise((settle) => setImmediate(settle))
  }
  t.true(waiting, `${sent} were taken without waiting`)
  await gate.asType(Gate).open()
  await hold
  await until(async () => (await far.count()) === sent)
  t.is(await far.bytes(), sent * 1024)
})

test('3.4: a call that is given up is told to the actor of the other node', async (t) => {
  const near = (await a.spawn(Postman, { name: 'postman-6' })).asType(Postman)
  const far = (await b.resolve('postman-6')).asType(Postman)
  const abort = new AbortController()
  const waiting = rejection(
    withCall(far as object as { wait(): Promise<void> }, { signal: abort.signal }).wait(),
  )
  await until(async () => (await near.waits()) === 1)
  abort.abort(new Error('enough'))
  t.is((await waiting).message, 'enough')
  await until(async () => (await near.waits()) === 0)
})

test('5.4: a watcher hears once that an actor of another node is gone', async (t) => {
  const counter = await a.spawn(Counter, { name: 'counter-7' })
  const watcher = (await b.spawn(Watcher, {})).asType(Watcher)
  const far = await b.resolve('counter-7')
  await watcher.watch(far as ActorRef)
  await watcher.watch(far as ActorRef)
  t.deepEqual(await watcher.heard(), [])
  await a.stop(counter as ActorRef)
  await until(async () => ((await watcher.heard()) as unknown[]).length > 0)
  t.deepEqual(await watcher.heard(), [[String(far.actorId), 'stopped']])
  t.is((await rejection(far.asType(Counter).get())).code, 'ERR_PULSING_ACTOR_STOPPED')
})

test.serial(
  '6.4: a node that leaves: its names vanish, watchers hear, references fail, members say so',
  async (t) => {
    const [a, b] = (await cluster(t, 2)) as [ActorSystem, ActorSystem]
    await a.spawn(Counter, { name: 'counter' })
    const watcher = (await b.spawn(Watcher, {})).asType(Watcher)
    const far = await b.resolve('counter')
    await watcher.watch(far as ActorRef)
    const left = event(b as never, 'member', ({ nodeId, status }) => nodeId === 'node-0' && status === 'dead')
    await a.shutdown()
    await left
    await until(async () => ((await watcher.heard()) as unknown[]).length > 0)
    t.is(((await watcher.heard()) as unknown[]).length, 1)
    t.is((await rejection(far.ask('x'))).code, 'ERR_PULSING_ACTOR_STOPPED')
    t.is((await rejection(b.resolve('counter'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
    t.not((await memberOf(b, 'node-0'))?.status, 'alive')
  },
)

test('names come and go with their actors, and several nodes may have one of a name', async (t) => {
  await a.spawn(Counter, { name: 'shared-9', args: [100] })
  await b.spawn(Counter, { name: 'shared-9', args: [200] })
  // By gossip: before it has come, who looks a name up asks the nodes themselves, and is content with one that has come.
  const known = async () =>
    ((await c.allNamedActors()) ?? []).filter(({ name }) => name === 'shared-9').length
  await until(async () => (await known()) === 2)
  t.is((await c.resolving().list('shared-9')).length, 2)
  // Its own, since other tests take turns with the system's.
  const policy = new RoundRobinPolicy()
  const values = await Promise.all(
    [1, 2, 3, 4].map(async () => (await c.resolve('shared-9', { policy })).asType(Counter).get()),
  )
  t.deepEqual([...new Set(values)].sort(), [100, 200], 'each in turn')
  t.is(await (await c.resolve('shared-9', { nodeId: 'node-1' })).asType(Counter).get(), 200)
  t.is((await rejection(c.resolve('shared-9', { nodeId: 'node-2' }))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
  await b.stop('shared-9')
  await until(async () => ((await c.resolving().list('shared-9')) ?? []).length === 1)
  const lazy = c.resolving().lazy('shared-9')
  t.is(await (await lazy.resolve()).asType(Counter).get(), 100)
})

test('a name is found right after its spawn has resolved, whatever the gossip', async (t) => {
  for (let i = 0; i < 20; i++) {
    await a.spawn(Counter, { name: `c-${i}`, args: [i] })
    t.is(await (await b.resolve(`c-${i}`)).asType(Counter).get(), i)
  }
})

test.serial('a class is spawned on the node that exports it, and on no other', async (t) => {
  const [a, b] = (await cluster(t, 2, (i) => (i === 0 ? { exportClasses: [Counter] } : {}))) as [
    ActorSystem,
    ActorSystem,
  ]
  const ref = await b.spawn(Counter, { nodeId: 'node-0', name: 'made', args: [7] })
  t.is(ref.actorId.nodeId, 'node-0')
  t.is(await ref.asType(Counter).incr(), 8)
  t.is(await (await a.resolve('made')).asType(Counter).get(), 8)
  t.is((await rejection(b.spawn(Counter, { nodeId: 'node-0', name: 'made' }))).code, 'ERR_PULSING_NAME_TAKEN')
  t.is((await rejection(b.spawn(Gate, { nodeId: 'node-0' }))).code, 'ERR_PULSING_CLASS_NOT_EXPORTED')
  t.is((await rejection(a.spawn(Counter, { nodeId: 'node-1' }))).code, 'ERR_PULSING_CLASS_NOT_EXPORTED')
  t.is((await rejection(a.spawn(Counter, { nodeId: 'node-9' }))).code, 'ERR_PULSING_NODE_NOT_FOUND')
  await b.stop(ref as ActorRef)
  t.is((await rejection(a.resolve('made'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
})

test('describe, refer and stop work on actors of another node', async (t) => {
  const counter = await a.spawn(Counter, { name: 'counter-12' })
  const far = await b.refer(String(counter.actorId))
  t.is(far, await b.resolve('counter-12'))
  t.like(await b.describe(far as ActorRef), { name: 'counter-12', type: 'Counter', status: 'running' })
  const unnamed = await a.spawn(Counter)
  t.is((await rejection(b.refer(String(unnamed.actorId)))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
  await b.stop(far as ActorRef, { drain: true })
  t.is((await rejection(a.resolve('counter-12'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
})

test('3.10: only methods that are exposed can be called from another node', async (t) => {
  await a.spawn(Postman, { name: 'postman-13' })
  const any = (await b.resolve('postman-13')).asAny()
  for (const name of ['_secret', 'onStart', 'nothing'])
    t.true((await rejection(any[name]?.() as PromiseLike<unknown>)) instanceof PulsingUnsupportedError, name)
})

test.serial('an address that is taken, and a second node of one id, are errors', async (t) => {
  const [a] = (await cluster(t, 1)) as [ActorSystem]
  t.is((await rejection(node(t, { addr: a.addr }))).code, 'ERR_PULSING_ADDR_IN_USE')
  const twin = await rejection(node(t, { nodeId: 'node-0', seeds: [a.addr as string] }))
  t.is(twin.code, 'ERR_PULSING_NODE_DUPLICATE')
})

test('6.3: what is refused is counted, and each connection says what went over it', async (t) => {
  const [first, second] = (await cluster(t, 2)) as [ActorSystem, ActorSystem]
  await first.spawn(Counter, { name: 'counter' })
  await (await second.resolve('counter')).asType(Counter).incr()
  const { peers, refused } = await second.clusterStats()
  t.is(refused, 0)
  t.like(peers[0], { nodeId: 'node-0', addr: first.addr, isConnected: true })
  t.true((peers[0]?.bytesIn ?? 0) > 0 && (peers[0]?.bytesOut ?? 0) > 0)
  const other = await node(t, { clusterName: 'another', seeds: [first.addr as string] })
  await until(async () => (await first.clusterStats()).refused > 0)
  await other.shutdown()
  await second.shutdown()
  await until(async () => (await first.clusterStats()).peers.length === 0)
  const alone = await start()
  t.teardown(() => alone.shutdown())
  t.deepEqual(await alone.clusterStats(), { peers: [], refused: 0, dropped: 0, badFrames: 0 })
})
