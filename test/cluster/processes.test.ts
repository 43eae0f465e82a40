// Nodes in processes of their own: killed, stopped, cut off and started again.

import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import type { SystemOptions } from 'pulsing'
import { until } from '../bed.js'
import { NodeProcess, Wire } from './processes.js'

const test = anyTest as TestFn
// Each has five processes or so.
const { serial } = test

/** Questions come ten times as often as they do by default, so that a death is known in a second. */
const QUICK: SystemOptions = { probeMs: 100 }

async function nodes(
  t: ExecutionContext,
  ids: readonly string[],
  options: SystemOptions = {},
): Promise<NodeProcess[]> {
  const [first, ...others] = ids
  const seed = await NodeProcess.start(t, { ...QUICK, ...options, nodeId: first })
  const all = await Promise.all(
    others.map((nodeId) => NodeProcess.start(t, { ...QUICK, ...options, nodeId, seeds: [seed.addr] })),
  )
  const joined = [seed, ...all]
  await until(async () =>
    (await Promise.all(joined.map((node) => node.alive()))).every((alive) => alive.length === ids.length),
  )
  return joined
}

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: { code?: unknown }) => String(error.code),
  )

serial(
  '6.4: a node is killed under load: asks settle, watchers hear once, names vanish and return',
  async (t) => {
    const all = await nodes(t, ['a', 'b', 'c', 'd', 'e'])
    const [a, b, c] = all as [NodeProcess, NodeProcess, NodeProcess]
    await a.do('spawn', 'Counter', 'counter')
    await b.do('spawn', 'Watcher', 'watcher')
    await b.do('watch', 'watcher', 'counter')
    const load = Promise.all([b, c].map((node) => node.do('load', 'counter', 2500, 20)))
    await until(async () => ((await c.do('call', 'counter', 'get')) as number) > 100)
    await a.kill()
    await until(async () => ((await b.do('heard', 'watcher')) as unknown[]).length > 0)
    for (const node of [b, c]) await until(async () => (await codeOf(node.do('resolve', 'counter'))) !== 'ok')
    t.is(await codeOf(b.do('resolve', 'counter')), 'ERR_PULSING_ACTOR_NOT_FOUND')
    for (const ended of (await load) as Record<string, number>[]) {
      t.true((ended.ok ?? 0) > 0)
      const codes = [
        'ok',
        'ERR_PULSING_CONNECTION_LOST',
        'ERR_PULSING_ACTOR_STOPPED',
        'ERR_PULSING_ACTOR_NOT_FOUND',
      ]
      t.deepEqual(
        Object.keys(ended).filter((code) => !codes.includes(code)),
        [],
        JSON.stringify(ended),
      )
    }
    const heard = (await b.do('heard', 'watcher')) as [string, string][]
    t.deepEqual(
      heard.map(([, reason]) => reason),
      ['node-died'],
    )
    // It comes back under its id and address, and its name with it; nobody takes it for its old self.
    const again = await NodeProcess.start(t, { ...QUICK, nodeId: 'a', addr: a.addr, seeds: [b.addr] })
    await again.do('spawn', 'Counter', 'counter')
    await until(async () => (await codeOf(b.do('callNew', 'counter', 'incr'))) === 'ok')
    t.is(await again.do('call', 'counter', 'get'), 1)
    await until(async () => (await c.alive()).length === 5)
    t.is(((await b.do('heard', 'watcher')) as unknown[]).length, 1)
  },
)

serial(
  'a node that sleeps for less than it takes to be missed is missed by nobody; one that sleeps longer comes back',
  async (t) => {
    const [a, b, c] = (await nodes(t, ['a', 'b', 'c'])) as [NodeProcess, NodeProcess, NodeProcess]
    await a.do('spawn', 'Counter', 'counter')
    const call = async () => codeOf(b.do('callNew', 'counter', 'incr'))
    t.is(await call(), 'ok')
    a.pause()
    const waiting = b.do('callNew', 'counter', 'incr')
    await new Promise((settle) => setTimeout(settle, 150))
    a.goOn()
    t.is(await waiting, 2)
    t.false(((await c.do('seen')) as { status: string }[]).some(({ status }) => status === 'dead'))
    a.pause()
    const lost = codeOf(b.do('callNew', 'counter', 'incr'))
    await until(async () => !(await b.alive()).includes('a') && !(await c.alive()).includes('a'))
    // Where it was suspected already, it is not resolved to.
    const codes = ['ERR_PULSING_ACTOR_STOPPED', 'ERR_PULSING_CONNECTION_LOST', 'ERR_PULSING_ACTOR_NOT_FOUND']
    t.true(codes.includes(await lost), await lost)
    a.goOn()
    await until(
      async () =>
        (await b.alive()).includes('a') && (await c.alive()).includes('a') && (await a.alive()).length === 3,
    )
    await until(async () => (await call()) === 'ok')
  },
)

serial(
  '6.4: nodes that took each other for dead meet again when the wire between them is mended',
  async (t) => {
    const a = await NodeProcess.start(t, { ...QUICK, nodeId: 'a' })
    // b is reached through a wire, and reaches a through another.
    const toA = await Wire.to(t, a.addr)
    const b = await NodeProcess.start(t, { ...QUICK, nodeId: 'b', seeds: [toA.addr] })
    const toB = await Wire.to(t, b.addr)
    await b.end()
    const far = await NodeProcess.start(t, {
      ...QUICK,
      nodeId: 'b2',
      addr: b.addr,
      advertiseAddr: toB.addr,
      seeds: [toA.addr],
    })
    await far.do('spawn', 'Counter', 'counter')
    await until(async () => (await a.alive()).includes('b2'))
    t.is(await a.do('call', 'counter', 'incr'), 1)
    toA.cut()
    toB.cut()
    // a knows b2 by its wire alone; b2 reaches a directly, so the cut holds one way only, and a is told all the same.
    t.true(
      ['ok', 'ERR_PULSING_CONNECTION_LOST', 'ERR_PULSING_ACTOR_STOPPED'].includes(
        await codeOf(a.do('call', 'counter', 'incr')),
      ),
    )
    toA.mend()
    toB.mend()
    await until(async () => (await a.alive()).includes('b2') && (await far.alive()).includes('a'))
    await until(async () => (await codeOf(a.do('callNew', 'counter', 'incr'))) === 'ok')
  },
)

serial(
  'a connection that nothing passes any more is found out, and what was asked over it settles',
  async (t) => {
    const a = await NodeProcess.start(t, { ...QUICK, nodeId: 'a' })
    const before = await NodeProcess.start(t, { ...QUICK, nodeId: 'b' })
    await before.end()
    const wire = await Wire.to(t, before.addr)
    const b = await NodeProcess.start(t, {
      ...QUICK,
      nodeId: 'b',
      addr: before.addr,
      advertiseAddr: wire.addr,
    })
    const c = await NodeProcess.start(t, { ...QUICK, nodeId: 'c', seeds: [a.addr, wire.addr] })
    await until(async () => (await a.alive()).length === 3 && (await b.alive()).length === 3)
    await b.do('spawn', 'Counter', 'counter')
    t.is(await c.do('call', 'counter', 'incr'), 1)
    wire.stall()
    const lost = codeOf(c.do('call', 'counter', 'incr'))
    t.true(['ERR_PULSING_CONNECTION_LOST', 'ERR_PULSING_ACTOR_STOPPED'].includes(await lost))
    wire.goOn()
    await until(async () => (await codeOf(c.do('callNew', 'counter', 'incr'))) === 'ok')
  },
)

serial('3.6, 3.7: a slow reader: memory stays bounded, nothing is lost, order holds', async (t) => {
  const [a, b] = (await nodes(t, ['a', 'b'])) as [NodeProcess, NodeProcess]
  await a.do('spawn', 'Recorder', 'recorder')
  const before = (await b.do('rssMb')) as number
  a.pause()
  const pushing = b.do('push', 'recorder', 0, 100)
  await new Promise((settle) => setTimeout(settle, 200))
  a.goOn()
  await pushing
  await b.do('push', 'recorder', 100, 100_000)
  await until(async () => (await b.do('call', 'recorder', 'count')) === 100_100)
  t.true((await b.do('call', 'recorder', 'isInOrder')) as boolean)
  const after = (await b.do('rssMb')) as number
  t.true(after < before + 300, `${before} MB, then ${after}`)
})

serial(
  'a node that starts again and again under its address is known each time, and never as its old self',
  async (t) => {
    const [a, b] = (await nodes(t, ['a', 'b'])) as [NodeProcess, NodeProcess]
    let { addr } = b
    let last = b
    for (let i = 0; i < 3; i++) {
      await last.kill()
      last = await NodeProcess.start(t, { ...QUICK, nodeId: 'b', addr, seeds: [a.addr] })
      addr = last.addr
      await last.do('spawn', 'Counter', `counter-${i}`)
      await until(async () => (await codeOf(a.do('callNew', `counter-${i}`, 'incr'))) === 'ok')
      for (let old = 0; old < i; old++)
        t.is(await codeOf(a.do('callNew', `counter-${old}`, 'incr')), 'ERR_PULSING_ACTOR_NOT_FOUND')
    }
    await until(async () => (await a.alive()).join() === 'a,b')
  },
)

serial('a node whose host is blocked goes on taking part in its cluster', async (t) => {
  const [a, b] = (await nodes(t, ['a', 'b'])) as [NodeProcess, NodeProcess]
  await a.do('spawn', 'Counter', 'counter')
  t.is(await b.do('call', 'counter', 'incr'), 1)
  const blocked = a.do('block', 1500)
  await new Promise((settle) => setTimeout(settle, 100))
  for (let i = 2; i < 50; i++) t.is(await b.do('call', 'counter', 'incr'), i)
  await blocked
  t.false(
    ((await b.do('seen')) as { nodeId: string; status: string }[]).some(({ status }) => status === 'dead'),
  )
})
