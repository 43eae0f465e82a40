import test, { type ExecutionContext } from 'ava'
import { actorSystem, delayed, PulsingTimeoutError, type SelfProxy, self, tell, withCall } from 'pulsing'
import { cutNodes, healNodes, type TestSystem, type TestSystemOptions, testSystem } from 'pulsing/testing'
import { event, keepingLogger, rejection, until } from '../bed.js'
import { Mortal } from '../fixtures/mortal.js'

async function begin(t: ExecutionContext, options?: TestSystemOptions): Promise<TestSystem> {
  const given = await testSystem(options)
  t.teardown(() => given.close().catch(() => {}))
  return given
}

class Account {
  #balance: number

  constructor(balance = 0) {
    this.#balance = balance
  }

  add(amount: number): number {
    this.#balance += amount
    return this.#balance
  }

  never(): Promise<void> {
    return new Promise(() => {})
  }

  fail(): void {
    throw new Error('no')
  }

  addLater(amount: number, ms: number): void {
    ;(delayed(self(this) as SelfProxy<Account>, ms) as unknown as Account).add(amount)
  }

  async *slowly(count: number): AsyncGenerator<number> {
    for (let i = 0; i < count; i++) {
      if (i === 2) await new Promise(() => {})
      yield i
    }
  }

  receive(amount: number): number {
    return this.add(amount)
  }
}

test('timeouts of asks, streams and tells obey the clock', async (t) => {
  const given = await begin(t, { allow: ['asks'] })
  const account = await given.spawn(Account)
  const asked = rejection(withCall(account, { timeoutMs: 3_600_000 }).never())
  await given.clock.advance(3_599_000)
  t.is(given.system.asksUnderWay, 1)
  await given.clock.advance(2000)
  t.true((await asked) instanceof PulsingTimeoutError)
  t.is(given.clock.now(), 3_601_000)

  const items: number[] = []
  const read = (async () => {
    for await (const item of account.slowly(5)) items.push(item)
  })()
  const failed = rejection(read)
  await given.clock.advance(299_000)
  t.deepEqual(items, [0, 1])
  await given.clock.advance(2000)
  t.is((await failed).code, 'ERR_PULSING_STREAM_TIMEOUT')

  const narrow = await given.spawn(Account, { mailboxCapacity: 1, maxConcurrency: 1 })
  const held = rejection(narrow.never())
  await given.settle()
  const waits = Array.from({ length: 2 }, () => narrow.ref.tell(1, { timeoutMs: 1000 })).filter((one) => one)
  const told = Promise.all(waits.map((one) => rejection(one as Promise<void>)))
  await given.clock.advance(1001)
  t.true((await told).every(({ code }) => code === 'ERR_PULSING_TELL_TIMEOUT'))
  t.true(waits.length > 0)
  await given.close()
  t.is((await held).code, 'ERR_PULSING_SYSTEM_STOPPED')
})

test('delayed calls come at their time, and what they lead to is done before the next', async (t) => {
  const given = await begin(t)
  const account = await given.spawn(Account, { args: [100] })
  await account.addLater(5, 60_000)
  await account.addLater(7, 120_000)
  await given.clock.advance(60_000)
  t.is(await account.add(0), 105)
  await given.clock.advance(59_999)
  t.is(await account.add(0), 105)
  await given.clock.advance(1)
  t.is(await account.add(0), 112)
})

test('restarts wait for their backoff by the clock', async (t) => {
  const given = await begin(t)
  const account = await given.spawn(Account, {
    restartPolicy: 'on-failure',
    minBackoffMs: 10_000,
    maxBackoffMs: 10_000,
    args: [1],
  })
  class Fails extends Account {
    onStart(): void {
      if (starts++ > 0 && starts < 4) throw new Error('not yet')
    }
  }
  let starts = 0
  const fails = await given.spawn(Fails, {
    restartPolicy: 'on-failure',
    minBackoffMs: 10_000,
    maxBackoffMs: 10_000,
  })
  await rejection(fails.fail())
  t.is(await account.add(1), 2)
  const before = (await given.system.describe(fails)).status
  await given.clock.advance(60_000)
  t.is((await given.system.describe(fails)).status, before === 'restarting' ? 'running' : before)
  given.errors.splice(0)
  await given.close()
})

test('a probe keeps what it is sent, answers as it is told, and says what it heard instead', async (t) => {
  const given = await begin(t)
  const probe = await given.probe(Account)
  probe.answer('add', (amount: number) => amount * 2)
  t.is(await probe.proxy.add(21), 42)
  probe.answer('add', () => {
    throw new Error('overdrawn')
  })
  t.regex((await rejection(probe.proxy.add(1))).message, /overdrawn/)
  probe.answer('slowly', [7, 8])
  const items: number[] = []
  for await (const item of probe.proxy.slowly(2)) items.push(item)
  t.deepEqual(items, [7, 8])
  await probe.ref.tell({ hello: 1 })
  t.deepEqual(await probe.next('receive'), { method: 'receive', args: [{ hello: 1 }] })
  t.deepEqual((await probe.next()).args, [21])
  t.deepEqual((await probe.next(({ args }) => args[0] === 2)).method, 'slowly')
  t.regex((await rejection(probe.expectNone())).message, /nothing more .*\n {2}add\(1\)$/)
  t.deepEqual((await probe.next('add')).args, [1])
  await probe.expectNone()
  t.is(probe.heard.length, 4)
  const later = probe.next('add')
  tell(probe.proxy).add(3)
  t.deepEqual((await later).args, [3])
  t.regex(
    (await rejection(probe.next('fail', { timeoutMs: 10 }))).message,
    /^fail was not heard within 10 ms; the probe has heard: nothing$/,
  )
  given.errors.splice(0)
  await given.close()
})

test('messages on a link are lost, late or in another order, as it is told', async (t) => {
  const given = await begin(t)
  const probe = await given.probe(Account)
  probe.answer('add', (amount: number) => amount)
  const link = await given.link(probe.ref, Account)
  t.is(await link.proxy.add(1), 1)

  link.drop(1)
  const lost = rejection(withCall(link.proxy, { timeoutMs: 500 }).add(2))
  await given.clock.advance(501)
  t.true((await lost) instanceof PulsingTimeoutError)

  link.delay(1000, 1)
  const late = link.proxy.add(3)
  await given.clock.advance(999)
  t.is(probe.heard.length, 1)
  await given.clock.advance(1)
  t.is(await late, 3)

  link.reorder(3)
  t.deepEqual(await Promise.all([link.proxy.add(4), link.proxy.add(5), link.proxy.add(6)]), [4, 5, 6])
  t.deepEqual(
    probe.heard.map(({ args }) => args[0]),
    [1, 3, 6, 5, 4],
  )

  link.cut()
  tell(link.proxy).add(7)
  await given.settle()
  link.heal()
  t.is(await link.proxy.add(8), 8)
  t.deepEqual(probe.heard.at(-1)?.args, [8])
  t.is(probe.heard.length, 6)
})

test('a stream takes a link as a call does, late ones too', async (t) => {
  const given = await begin(t)
  const account = await given.spawn(Account)
  const link = await given.link(account, Account)
  const read = async () => {
    const items: number[] = []
    for await (const item of link.proxy.slowly(2)) items.push(item)
    return items
  }
  t.deepEqual(await read(), [0, 1])
  link.delay(1000)
  const late = read()
  await given.clock.advance(1000)
  t.deepEqual(await late, [0, 1])
})

test('what is left over at the end of a test fails it, with what it is', async (t) => {
  const leaving = async (leave: (given: TestSystem) => unknown, options?: TestSystemOptions) => {
    const given = await testSystem(options)
    await leave(given)
    return given.close().then(
      () => 'nothing',
      ({ name, message }: Error) => `${name} ${message}`,
    )
  }
  const unanswered = async (given: TestSystem) => {
    const account = await given.spawn(Account)
    account.never().catch(() => {})
  }
  t.regex(await leaving(unanswered), /^AssertionError left over .*\n {2}1 calls that were not answered/)
  t.is(await leaving(unanswered, { allow: ['asks'] }), 'nothing')
  t.regex(
    await leaving(async (given) => {
      const account = await given.spawn(Account)
      await given.system.stop(account)
      tell(account).add(1)
    }),
    /a dead letter for .*, add: stopped/,
  )
  t.regex(
    await leaving(async (given) => void tell(await given.spawn(Account)).fail()),
    /an error of .*, fail, that nobody waited for: no/,
  )
  t.regex(
    await leaving(async (given) => (await given.link((await given.probe()).ref)).drop(2)),
    /a fault that did not happen: drop of 2 messages/,
  )
  t.is(await leaving(async (given) => (await given.spawn(Account)).add(1)), 'nothing')
})

test('actors that send each other messages for ever are found out', async (t) => {
  class Restless {
    go(): void {
      tell(self(this) as SelfProxy<Restless>).go()
    }
  }
  const given = await begin(t, { restlessMs: 200 })
  const restless = await given.spawn(Restless)
  tell(restless).go()
  t.regex((await rejection(given.settle())).message, /do not come to rest/)
})

test('a thread is killed to order', async (t) => {
  const given = await begin(t, { threads: 1 })
  const actor = (
    await given.system.spawn(Mortal, { restartPolicy: 'on-failure', placement: { slot: 1 }, minBackoffMs: 0 })
  ).asType(Mortal)
  const restarted = event(given.system, 'restart')
  await given.kill(1)
  await restarted
  await until(async () => (await given.system.describe(actor)).status === 'running')
  t.throws(() => given.kill(2), { instanceOf: RangeError })
})

test('nodes are cut off from each other, and found again', async (t) => {
  const nodes = await Promise.all(
    ['one', 'two'].map((nodeId) =>
      actorSystem({ threads: 0, addr: '127.0.0.1:0', nodeId, logger: keepingLogger(), probeMs: 200 }),
    ),
  )
  const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
  const three = await actorSystem({
    threads: 0,
    nodeId: 'three',
    seeds: [one.addr as string, two.addr as string],
    logger: keepingLogger(),
    probeMs: 200,
  })
  t.teardown(() => Promise.all([...nodes, three].map((node) => node.shutdown())))
  const statusOf = async (system: typeof one, nodeId: string) =>
    (await system.members()).find((member) => member.nodeId === nodeId)?.status
  await until(
    async () => (await statusOf(one, 'two')) === 'alive' && (await statusOf(two, 'one')) === 'alive',
  )
  await two.spawn(new Account(5), { name: 'account' })
  await until(async () => (await one.allNamedActors()).some(({ name }) => name === 'account'))
  const account = (await one.resolve('account')).asType(Account)
  t.is(await account.add(1), 6)
  await cutNodes(one, two)
  const cut = await rejection(withCall(account, { timeoutMs: 300 }).add(1))
  t.true(/CONNECTION_LOST|ASK_TIMEOUT/.test(String(cut.code)), String(cut.code))
  await healNodes(one, two)
  await until(async () => {
    try {
      return (await withCall((await one.resolve('account')).asType(Account), { timeoutMs: 500 }).add(0)) >= 6
    } catch {
      return false
    }
  })
  t.pass()
})
