// The programs of the reference, in TypeScript: those of one process.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import anyTest, { type TestFn } from 'ava'
import * as pul from 'pulsing'
import {
  PulsingBusinessError,
  PulsingRuntimeError,
  PulsingSystemError,
  PulsingTimeoutError,
} from 'pulsing/errors'
import { rejection } from './bed.js'
import { Counter, MyActor, Service } from './fixtures/reference.js'

const test = anyTest as TestFn
test.before(() => pul.init())
test.after.always(() => pul.shutdown())

test('reference, pul.init and pul.shutdown: no arguments, and a second init is the same system', async (t) => {
  t.is(await pul.init(), pul.getSystem())
})

test('reference, remote: a Counter is called, streams, and is resolved', async (t) => {
  const server = createServer((_, response) => response.end('37')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const counter = await Counter.options({ name: 'counter' }).spawn(5)
  t.is(await counter.incr(), 6)
  t.is(await counter.fetchAndAdd(url), 43)
  const chunks: unknown[] = []
  for await (const chunk of counter.stream()) chunks.push(chunk)
  t.deepEqual(
    chunks,
    Array.from({ length: 10 }, (_, count) => ({ count })),
  )
  const same = await Counter.resolve('counter')
  t.is(await same.incr(), 44)
  t.is(same.ref, counter.ref)
})

test('reference, error model: what an actor throws keeps its category', async (t) => {
  const service = await Service.spawn()
  t.true(await service.validate('data'))
  const business = await rejection(service.validate(''))
  t.true(business instanceof PulsingBusinessError)
  t.is(business.code, 400)
  t.is(business.message, 'Data cannot be empty')
  const system = await rejection(service.process('data'))
  t.true(system instanceof PulsingSystemError)
  t.is((system as PulsingSystemError).recoverable, true)
  t.regex(system.message, /Processing failed: .*too expensive/)
  t.true((await rejection(service.late())) instanceof PulsingTimeoutError)
  const framework = await rejection(Service.resolve('nowhere'))
  t.true(framework instanceof PulsingRuntimeError)
})

test('reference, base Actor: MyActor is started, asked and told', async (t) => {
  const system = await pul.actorSystem()
  t.teardown(() => system.shutdown())
  const mine = new MyActor()
  const actor = await system.spawn(mine, { name: 'my_actor' })
  t.is(mine.started, String(actor.actorId))
  t.deepEqual(await actor.ask({ action: 'add', n: 10 }), { value: 10 })
  t.is(actor.tell({ action: 'add' }), undefined)
  t.deepEqual(await actor.ask({ action: 'add', n: 0 }), { value: 11 })
  t.deepEqual(await actor.ask({ action: 'divide' }), { error: 'unknown action' })
  t.is(await system.refer(actor.actorId), actor)
})

test('reference, the Rust API: builders, resolve by node and policy, list, lazy, and what a system says of itself', async (t) => {
  const system = await pul.actorSystem({ threads: 1 })
  const named = await system.spawnNamed('my_actor', new MyActor())
  const built = await system.spawning().name('services/counter').mailboxCapacity(256).spawn(new MyActor())
  t.is(await system.resolve('my_actor'), named)
  const resolving = () =>
    system.resolving().node(system.nodeId).policy(new pul.RoundRobinPolicy()).filterAlive(true)
  t.is(await resolving().resolve('services/counter'), built)
  t.deepEqual(await system.resolving().list('services/counter'), [built])
  const lazy = system.resolving().lazy('services/counter')
  t.deepEqual(await lazy.ask({ action: 'add', n: 2 }), { value: 2 })
  t.is(system.addr, undefined)
  t.is((await system.members()).length, 1)
  t.is((await system.allNamedActors()).length, 2)
  await system.stop('my_actor')
  t.is((await rejection(named.ask({}))).code, 'ERR_PULSING_ACTOR_STOPPED')
  await system.shutdown()
  t.is((await rejection(built.ask({}))).code, 'ERR_PULSING_SYSTEM_STOPPED')
})
