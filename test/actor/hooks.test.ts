import anyTest, { type TestFn } from 'ava'
import {
  type ActorContext,
  type ActorRef,
  type ActorSystem,
  init,
  PulsingRuntimeError,
  self,
  shutdown,
} from 'pulsing'
import { type KeepingLogger, keepingLogger, rejection, thrown, until } from '../bed.js'
import { Counter, Family, Gate, Hooked, Recorder, Serial } from '../fixtures/actors.js'

const test = anyTest as TestFn
let system: ActorSystem
let logger: KeepingLogger

test.before(async () => {
  logger = keepingLogger()
  system = await init({ threads: 2, logger })
})
test.after.always(() => shutdown())

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'
  const name = (text: string) => `hooks/${text}/${placement === 'host' ? 0 : 1}`

  test(`5.3: spawn resolves when onStart has run, and onStop runs at stop with its reason, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const hooked = await Hooked.options({ placement, name: name('order') }).spawn(to)
    t.deepEqual(await to.list(), [['onStart', String(hooked.ref.actorId), name('order')]])
    await system.stop(hooked)
    t.deepEqual((await to.list())[1], ['onStop', 'stopped'])
    t.is(await to.count(), 2)
    await system.stop(hooked)
    t.is(await to.count(), 2)
  })

  test(`5.3: what the constructor throws rejects the spawn, and the name is free, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const named = Hooked.options({ placement, name: name('constructor') })
    const error = await rejection(named.spawn(to, 'constructor'))
    t.is(error.name, 'Mine')
    t.is(error.message, 'no instance')
    t.is((error as Error & { hint?: string }).hint, 'never')
    t.is(await (await named.spawn(to)).hello(), 'hello')
    t.is(await to.count(), 1)
  })

  test(`5.3: what onStart rejects with rejects the spawn, and the name is free, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const named = Hooked.options({ placement, name: name('on-start') })
    const error = await rejection(named.spawn(to, 'onStart'))
    t.true(error instanceof RangeError)
    t.is(error.message, 'no start')
    t.is(await (await named.spawn(to)).hello(), 'hello')
  })

  test(`an onStop that throws is logged, and the stop is done, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const hooked = await Hooked.options({ placement }).spawn(to, 'onStop')
    await t.notThrowsAsync(system.stop(hooked))
    t.is((await rejection(hooked.hello())).code, 'ERR_PULSING_ACTOR_STOPPED')
    await until(() =>
      logger.lines.some(
        ({ message, fields }) =>
          message === 'onStop failed' && String(fields.actor).includes(String(hooked.ref.actorId)),
      ),
    )
  })

  test(`messages that come while onStart runs wait for it, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host', maxConcurrency: 1 }).spawn()
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const held = to.hold(gate)
    await until(async () => (await gate.waiting()) === 1)
    const spawned = Hooked.options({ placement, name: name('early') }).spawn(to)
    let early: ActorRef | undefined
    await until(async () => {
      early = await system.resolve(name('early')).catch(() => undefined)
      return early !== undefined
    })
    const hello = early?.asType(Hooked).hello()
    await gate.open()
    await held
    await spawned
    t.is(await hello, 'hello')
  })

  test(`pul.self gives the typed proxy of the running actor, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const hooked = await Hooked.options({ placement }).spawn(to)
    t.is(await hooked.id(), String(hooked.ref.actorId))
    const family = await Family.options({ placement }).spawn()
    t.true(await family.same(family.ref))
    t.is((await family.me()).ref, family.ref)
    t.true(await family.systemIsOurs())
  })

  test(`context.stop stops the actor from inside, and its onStop runs, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const hooked = await Hooked.options({ placement }).spawn(to)
    await hooked.quit()
    await until(async () => (await to.count()) === 2)
    t.deepEqual((await to.list())[1], ['onStop', 'stopped'])
    t.is((await rejection(hooked.hello())).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`receive gets the context: self and name, ${where}`, async (t) => {
    const serial = await system.spawn(Serial, { placement, name: name('context') })
    t.deepEqual(await serial.ask('context'), [serial, name('context')])
  })

  test(`5.4: context.spawn makes a child, which stops before its parent, last first, ${where}`, async (t) => {
    const to = await Recorder.options({ placement: 'host' }).spawn()
    const family = await Family.options({ placement }).spawn()
    const first = await family.hookedChild(to, name('first'))
    const second = await family.hookedChild(to, name('second'))
    t.deepEqual(await family.children(), [first, second])
    t.is(first.actorId.slot, family.ref.actorId.slot)
    await system.stop(family)
    const seen = (await to.list()) as [string, string][]
    t.deepEqual(
      seen.map(([what]) => what),
      ['onStart', 'onStart', 'onStop', 'onStop'],
    )
    for (const child of [first, second])
      t.is((await rejection(child.ask('any'))).code, 'ERR_PULSING_ACTOR_STOPPED')
    t.is((await rejection(family.children())).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`5.4: a child that has stopped is none of its parent's children any more, ${where}`, async (t) => {
    const family = await Family.options({ placement }).spawn()
    const [one, two] = [await family.child(), await family.child('spread')]
    t.deepEqual(await family.children(), [one, two])
    await system.stop(one)
    t.deepEqual(await family.children(), [two])
    await system.stop(two)
    await until(async () => (await family.children()).length === 0)
    t.pass()
  })

  test(`context.spawn alone makes a child: Class.spawn makes none, and it outlives the caller, ${where}`, async (t) => {
    const family = await Family.options({ placement }).spawn()
    const plain = await family.plain()
    t.is(plain.actorId.slot, family.ref.actorId.slot)
    t.deepEqual(await family.children(), [])
    t.is(await family.parent(), undefined)
    await system.stop(family)
    t.is(await plain.asType(Counter).incr(), 1)
  })

  test(`an error of context.spawn reaches its caller, ${where}`, async (t) => {
    const family = await Family.options({ placement }).spawn()
    await family.child('auto', name('taken'))
    const error = await rejection(family.child('auto', name('taken')))
    t.is(error.code, 'ERR_PULSING_NAME_TAKEN')
    t.true(error instanceof PulsingRuntimeError)
    t.is((await family.children()).length, 1)
  })

  test(`await using stops an actor, by its proxy and by its reference, ${where}`, async (t) => {
    const counter = await Counter.options({ placement }).spawn()
    await counter[Symbol.asyncDispose]()
    t.is((await rejection(counter.incr())).code, 'ERR_PULSING_ACTOR_STOPPED')
    const other = await Counter.options({ placement }).spawn()
    await other.ref[Symbol.asyncDispose]()
    t.is((await rejection(other.incr())).code, 'ERR_PULSING_ACTOR_STOPPED')
  })
}

test('hooks of an instance: a synchronous onStart that throws, and one that gives its own errors', async (t) => {
  class Bad {
    onStart() {
      throw Object.assign(new Error('sync'), { code: 'E_MINE' })
    }
  }
  const error = await rejection(system.spawn(new Bad(), { name: 'hooks/bad' }))
  t.is(error.code, 'E_MINE')
  t.is((await rejection(system.resolve('hooks/bad'))).code, 'ERR_PULSING_ACTOR_NOT_FOUND')
})

test('section 2: context says the name, the parent, the system and the log of its actor', async (t) => {
  const contexts: ActorContext[] = []
  class Knows {
    onStart(_id: unknown, context: ActorContext) {
      contexts.push(context)
    }
  }
  const parent = await system.spawn(new Knows(), { name: 'hooks/parent' })
  const child = await contexts[0]?.spawn(new Knows())
  t.deepEqual(
    contexts.map((context) => [context.name, context.self, context.parent, context.system]),
    [
      ['hooks/parent', parent, undefined, system],
      [undefined, child, parent, system],
    ],
  )
  contexts[1]?.log.warn({ own: true }, 'the child says')
  t.true(logger.lines.some((line) => line.fields.own === true && line.message === 'the child says'))
})

test('context.signal is aborted when the actor stops', async (t) => {
  let signal: AbortSignal | undefined
  class Listens {
    onStart(_id: unknown, context: { signal: AbortSignal }) {
      signal = context.signal
    }
  }
  const ref = await system.spawn(new Listens())
  t.false(signal?.aborted)
  await system.stop(ref)
  t.true(signal?.aborted)
})

test('an actor that stops itself in onStart rejects its spawn', async (t) => {
  class Quits {
    async onStart(_id: unknown, context: { stop(): void }) {
      context.stop()
      await new Promise((settle) => setTimeout(settle, 5))
    }
  }
  const error = await rejection(system.spawn(new Quits()))
  t.is(error.code, 'ERR_PULSING_ACTOR_STOPPED')
})

test('pul.self of something that is no running actor is an error', (t) => {
  t.is(thrown(() => self({})).code, 'ERR_PULSING_INVALID_ARGUMENT')
})

test('an instance is one actor at a time, and can be spawned again after its stop', async (t) => {
  class Own {
    hello() {
      return 'hello'
    }
  }
  const own = new Own()
  const ref = await system.spawn(own)
  t.is((await rejection(system.spawn(own))).code, 'ERR_PULSING_INVALID_ARGUMENT')
  await system.stop(ref)
  t.is(await (await system.spawn(own)).asType(Own).hello(), 'hello')
})
