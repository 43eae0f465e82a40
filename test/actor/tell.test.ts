import anyTest, { type TestFn } from 'ava'
import { type ActorSystem, init, type Overflow, shutdown, tell, withCall } from 'pulsing'
import { event, events, type KeepingLogger, keepingLogger, rejection, thrown, turns, until } from '../bed.js'
import { Counter, Gate, type GateProxy, Recorder, Selfish, Sender, Serial } from '../fixtures/actors.js'

const test = anyTest as TestFn
let system: ActorSystem
const logger: KeepingLogger = keepingLogger()
const ALLOWANCE = 1000

test.before(async () => {
  system = await init({ threads: 2, logger })
})
test.after.always(() => shutdown())

type Place = 'host' | { slot: number }

/** A recorder that takes nothing until its gate opens. */
async function held(placement: Place, mailboxCapacity: number, overflow: Overflow, more: object = {}) {
  const gate: GateProxy = await Gate.options({ placement: 'host' }).spawn()
  const recorder = await Recorder.options({
    placement,
    mailboxCapacity,
    overflow,
    maxConcurrency: 1,
    ...more,
  }).spawn()
  const hold = recorder.hold(gate).catch(() => undefined)
  await until(async () => (await gate.waiting()) === 1)
  const open = async () => {
    await gate.open()
    await hold
  }
  return { recorder, open, telling: tell(recorder) }
}

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'
  const exact = placement === 'host'

  test(`3.7: 20,000 tells arrive in the order sent, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const telling = tell(recorder)
    for (let i = 0; i < 20_000; i++) await telling.push(i)
    t.is(await recorder.count(), 20_000)
    t.true(await recorder.isInOrder())
  })

  test(`3.7: tells and asks of one sender are handled in the order sent, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const asks: Promise<unknown>[] = []
    for (let i = 0; i < 1000; i++) {
      if (i % 3 === 0) asks.push(recorder.push(i))
      else tell(recorder).push(i)
    }
    await Promise.all(asks)
    await until(async () => (await recorder.count()) === 1000)
    t.true(await recorder.isInOrder())
  })

  test(`3.6: a tell gives undefined when it was accepted, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement }).spawn()
    const serial = await system.spawn(Serial, { placement })
    t.is(tell(recorder).push(1), undefined)
    t.is(serial.tell('told'), undefined)
    t.deepEqual(await serial.ask('log'), ['told'])
    t.deepEqual(await recorder.list(), [1])
  })

  test(`3.6: a tell to a full mailbox gives a promise of its acceptance, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'wait')
    const rooms: Promise<void>[] = []
    let i = 0
    for (; rooms.length < 3; i++) {
      const room = telling.push(i)
      if (room !== undefined) rooms.push(room)
      if (i > 8 + ALLOWANCE) break
    }
    const accepted = i - rooms.length
    if (exact) t.is(accepted, 8)
    else t.true(accepted >= 8 && accepted <= 8 + ALLOWANCE, String(accepted))
    t.true(rooms.every((room) => room instanceof Promise))
    let settled = false
    void rooms[0]?.then(() => {
      settled = true
    })
    await turns()
    t.false(settled)
    await open()
    t.deepEqual(await Promise.all(rooms), [undefined, undefined, undefined])
    await until(async () => (await recorder.count()) === i)
    t.true(await recorder.isInOrder())
  })

  test(`3.6: later tells and asks queue behind a waiting one, though there is room again, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'wait')
    let sent = 0
    while (telling.pushLater(sent++) === undefined);
    const rooms: unknown[] = [telling.pushLater(sent++), telling.pushLater(sent++)]
    const opened = open()
    // A message of its own in every turn from now on, while the actor works its mailbox off.
    for (let turn = 0; turn < 60; turn++) {
      await turns(1)
      if (turn % 4 === 0) rooms.push(recorder.pushLater(sent++))
      else await telling.pushLater(sent++)
    }
    await opened
    await Promise.all(rooms)
    await until(async () => (await recorder.count()) === sent)
    t.true(await recorder.isInOrder())
  })

  test(`3.6: as many as the capacity may wait unawaited, the next throws ERR_PULSING_MAILBOX_FULL, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'wait')
    const rooms: Promise<void>[] = []
    let i = 0
    const error = thrown(() => {
      for (; i < 8 + ALLOWANCE + 9; i++) {
        const room = telling.push(i)
        if (room !== undefined) rooms.push(room)
      }
    })
    t.is(error.code, 'ERR_PULSING_MAILBOX_FULL')
    t.is(rooms.length, 8)
    if (exact) t.is(i, 16)
    await open()
    await Promise.all(rooms)
    t.is(await recorder.count(), i)
    t.true(await recorder.isInOrder())
    t.is(telling.push(i), undefined)
  })

  test(`3.6: overflow fail throws ERR_PULSING_MAILBOX_FULL, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'fail')
    let i = 0
    const error = thrown(() => {
      for (; i <= 8 + ALLOWANCE; i++) telling.push(i)
    })
    t.is(error.code, 'ERR_PULSING_MAILBOX_FULL')
    if (exact) t.is(i, 8)
    t.is((await rejection(recorder.count())).code, 'ERR_PULSING_MAILBOX_FULL') // 3.5
    await open()
    await until(async () => (await recorder.count().catch(() => -1)) === i)
    t.true(await recorder.isInOrder())
  })

  test(`3.6: overflow drop-newest drops what comes, as dead letters, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'drop-newest')
    const letters = events(system, 'deadLetter')
    for (let i = 0; i < 8 + ALLOWANCE + 100; i++) t.is(telling.push(i), undefined)
    t.is((await rejection(recorder.count())).code, 'ERR_PULSING_MAILBOX_FULL') // 3.5
    await open()
    const own = () => letters.filter(({ actor }) => actor.includes(String(recorder.ref.actorId)))
    let kept = -1
    await until(async () => {
      kept = await recorder.count().catch(() => -1)
      return kept >= 0
    })
    t.true(await recorder.isInOrder())
    if (exact) t.is(kept, 8)
    else t.true(kept >= 8 && kept <= 8 + ALLOWANCE)
    await until(() => own().length === 8 + ALLOWANCE + 100 - kept)
    t.is(own()[0]?.reason, 'mailbox-full')
    t.is(own()[0]?.method, 'push')
    t.deepEqual(own()[0]?.message, kept)
  })

  test(`3.6: overflow drop-oldest drops what waited longest, as dead letters, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'drop-oldest')
    const letters = events(system, 'deadLetter')
    const count = 3000
    for (let i = 0; i < count; i++) t.is(telling.push(i), undefined)
    // Behind them, and in time: it is the newest.
    const last = recorder.push('last')
    await until(() => letters.filter(({ actor }) => actor.includes(String(recorder.ref.actorId))).length > 0)
    await open()
    await last
    const seen = await recorder.list()
    t.is(seen.at(-1), 'last')
    const numbers = seen.slice(0, -1) as number[]
    t.true(numbers.length >= 7 && (exact ? numbers.length === 7 : numbers.length <= 8 + ALLOWANCE))
    t.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, i) => count - numbers.length + i),
    )
    const own = letters.filter(({ actor }) => actor.includes(String(recorder.ref.actorId)))
    await until(() => own.length <= count - numbers.length)
    t.true(own.every(({ reason }) => reason === 'mailbox-full'))
  })

  test(`3.5: an ask that drop-oldest drops rejects with ERR_PULSING_MAILBOX_FULL, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'drop-oldest')
    const ask = rejection(recorder.push('asked'))
    for (let i = 0; i < 8 + ALLOWANCE + 100; i++) telling.push(i)
    t.is((await ask).code, 'ERR_PULSING_MAILBOX_FULL')
    await open()
    t.false((await recorder.list()).includes('asked'))
  })

  test(`3.5: an ask to a full mailbox waits within its timeout, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'wait')
    while (telling.push(0) === undefined);
    t.is(
      (await rejection(withCall(recorder, { timeoutMs: 10 }).push('late'))).code,
      'ERR_PULSING_ASK_TIMEOUT',
    )
    const count = recorder.pushAll('in time')
    await open()
    t.true((await count) > 8)
    const seen = await recorder.list()
    t.true(seen.includes('in time'))
    t.false(seen.includes('late'))
  })

  test(`3.6: a waiting tell rejects for its own timeout or signal alone, and is not sent, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const ref = await system.spawn(Serial, { placement, mailboxCapacity: 4 })
    const first = ref.ask({ gate })
    await until(async () => (await gate.waiting()) === 1)
    while (ref.tell('fill') === undefined);
    const timedOut = await rejection(ref.tell('timed out', { timeoutMs: 5 }))
    t.is(timedOut.code, 'ERR_PULSING_TELL_TIMEOUT')
    const abort = new AbortController()
    const aborted = rejection(ref.tell('aborted', { signal: abort.signal }))
    abort.abort(new Error('enough'))
    t.is((await aborted).message, 'enough')
    const fine = ref.tell('fine', { timeoutMs: 60_000 })
    await gate.open()
    await first
    await fine
    const log = (await ref.ask('log')) as string[]
    t.is(log.filter((text) => text === 'fine').length, 1)
    t.false(log.includes('timed out') || log.includes('aborted'))
  })

  test(`3.6: a tell whose signal is aborted already rejects and is not sent, ${where}`, async (t) => {
    const ref = await system.spawn(Serial, { placement })
    const error = await rejection(ref.tell('never', { signal: AbortSignal.abort(new Error('before')) }))
    t.is(error.message, 'before')
    t.deepEqual(await ref.ask('log'), [])
  })

  test(`3.6: what waits for room when its actor stops becomes dead letters, and its promise resolves, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 8, 'wait')
    const letters = events(system, 'deadLetter')
    let room: Promise<void> | undefined
    let sent = 0
    while (room === undefined) room = telling.push(sent++)
    await system.stop(recorder)
    await open() // the call that was under way
    t.is(await room, undefined)
    await until(
      () => letters.filter(({ actor }) => actor.includes(String(recorder.ref.actorId))).length === sent,
    )
    t.is(telling.push('after'), undefined)
    await until(() => letters.some(({ message }) => message === 'after'))
    t.is(letters.find(({ message }) => message === 'after')?.reason, 'stopped')
  })

  test(`3.6: a tell to oneself is always accepted, ${where}`, async (t) => {
    const selfish = await Selfish.options({ placement, mailboxCapacity: 2 }).spawn()
    t.is(await selfish.flood(500), 500)
    await until(async () => (await selfish.list()).length === 500)
    t.deepEqual(
      await selfish.list(),
      Array.from({ length: 500 }, (_, i) => i),
    )
  })

  test(`3.6: a tell to oneself after an await is accepted too, though nothing else can begin, ${where}`, async (t) => {
    const selfish = await Selfish.options({ placement, mailboxCapacity: 2, maxConcurrency: 1 }).spawn()
    t.is(await selfish.floodLater(50), 50)
    // What it told itself and what others ask have no order between them.
    await until(async () => (await selfish.list()).length === 50)
    t.deepEqual(
      await selfish.list(),
      Array.from({ length: 50 }, (_, i) => i),
    )
  })

  test(`3.6: tells without end that nobody awaits take bounded memory, then throw, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 65_536, 'wait')
    gc?.()
    const before = process.memoryUsage().rss
    const codes = new Map<unknown, number>()
    const rooms: Promise<void>[] = []
    let sent = 0
    let refused = 0
    // Each error has a stack, which takes its time: a thousand say what a million would.
    for (let i = 0; i < 1e6 && refused < 1000; i++) {
      try {
        const room = telling.push(sent)
        if (room !== undefined) rooms.push(room)
        sent++
      } catch (error) {
        refused++
        const { code } = error as { code: unknown }
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
    }
    const grown = process.memoryUsage().rss - before
    t.deepEqual([...codes.keys()], ['ERR_PULSING_MAILBOX_FULL'])
    t.is(rooms.length, 65_536)
    if (exact) t.is(sent, 2 * 65_536)
    else t.true(sent >= 2 * 65_536 && sent <= 2 * 65_536 + ALLOWANCE, String(sent))
    t.true(grown < 200 * 1024 * 1024, `${grown} bytes`)
    await open()
    await Promise.all(rooms)
    await until(async () => (await recorder.count()) === sent)
    t.true(await recorder.isInOrder())
  })

  test(`3.6: a mailbox is bounded in bytes too, and an empty one takes any legal message, ${where}`, async (t) => {
    const { recorder, open, telling } = await held(placement, 65_536, 'wait', { mailboxBytes: 1_000_000 })
    let room: Promise<void> | undefined
    let sent = 0
    while (room === undefined && sent < 3000) {
      room = telling.push(new Uint8Array(100_000))
      sent++
    }
    t.true(room instanceof Promise, 'none waited')
    t.true(sent <= 15, String(sent))
    await open()
    await room
    await until(async () => (await recorder.count()) === sent)
    const small = await held(placement, 10, 'fail', { mailboxBytes: 100 })
    t.is(small.telling.push(new Uint8Array(1_000_000)), undefined)
    await small.open()
    // Until it was taken, an ask finds the mailbox full.
    await until(async () => (await small.recorder.bytes().catch(() => -1)) === 1_000_000)
  })

  test(`3.7: a message to a stopped actor is a dead letter: counted, observable, logged, ${where}`, async (t) => {
    const counter = await Counter.options({ placement }).spawn()
    const serial = await system.spawn(Serial, { placement })
    await Promise.all([system.stop(counter), system.stop(serial)])
    const before = system.stats().deadLetters
    const mine = (id: string) => event(system, 'deadLetter', ({ actor }) => actor.includes(id))
    const byMethod = mine(String(counter.ref.actorId))
    const byMessage = mine(String(serial.actorId))
    t.is(tell(counter).add(5), undefined)
    t.is(serial.tell({ a: 1 }), undefined)
    const one = await byMethod
    t.is(one.method, 'add')
    t.is(one.reason, 'stopped')
    t.is(one.message, 5)
    t.like(await byMessage, { method: 'receive', message: { a: 1 }, reason: 'stopped' })
    t.true(system.stats().deadLetters >= before + 2)
    t.true(logger.lines.some(({ message }) => message.includes('was not delivered')))
  })
}

test('3.6: the capacity is exact for actors of one engine thread', async (t) => {
  const { recorder, open } = await held({ slot: 1 }, 50, 'fail')
  const sender = await Sender.options({ placement: { slot: 1 } }).spawn()
  t.is(await sender.burst(recorder, 1000), -50)
  await open()
  t.is(await recorder.count(), 50)
})

test('3.6: two sending threads exceed a capacity by 1,000 each at most', async (t) => {
  const { recorder, open } = await held({ slot: 1 }, 100, 'drop-newest')
  const senders = await Promise.all(
    (['host', { slot: 2 }] as const).map((placement) => Sender.options({ placement }).spawn()),
  )
  await Promise.all(senders.map((sender) => sender.burst(recorder, 5000)))
  await open()
  let kept = 0
  // As long as the mailbox is full, it refuses asks as well.
  await until(async () => {
    const asked = recorder.count()
    kept = await asked.catch((error) =>
      error.code === 'ERR_PULSING_MAILBOX_FULL' ? -1 : Promise.reject(error),
    )
    return kept >= 0
  })
  t.true(kept >= 100 && kept <= 100 + 2 * ALLOWANCE, String(kept))
})

test('3.6: senders on two threads that await their tells lose nothing and keep their order', async (t) => {
  const recorder = await Recorder.options({ placement: { slot: 1 }, mailboxCapacity: 16 }).spawn()
  const senders = await Promise.all(
    (['host', { slot: 1 }, { slot: 2 }] as const).map((placement) => Sender.options({ placement }).spawn()),
  )
  const waits = await Promise.all(senders.map((sender, i) => sender.steady(recorder, i * 1e6, 5000)))
  await until(async () => (await recorder.count()) === 15_000)
  const seen = (await recorder.list()) as number[]
  for (let i = 0; i < 3; i++) {
    const own = seen.filter((value) => Math.floor(value / 1e6) === i)
    t.true(own.every((value, at) => value === i * 1e6 + at))
    t.is(own.length, 5000)
  }
  t.true(waits.some((count) => count > 0))
})

test('4.3: an error thrown while a tell is handled is an unobservedError event, counted and logged', async (t) => {
  for (const placement of ['host', { slot: 1 }] as const) {
    const serial = await system.spawn(Serial, { placement })
    const seen = event(system, 'unobservedError', ({ actor }) => actor.includes(String(serial.actorId)))
    serial.tell('throw')
    const { error, method } = await seen
    t.is(method, 'receive')
    t.is(error.message, 'bad message')
    t.is((error as Error & { code?: unknown }).code, 400)
  }
  t.true(system.stats().unobservedErrors >= 2)
  t.true(logger.lines.some(({ level, message }) => level === 'warn' && message.includes('bad message')))
})
