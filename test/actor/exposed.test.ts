import { inspect } from 'node:util'
import anyTest, { type TestFn } from 'ava'
import { Actor, type ActorSystem, init, PulsingUnsupportedError, shutdown, tell, withCall } from 'pulsing'
import { keepingLogger, rejection, thrown } from '../bed.js'
import { Counter } from '../fixtures/actors.js'
import { Hostile } from '../fixtures/hostile.js'

const test = anyTest as TestFn
let system: ActorSystem

test.before(async () => {
  system = await init({ threads: 1, logger: keepingLogger() })
})
test.after.always(() => shutdown())

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'

  test(`3.10: functions of the prototype chain are exposed, and nothing else, ${where}`, async (t) => {
    const proxy = await Hostile.options({ placement }).spawn()
    const any = proxy.ref.asAny() as unknown as Record<string, () => Promise<unknown>>
    t.is(await proxy.fine(), 'fine')
    t.is(await proxy.inherited(), 'inherited')
    t.is(await any['with space and \u{1f600}']?.(), 'odd')
    t.is(await any.apply?.(), 'apply')
    t.is(await any.call?.(), 'call')
    t.is(await any['0']?.(), 'zero')
    const hidden = [
      '_private',
      'accessor',
      'field',
      'arrow',
      'onStart',
      'onStop',
      'onSignal',
      'receive',
      '#secret',
    ]
    for (const name of [...hidden, 'overridden', 'static']) {
      t.false(name in proxy, name)
      const error = await rejection(any[name]?.())
      t.true(error instanceof PulsingUnsupportedError, name)
      t.is(error.code, 'ERR_PULSING_UNSUPPORTED', name)
      t.true(error.message.includes(name), name)
    }
    t.is(await proxy.fine(), 'fine')
  })

  test(`3.10: a proxy has no method of Object.prototype's names, and no then, ${where}`, async (t) => {
    const proxy = (await Hostile.options({ placement }).spawn()) as unknown as Record<string, unknown>
    for (const name of Object.getOwnPropertyNames(Object.prototype))
      if (name !== 'constructor' && name !== '__proto__')
        t.is(proxy[name], ({} as Record<string, unknown>)[name], name)
    t.is(typeof Object.getPrototypeOf(proxy), 'object')
    t.is(proxy.then, undefined)
    t.is(await proxy, proxy)
    const any = (proxy as unknown as Awaited<ReturnType<typeof Hostile.spawn>>).ref.asAny()
    t.is(any.then, undefined)
    t.is(await any, any)
    t.is(String((any as unknown as Record<string, unknown>).hasOwnProperty), String({}.hasOwnProperty))
  })
}

test('3.10: a proxy, a reference, an AnyProxy and an id print as what they are', async (t) => {
  const counter = await Counter.options({ placement: { slot: 1 } }).spawn()
  const id = String(counter.ref.actorId)
  t.is(inspect(counter), `Counter(${id})`)
  t.is(inspect(counter.ref), `ActorRef(${id})`)
  t.is(String(counter.ref), `ActorRef(${id})`)
  t.is(inspect(counter.ref.asAny()), `AnyProxy(${id})`)
  t.is(inspect(counter.ref.actorId), `ActorId(${id})`)
  t.is(inspect({ deep: [counter] }), `{ deep: [ Counter(${id}) ] }`)
})

test('a class whose name is that of one of its methods works', async (t) => {
  class toString2 {
    toString2() {
      return 1
    }
  }
  const proxy = (await system.spawn(new toString2())).asType(toString2)
  t.is(await proxy.toString2(), 1)
})

test('an Actor may have methods beside receive', async (t) => {
  class Both extends Actor {
    override receive(message: unknown) {
      return ['received', message]
    }
    method(n: number) {
      return n + 1
    }
  }
  const ref = await system.spawn(new Both())
  t.deepEqual(await ref.ask(1), ['received', 1])
  t.is(await ref.asType(Both).method(1), 2)
})

test('tell and withCall keep their manners with what is no proxy', (t) => {
  for (const wrong of [{}, null, 5, 'text'] as unknown as object[]) {
    t.is(thrown(() => tell(wrong)).code, 'ERR_PULSING_INVALID_ARGUMENT')
    t.is(thrown(() => withCall(wrong, {})).code, 'ERR_PULSING_INVALID_ARGUMENT')
  }
})

test('withCall and tell take the proxy of asAny and give its methods', async (t) => {
  const counter = await Counter.options({ placement: { slot: 1 } }).spawn()
  const any = counter.ref.asAny()
  const quick = withCall(any, { timeoutMs: 10_000 }) as unknown as typeof counter
  t.is(await quick.incr(), 1)
  ;(tell(any) as unknown as { incr(): unknown }).incr()
  t.is(await counter.get(), 2)
})

test('withCall of withCall keeps the last options, and the proxy itself its own', async (t) => {
  const counter = await Counter.options({ placement: { slot: 1 } }).spawn()
  const abort = AbortSignal.abort(new Error('first'))
  const twice = withCall(withCall(counter, { signal: abort }), { timeoutMs: 5000 })
  t.is((await rejection(withCall(counter, { signal: abort }).incr())).message, 'first')
  t.is(await twice.incr(), 1)
  t.is(await counter.incr(), 2)
})
