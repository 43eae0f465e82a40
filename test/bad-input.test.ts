// Every public function with arguments that are missing, wrong and hostile: an error of ours that names the argument, and
// nothing is left of it.

import anyTest, { type TestFn } from 'ava'
import {
  type ActorContext,
  ActorId,
  type ActorRef,
  type ActorSystem,
  actorSystem,
  ConsistentHashPolicy,
  callSignal,
  delayed,
  handleSignals,
  init,
  PulsingError,
  PulsingSystemError,
  PulsingTimeoutError,
  remote,
  resolve,
  SupervisionSpec,
  self,
  share,
  shutdown,
  spawn,
  stream,
  tell,
  transfer,
  withCall,
} from 'pulsing'
import { keepingLogger, thrown } from './bed.js'
import { Counter } from './fixtures/actors.js'

const test = anyTest as TestFn
const logger = keepingLogger()
let system: ActorSystem
let context: ActorContext
let counters: { counter: Awaited<ReturnType<typeof Counter.spawn>>; where: string }[] = []
/** By name; what is no argument of anything, but for what a test says of it. */
let hostile: Record<string, unknown> = {}

class Knows {
  onStart(_id: ActorId, given: ActorContext): void {
    context = given
  }
}

class Service {}

/** A class that is registered once. */
let classes = 0
function fresh(): new () => object {
  return { [`Fresh${++classes}`]: class {} }[`Fresh${classes}`] as new () => object
}

const trap = (): never => {
  throw new Error('trapped')
}

test.before(async () => {
  system = await init({ threads: 1, logger })
  const other = await actorSystem({ threads: 0, logger })
  const foreign = await other.spawn(Counter)
  const ended = await actorSystem({ threads: 0, logger })
  const dead = await ended.spawn(Counter)
  await ended.shutdown()
  await system.spawn(new Knows())
  counters = [
    { counter: await Counter.options({ placement: 'host' }).spawn(), where: 'here' },
    { counter: await Counter.options({ placement: { slot: 1 } }).spawn(), where: 'on a thread' },
  ]
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  const { proxy: revokedClass, revoke: revokeClass } = Proxy.revocable(class {}, {})
  revoke()
  revokeClass()
  hostile = {
    undefined,
    null: null,
    number: 5,
    NaN: Number.NaN,
    negative: -1,
    'empty text': '',
    text: 'text',
    'long text': 'x'.repeat(100_000),
    boolean: true,
    bigint: 10n,
    symbol: Symbol('s'),
    function: () => undefined,
    array: [],
    object: {},
    'unknown option': { nope: 1 },
    prototype: JSON.parse('{ "__proto__": { "timeoutMs": 5 } }'),
    'no prototype': Object.create(null),
    traps: new Proxy(
      {},
      { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap },
    ),
    getter: {
      get timeoutMs() {
        return trap()
      },
      get name() {
        return trap()
      },
    },
    revoked,
    revokedClass,
    // biome-ignore lint/suspicious/noThenProperty: what it is for
    thenable: { then: (settle: () => void) => settle() },
    foreign,
    'foreign proxy': foreign.asType(Counter),
    dead,
  }
})
test.after.always(() => shutdown())

interface Row {
  readonly name: string
  readonly call: (value: never) => unknown
  /** What the message has to name, and the hostile values that will do. */
  readonly names: RegExp
  readonly takes?: readonly string[]
}

/** As options, each of these says nothing. */
const NOTHING = ['undefined', 'object', 'no prototype', 'foreign', 'dead', 'foreign proxy']
const TEXTS = ['text']
const THEIRS = ['foreign', 'dead', 'foreign proxy']

const rows: Row[] = [
  { name: 'init', call: (v) => init(v), names: /options|initial/i },
  {
    name: 'actorSystem',
    call: async (v) => (await actorSystem(v)).shutdown(),
    names: /option/,
    takes: NOTHING,
  },
  {
    name: 'shutdown',
    call: async (v) => {
      const one = await actorSystem({ threads: 0, logger })
      await one.shutdown(v).finally(() => one.shutdown())
    },
    names: /option/,
    takes: NOTHING,
  },
  { name: 'remote, moduleUrl', call: (v) => remote(v, fresh()), names: /moduleUrl/ },
  { name: 'remote, Class', call: (v) => remote(import.meta.url, v), names: /Class|option/, takes: NOTHING },
  {
    name: 'remote, options',
    call: (v) => remote(import.meta.url, fresh(), v),
    names: /option/,
    takes: NOTHING,
  },
  { name: 'spawn, Class', call: (v) => spawn(v), names: /Class/ },
  { name: 'spawn, options', call: (v) => spawn(Counter, v), names: /option/, takes: NOTHING },
  {
    name: 'spawn, args',
    call: (v) => spawn(Counter, { args: v }),
    names: /args/,
    takes: ['undefined', 'array'],
  },
  { name: 'resolve, Class', call: (v) => resolve(v, 'nobody'), names: /nobody|Class/ },
  { name: 'resolve, name', call: (v) => resolve(Counter, v), names: /no actor|name/ },
  { name: 'Class.options', call: (v) => Counter.options(v), names: /option/, takes: NOTHING },
  { name: 'Class.resolve', call: (v) => Counter.resolve(v), names: /no actor|name/ },
  { name: 'system.spawn, actor', call: (v) => system.spawn(v), names: /actor|Class/, takes: ['thenable'] },
  { name: 'system.spawn, options', call: (v) => system.spawn(Counter, v), names: /option/, takes: NOTHING },
  {
    name: 'spawnNamed, name',
    call: (v) => system.spawnNamed(v, Counter),
    names: /name/,
    takes: ['undefined', 'text'],
  },
  { name: 'spawnNamed, actor', call: (v) => system.spawnNamed('bad/named', v), names: /actor|Class/ },
  {
    name: 'spawnNamed, options',
    call: (v) => system.spawnNamed('bad/options', Counter, v),
    names: /option/,
    takes: NOTHING,
  },
  {
    name: 'spawnNamedFactory, name',
    call: (v) => system.spawnNamedFactory(v, () => new Service()),
    names: /name/,
    takes: TEXTS,
  },
  {
    name: 'spawnNamedFactory, factory',
    call: (v) => system.spawnNamedFactory('bad/factory', v),
    names: /factory|actor/,
  },
  {
    name: 'spawnNamedFactory, what it gives',
    call: (v) => system.spawnNamedFactory('bad/made', () => v),
    names: /actor/,
  },
  { name: 'system.resolve, name', call: (v) => system.resolve(v), names: /no actor|name/ },
  { name: 'system.resolve, options', call: (v) => system.resolve('nobody', v), names: /option|nobody/ },
  { name: 'system.refer', call: (v) => system.refer(v), names: /actorId/ },
  { name: 'system.stop, which', call: (v) => system.stop(v), names: /no actor|which|name/ },
  { name: 'system.stop, options', call: (v) => system.stop('nobody', v), names: /option|nobody/ },
  { name: 'system.describe', call: (v) => system.describe(v), names: /no actor|which|name/ },
  { name: 'system.on, event', call: (v) => system.on(v, () => undefined), names: /event/ },
  {
    name: 'system.on, listener',
    call: (v) => system.on('restart', v),
    names: /listener/,
    takes: ['function', 'revokedClass'],
  },
  { name: 'system.off, event', call: (v) => system.off(v, () => undefined), names: /event/ },
  {
    name: 'spawning().name',
    call: (v) => system.spawning().name(v).spawn(Counter),
    names: /name/,
    takes: ['undefined', 'text'],
  },
  {
    name: 'spawning().mailboxCapacity',
    call: (v) => system.spawning().mailboxCapacity(v).spawn(Counter),
    names: /mailboxCapacity/,
    takes: ['undefined', 'number'],
  },
  { name: 'spawning().supervision', call: (v) => system.spawning().supervision(v), names: /spec/ },
  {
    name: 'spawning().options',
    call: (v) => system.spawning().options(v).spawn(Counter),
    names: /option/,
    takes: NOTHING,
  },
  { name: 'spawning().spawn', call: (v) => system.spawning().spawn(v), names: /actor|Class/ },
  {
    name: 'SupervisionSpec',
    call: (v) => system.spawning().supervision(SupervisionSpec.never().maxRestarts(v)).spawn(Counter),
    names: /maxRestarts/,
    takes: ['undefined', 'number'],
  },
  {
    name: 'resolving().node',
    call: (v) => system.resolving().node(v).resolve('nobody'),
    names: /nodeId|nobody/,
  },
  {
    name: 'resolving().policy',
    call: (v) => system.resolving().policy(v).resolve('nobody'),
    names: /policy|nobody/,
  },
  {
    name: 'resolving().filterAlive',
    call: (v) => system.resolving().filterAlive(v).resolve('nobody'),
    names: /filterAlive|nobody/,
  },
  { name: 'resolving().list', call: (v) => system.resolving().list(v), names: /name/, takes: TEXTS },
  { name: 'resolving().lazy', call: (v) => system.resolving().lazy(v), names: /name/, takes: TEXTS },
  {
    name: 'ConsistentHashPolicy',
    call: (v) => new ConsistentHashPolicy(v),
    names: /key/,
    takes: ['text', 'long text', 'empty text'],
  },
  { name: 'tell', call: (v) => tell(v), names: /proxy|which/, takes: ['foreign proxy'] },
  { name: 'withCall, proxy', call: (v) => withCall(v, {}), names: /proxy|which/, takes: ['foreign proxy'] },
  {
    name: 'withCall, options',
    call: (v) => withCall(counters[0]?.counter as object, v),
    names: /option/,
    takes: NOTHING,
  },
  { name: 'delayed, proxy', call: (v) => delayed(v, 1), names: /proxy|instance/, takes: ['foreign proxy'] },
  {
    name: 'delayed, delayMs',
    call: (v) => delayed(counters[0]?.counter as object, v),
    names: /delayMs/,
    takes: ['number'],
  },
  { name: 'self', call: (v) => self(v), names: /instance/ },
  { name: 'stream', call: (v) => stream(v), names: /call/ },
  { name: 'transfer, list', call: (v) => transfer({}, v), names: /transfer|list|buffers/, takes: ['array'] },
  { name: 'transfer, a buffer', call: (v) => transfer({}, [v]), names: /transfer|list|buffers/ },
  { name: 'handleSignals, system', call: (v) => handleSignals(v), names: /system/ },
  { name: 'context.spawn', call: (v) => context.spawn(v), names: /actor|Class/ },
  { name: 'context.spawn, options', call: (v) => context.spawn(Counter, v), names: /option/, takes: NOTHING },
  { name: 'context.watch', call: (v) => context.watch(v), names: /which/ },
  { name: 'context.unwatch', call: (v) => context.unwatch(v), names: /which/ },
  { name: 'context.offload, url', call: (v) => context.offload(v), names: /url/ },
  {
    name: 'context.offload, args',
    call: (v) => context.offload('file:///nobody.js', v),
    names: /args|nobody/,
  },
  {
    name: 'context.offload, options',
    call: (v) => context.offload('file:///nobody.js', [], v),
    names: /option|nobody/,
  },
  { name: 'ActorId.parse', call: (v) => ActorId.parse(v), names: /actorId/ },
]

for (const i of [0, 1]) {
  const where = i === 0 ? 'here' : 'on a thread'
  const ref = (): ActorRef => counters[i]?.counter.ref as ActorRef
  rows.push(
    { name: `ref.ask, options, ${where}`, call: (v) => ref().ask(1, v), names: /option|receive|messages/ },
    { name: `ref.tell, options, ${where}`, call: (v) => ref().tell(1, v), names: /option/, takes: NOTHING },
    { name: `ref.asType, ${where}`, call: (v) => ref().asType(v), names: /Class/ },
  )
}

const actors = () => system.stats().threads.reduce((sum, one) => sum + one.actors, 0)

for (const { name, call, names, takes = [] } of rows) {
  test.serial(`${name}: what is wrong is an error that names it`, async (t) => {
    for (const [kind, value] of Object.entries(hostile)) {
      // It is called, and what it throws is thrown.
      if (kind === 'revokedClass' && name.endsWith('factory')) continue
      const before = actors()
      const named = (await system.allNamedActors()).length
      let error: unknown
      try {
        const given = await call(value as never)
        const ref = (given as { ref?: object } | undefined)?.ref ?? given
        if (/spawn|Supervision/.test(name)) await system.stop(ref as object)
      } catch (caught) {
        error = caught
      }
      if (error === undefined) {
        t.true(takes.includes(kind), `${kind} is taken`)
      } else {
        t.true(error instanceof PulsingError, `${kind}: ${String(error)}`)
        t.regex(String((error as { code?: unknown }).code), /^ERR_PULSING_/)
        const { message } = error as Error
        t.true(
          names.test(message) || (kind === 'getter' && /can't be read/.test(message)),
          `${kind}: ${message}`,
        )
        t.true((error as Error).message.length < 1000, kind)
      }
      t.is(actors(), before, `${kind} leaves no actor`)
      t.is((await system.allNamedActors()).length, named, `${kind} leaves no name`)
    }
  })
}

test.serial('a reference of another system stops nobody of this one', async (t) => {
  for (const kind of THEIRS)
    t.is(
      ((await t.throwsAsync(system.stop(hostile[kind] as object))) as { code?: unknown }).code,
      'ERR_PULSING_INVALID_ARGUMENT',
    )
  for (const { counter } of counters) t.true((await counter.incr()) > 0)
})

test.serial('share takes values and plain objects, and names what is neither', (t) => {
  for (const kind of ['symbol', 'function', 'getter', 'revoked', 'thenable', 'traps'])
    t.true(thrown(() => share(hostile[kind])) instanceof PulsingError || kind === 'traps', kind)
  t.is(share(5), 5)
})

test.serial('callSignal outside of a call, and ids that are compared with anything', (t) => {
  t.is(thrown(() => callSignal()).code, 'ERR_PULSING_NOT_IN_CALL')
  const id = counters[0]?.counter.ref.actorId as ActorId
  for (const kind of ['undefined', 'null', 'number', 'text', 'object', 'no prototype'])
    t.false(id.equals(hostile[kind] as ActorId), kind)
  t.true(id.equals(ActorId.parse(String(id))))
})

test.serial(
  'the constructors of errors take what they are given: an error about an error helps nobody',
  (t) => {
    for (const kind of ['null', 'number', 'text', 'boolean', 'array']) {
      t.true(new PulsingSystemError('broken', hostile[kind] as never).recoverable, kind)
      t.is(new PulsingTimeoutError('late', hostile[kind] as never).code, 'ERR_PULSING_TIMEOUT', kind)
    }
  },
)
