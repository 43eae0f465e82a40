import anyTest, { type TestFn } from 'ava'
import { type ActorSystem, init, shutdown, tell } from 'pulsing'
import { keepingLogger, until } from '../bed.js'
import { Counter, Flooder, Recorder } from '../fixtures/actors.js'

const test = anyTest as TestFn
let system: ActorSystem
const MIB = 1024 * 1024

test.before(async () => {
  system = await init({ threads: 2, arenaBytes: MIB, logger: keepingLogger() })
})
test.after.always(() => shutdown())

/** All segments but the open ones of each thread are free, and no block is left. */
async function isClean(): Promise<void> {
  await until(() => {
    const { segments, freeSegments, blocks } = system.stats().engine
    return blocks === 0 && freeSegments >= segments - 2 * 9
  })
}

test.serial('3.6: no room left in the engine acts as wait, under every policy', async (t) => {
  for (const overflow of ['wait', 'fail', 'drop-newest', 'drop-oldest'] as const) {
    const recorder = await Recorder.options({ placement: { slot: 1 }, overflow }).spawn()
    const blocked = recorder.block(100)
    const telling = tell(recorder)
    let waited = 0
    for (let i = 0; i < 2000; i++) {
      const room = telling.push({ i, bytes: new Uint8Array(2000) })
      if (room === undefined) continue
      waited++
      await room
    }
    await blocked
    t.true(waited > 0, overflow)
    await until(async () => (await recorder.count()) === 2000)
    await system.stop(recorder)
  }
  await isClean()
})

test.serial('two actors that flood each other through a small arena both come to an end', async (t) => {
  const one = await Flooder.options({ placement: { slot: 1 } }).spawn()
  const two = await Flooder.options({ placement: { slot: 2 } }).spawn()
  for (const bytes of [8, 1000, 3900, 10_000]) {
    await Promise.all([one.flood(two, 3000, bytes), two.flood(one, 3000, bytes)])
  }
  await until(async () => (await one.got())[0] === 12_000 && (await two.got())[0] === 12_000)
  t.deepEqual(await one.got(), await two.got())
  await isClean()
})

test.serial('asks both ways through a small arena are all answered', async (t) => {
  const one = await Flooder.options({ placement: { slot: 1 } }).spawn()
  const two = await Flooder.options({ placement: { slot: 2 } }).spawn()
  const sums = await Promise.all([
    one.askAll(two, 2000, 3000),
    two.askAll(one, 2000, 3000),
    one.askAll(one, 500, 3000),
  ])
  t.deepEqual(sums, [6_000_000, 6_000_000, 1_500_000])
  await isClean()
})

test.serial('a system whose arena is full still spawns, stops and answers on its threads', async (t) => {
  const recorder = await Recorder.options({ placement: { slot: 1 }, maxConcurrency: 1 }).spawn()
  const gate = await (await import('../fixtures/actors.js')).Gate.options({ placement: 'host' }).spawn()
  const hold = recorder.hold(gate)
  await until(async () => (await gate.waiting()) === 1)
  const telling = tell(recorder)
  const rooms: (Promise<void> | undefined)[] = []
  let i = 0
  while (rooms.length < 50 && i < 20_000) {
    const room = telling.push({ i: i++, bytes: new Uint8Array(2000) })
    if (room !== undefined) rooms.push(room)
  }
  const counter = await Counter.options({ placement: { slot: 1 } }).spawn()
  t.is(await counter.incr(), 1)
  await system.stop(counter)
  const other = await Counter.options({ placement: { slot: 2 } }).spawn()
  t.is(await other.incr(), 1)
  await gate.open()
  await hold
  await Promise.all(rooms)
  await until(async () => (await recorder.count()) === i)
  await system.stop(recorder)
  await isClean()
})

test.serial('memory of messages that are dropped, too large or never read is given back', async (t) => {
  const recorder = await Recorder.options({
    placement: { slot: 1 },
    mailboxCapacity: 4,
    overflow: 'drop-oldest',
  }).spawn()
  const telling = tell(recorder)
  telling.block(50)
  for (let i = 0; i < 3000; i++) await telling.push(new Uint8Array(20_000))
  t.throws(() => telling.push([new Uint8Array(20_000), () => 1]))
  await system.stop(recorder)
  for (let i = 0; i < 10; i++) await telling.push(new Uint8Array(20_000))
  await isClean()
})
