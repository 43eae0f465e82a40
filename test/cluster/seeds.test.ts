// Nodes that do not find each other at once: what they wait for takes seconds.

import test from 'ava'
import type { ActorSystem } from 'pulsing'
import { events, until } from '../bed.js'
import { Counter } from '../fixtures/actors.js'
import { cluster, memberOf, node } from './bed.js'

test.serial(
  '6.1: with passphrase, the same; a node with another is refused, and told why on both sides',
  async (t) => {
    const passphrase = 'a passphrase of the tests'
    const [a, b] = (await cluster(t, 2, { passphrase })) as [ActorSystem, ActorSystem]
    await a.spawn(Counter, { name: 'counter' })
    t.is(await (await b.resolve('counter')).asType(Counter).incr(), 1)
    const refusals = events(a as never, 'peerRefused')
    const stranger = await node(t, { seeds: [a.addr as string], passphrase: 'another passphrase, as long' })
    const other = await node(t, { seeds: [a.addr as string] })
    await until(() => refusals.length >= 2)
    for (const system of [stranger, other]) t.is((await system.members()).length, 1)
    t.is((await a.members()).length, 2)
  },
)

test.serial('seeds that do not answer are tried again, and the node works meanwhile', async (t) => {
  const gone = await node(t)
  const addr = gone.addr as string
  await gone.shutdown()
  const a = await node(t, { nodeId: 'a', seeds: [addr] })
  const counter = (await a.spawn(Counter, { name: 'counter' })).asType(Counter)
  t.is(await counter.incr(), 1)
  const b = await node(t, { nodeId: 'b', addr })
  await until(async () => (await memberOf(b, 'a'))?.status === 'alive')
  t.is(await (await b.resolve('counter')).asType(Counter).incr(), 2)
})
