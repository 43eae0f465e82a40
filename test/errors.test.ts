import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import vm from 'node:vm'
import test from 'ava'
import { expectTypeOf } from 'expect-type'
import fc from 'fast-check'
import {
  answerWith,
  CODES,
  copyPlainError,
  describeError,
  type ErrorForm,
  type ErrorKind,
  errors,
  isAnswer,
  PulsingActorError,
  PulsingBusinessError,
  PulsingError,
  type PulsingErrorCode,
  PulsingRuntimeError,
  PulsingSystemError,
  PulsingTimeoutError,
  PulsingUnsupportedError,
  reviveError,
  shown,
  stitch,
} from '../lib/errors/index.js'

const copyUrl = new URL('../lib/errors/classes.js?copy', import.meta.url).href
const copy = (await import(copyUrl)) as typeof import('../lib/errors/classes.js')

/** As to another thread: the form has to be plain. */
const carried = (error: unknown): Error => reviveError(structuredClone(describeError(error)))
/** As by the codec, which carries the errors within an error by itself. */
const asCodec = (error: unknown): Error => reviveError(describeError(error, () => true))

const one = {
  PulsingError: new PulsingError('base'),
  PulsingRuntimeError: new PulsingRuntimeError('ERR_PULSING_INTERNAL', 'actor', 'runtime'),
  PulsingActorError: new PulsingActorError('actor'),
  PulsingBusinessError: new PulsingBusinessError(409, 'business', { field: 'name' }),
  PulsingSystemError: new PulsingSystemError('system', { recoverable: false }),
  PulsingTimeoutError: new PulsingTimeoutError('timeout', { code: 'ERR_PULSING_ASK_TIMEOUT' }),
  PulsingUnsupportedError: new PulsingUnsupportedError('unsupported'),
}
type Name = keyof typeof one
const names = Object.keys(one) as Name[]

test('section 4: the classes stand in one tree', (t) => {
  const parent: Record<Name, unknown> = {
    PulsingError: Error,
    PulsingRuntimeError: PulsingError,
    PulsingActorError: PulsingError,
    PulsingBusinessError: PulsingActorError,
    PulsingSystemError: PulsingActorError,
    PulsingTimeoutError: PulsingActorError,
    PulsingUnsupportedError: PulsingActorError,
  }
  for (const name of names) {
    t.is(Object.getPrototypeOf(one[name].constructor), parent[name])
    t.is(one[name].name, name)
    t.true(one[name].stack?.startsWith(`${name}: ${one[name].message}\n    at `))
    t.false(Object.keys(one[name]).includes('name'))
  }
})

test('section 4: each class has what it says', (t) => {
  const { PulsingBusinessError: business, PulsingSystemError: system } = one
  t.like(one.PulsingRuntimeError, { code: 'ERR_PULSING_INTERNAL', kind: 'actor', message: 'runtime' })
  t.like(business, { code: 409, message: 'business', details: { field: 'name' } })
  t.like(system, { code: 'ERR_PULSING_SYSTEM', error: 'system', recoverable: false })
  t.is(new PulsingSystemError('system').recoverable, true)
  t.is(one.PulsingTimeoutError.code, 'ERR_PULSING_ASK_TIMEOUT')
  t.is(new PulsingTimeoutError('a').code, 'ERR_PULSING_TIMEOUT')
  t.is(one.PulsingUnsupportedError.code, 'ERR_PULSING_UNSUPPORTED')
  t.false('details' in new PulsingBusinessError(400, 'a'))
  t.is(new PulsingBusinessError(400, 'a', undefined, { cause: 1 }).cause, 1)
  t.false(Object.hasOwn(new PulsingSystemError('a'), 'cause'))
  t.regex(inspect(business), /code: 409,\n {2}details: \{ field: 'name' \}/)
})

for (const [how, get] of [
  ['of this copy', (name: Name) => one[name]],
  ['that crossed a thread', (name: Name) => carried(one[name])],
  ['that the codec carried', (name: Name) => asCodec(one[name])],
] as const) {
  test(`contract 4.1: instanceof holds in both copies of the package for errors ${how}`, (t) => {
    for (const made of names) {
      const error = get(made)
      for (const asked of names) {
        const expected = one[made] instanceof one[asked].constructor
        t.is(error instanceof (one[asked].constructor as typeof PulsingError), expected, `${made}, ${asked}`)
        t.is(error instanceof (copy[asked] as typeof PulsingError), expected, `${made}, ${asked} of the copy`)
      }
      t.true(error instanceof Error)
      t.is(error.name, made)
    }
  })
}

test('contract 4.1: of what is no error of ours, instanceof says so', (t) => {
  const others = [
    undefined,
    null,
    1,
    'PulsingError',
    Symbol.for('pulsing.error'),
    {},
    new Error('a'),
    () => 1,
  ]
  for (const other of others) t.false((other as unknown) instanceof PulsingError)
  const spoilt = Object.assign(new Error('a'), { [Symbol.for('pulsing.error')]: 'PulsingError' })
  t.false(spoilt instanceof PulsingError)
})

test('contract 4.1: of a class of the user, instanceof is the ordinary question', (t) => {
  class Declined extends PulsingBusinessError {}
  class Lost extends Declined {}
  const declined = new Declined(402, 'declined')
  t.true(declined instanceof Declined)
  t.true(declined instanceof PulsingBusinessError)
  t.true(declined instanceof copy.PulsingActorError)
  t.false(declined instanceof Lost)
  t.true(new Lost(402, 'lost') instanceof Declined)
  t.false(one.PulsingBusinessError instanceof Declined)
  t.false(new copy.PulsingBusinessError(402, 'a') instanceof Declined)
  t.false(carried(declined) instanceof Declined)
})

test('contract 4.1: a class of the user arrives as its category, its name and fields kept', (t) => {
  class Declined extends PulsingBusinessError {
    readonly card = 'visa'
  }
  class Named extends PulsingTimeoutError {
    override name = 'Slow'
  }
  class Typed extends PulsingSystemError {
    override get name(): string {
      return 'TypedName'
    }
  }
  const declined = new Declined(402, 'no money')
  t.is(declined.name, 'Declined')
  t.regex(declined.stack ?? '', /^Declined: no money\n {4}at (?!new )/)
  for (const arrived of [carried(declined), asCodec(declined)]) {
    t.is(Object.getPrototypeOf(arrived), PulsingBusinessError.prototype)
    t.like(arrived, { name: 'Declined', message: 'no money', code: 402, card: 'visa', stack: declined.stack })
  }
  t.is(carried(new Named('slow')).name, 'Slow')
  t.is(carried(new Typed('broken')).name, 'TypedName')
  t.true(carried(new Typed('broken')) instanceof PulsingSystemError)
})

test('contract 4.1: a standard error arrives as one, with its fields, cause and stack', (t) => {
  const cause = new TypeError('inner', { cause: new RangeError('innermost') })
  for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const error = Object.assign(new Class('outer', { cause }), {
      code: 'E',
      errors: { a: 1 },
      at: new Date(0),
    })
    for (const arrived of [carried(error), asCodec(error)]) {
      t.is(arrived.constructor, Class)
      t.is(arrived.stack, error.stack)
      t.like(arrived, { message: 'outer', code: 'E', errors: { a: 1 }, at: new Date(0) })
      t.true(arrived.cause instanceof TypeError)
      t.true((arrived.cause as Error).cause instanceof RangeError)
      t.deepEqual(Object.keys(arrived), ['code', 'errors', 'at'])
    }
  }
})

test('contract 3.9: AggregateError, AbortError and errors of another realm arrive', (t) => {
  const aggregate = new AggregateError([one.PulsingBusinessError, new TypeError('b'), 3], 'all')
  const arrived = carried(aggregate) as AggregateError
  t.true(arrived instanceof AggregateError)
  t.true(arrived.errors[0] instanceof PulsingBusinessError)
  t.true(arrived.errors[1] instanceof TypeError)
  t.is(arrived.errors[2], 3)
  t.deepEqual((asCodec(aggregate) as AggregateError).errors, aggregate.errors)

  const abort = carried(new DOMException('stopped', 'AbortError'))
  t.true(abort instanceof DOMException)
  t.like(abort, { name: 'AbortError', message: 'stopped', code: 20 })
  const reason = carried(AbortSignal.abort().reason)
  t.is(reason.name, 'AbortError')
  t.is(carried(new DOMException('late', 'TimeoutError')).name, 'TimeoutError')

  t.true(carried(vm.runInNewContext("new TypeError('foreign')")) instanceof TypeError)
})

test('errors of an error that have no other way than a field arrive as errors', (t) => {
  const error = Object.assign(new Error('a'), { first: new PulsingTimeoutError('b'), list: [new Error('c')] })
  const arrived = carried(error) as typeof error
  t.true(arrived.first instanceof PulsingTimeoutError)
  t.true(arrived.list[0] instanceof Error)
})

test('an error that is its own cause, and two that are one another, arrive so', (t) => {
  const self = new Error('self')
  self.cause = self
  const a = new Error('a')
  const b = new AggregateError([a], 'b', { cause: a })
  a.cause = b
  const arrivedSelf = carried(self)
  t.is(arrivedSelf.cause, arrivedSelf)
  const arrivedA = carried(a)
  const arrivedB = arrivedA.cause as AggregateError
  t.is(arrivedB.cause, arrivedA)
  t.is(arrivedB.errors[0], arrivedA)
})

test('causes without end are cut off, not followed', (t) => {
  let error = new Error('0')
  for (let i = 1; i < 20_000; i++) error = new Error(`${i}`, { cause: error })
  let arrived: unknown = carried(error)
  let depth = 0
  while (arrived instanceof Error) {
    depth++
    arrived = arrived.cause
  }
  t.true(depth > 50)
})

test('what can not be carried is given as a text, and nothing makes an error fail', (t) => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const error = Object.assign(new Error('a', { cause: () => 1 }), {
    call: function onClick() {},
    symbol: Symbol('s'),
    proxy,
    nested: { deep: { call: () => 1 } },
    fine: [1],
  })
  Object.defineProperty(error, 'getter', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  const arrived = carried(error)
  t.like(arrived, {
    call: '[the function onClick]',
    symbol: '[Symbol(s)]',
    proxy: '[a value without a text]',
    fine: [1],
    getter: '[unreadable]',
    cause: '[the function cause]',
  })
  t.is(typeof (arrived as { nested?: unknown }).nested, 'string')

  const hostile = new Error('a')
  for (const key of ['stack', 'name', 'message', 'cause'])
    Object.defineProperty(hostile, key, {
      get() {
        throw new Error(key)
      },
    })
  t.true(carried(hostile) instanceof Error)
  t.true(carried(proxy) instanceof Error)
  t.true(carried(Proxy.revocable(new Error('a'), {}).proxy) instanceof Error)
})

test('what is no error is made one', (t) => {
  for (const thrown of [undefined, null, 'boom', 5, { a: 1 }, [], Symbol('s'), () => 1]) {
    const arrived = carried(thrown)
    t.is(arrived.constructor, Error)
    t.is(arrived.message, shown(thrown))
  }
})

test('any error is the same after its way', (t) => {
  const key = fc
    .string()
    .filter((k) => !['name', 'message', 'stack', 'cause', 'code', 'kind', 'details'].includes(k))
  const fields = fc.dictionary(key, fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null)))
  const plain = fc.constantFrom<(m: string, o?: ErrorOptions) => Error>(
    (m, o) => new Error(m, o),
    (m, o) => new TypeError(m, o),
    (m, o) => new PulsingBusinessError(400, m, undefined, o),
    (m, o) => new PulsingRuntimeError('ERR_PULSING_INTERNAL', 'io', m, o),
    (m, o) => new AggregateError([m], m, o),
  )
  const { error } = fc.letrec<{ error: Error }>((tie) => ({
    error: fc
      .record({
        make: plain,
        message: fc.string(),
        own: fields,
        cause: fc.option(tie('error'), { nil: undefined }),
      })
      .map(({ make, message, own, cause }) => {
        const made = make(message, cause === undefined ? undefined : { cause })
        for (const [k, v] of Object.entries(own))
          Object.defineProperty(made, k, { value: v, enumerable: true, writable: true, configurable: true })
        return made
      }),
  }))
  fc.assert(
    fc.property(error, (given) => {
      t.deepEqual(carried(given), given)
      t.deepEqual(asCodec(given), given)
    }),
    { numRuns: 200 },
  )
  t.pass()
})

test('a form without nested forms holds the values themselves', (t) => {
  const cause = new Error('inner')
  const form: ErrorForm = describeError(new Error('outer', { cause }), () => true)
  t.is(form.cause, cause)
  t.is(
    describeError(new Error('outer', { cause }), (value) => value !== cause).cause,
    '[an instance of Error]',
  )
})

// --- stacks and answers

function ask(error: Error, remote: boolean): Promise<number> {
  return new Promise((resolve) => setImmediate(() => resolve(answerWith(error, remote) as never)))
}

async function checkout(error: Error, remote = true): Promise<number> {
  return 1 + (await ask(error, remote))
}

test('contract 4.1: the stack of the caller leads, that of the actor follows', async (t) => {
  const error = carried(new PulsingBusinessError(402, 'no money'))
  const own = error.stack?.split('\n').slice(1).join('\n')
  const thrown = await t.throwsAsync(checkout(error))
  t.is(thrown as unknown, error)
  const [title, first] = (error.stack ?? '').split('\n')
  t.is(title, 'PulsingBusinessError: no money')
  t.regex(first ?? '', /^ {4}at async checkout \(.*errors\.test/)
  t.true(error.stack?.endsWith(`\n    -- in the actor --\n${own}`))
  t.false(error.stack?.includes('answerWith'))
})

test('the stack of an error that was made by a timer of the engine is that of the caller alone', async (t) => {
  const error = errors.askTimeout('incr', 5)
  await t.throwsAsync(checkout(error, false))
  t.regex(error.stack ?? '', /^PulsingTimeoutError: incr was not .*\n {4}at async checkout/)
  t.false(error.stack?.includes('-- in the actor --'))
})

test('an error whose ask nobody awaits keeps its stack', async (t) => {
  const error = new Error('a')
  const { stack } = error
  await new Promise<void>((resolve) => {
    ask(error, true).then(undefined, () => resolve())
  })
  t.is(error.stack, stack)
})

test('contract 4.4: an answer is known as one', async (t) => {
  const error = new PulsingSystemError('a')
  t.false(isAnswer(error))
  await t.throwsAsync(ask(error, true))
  t.true(isAnswer(error))
  t.false(isAnswer('boom'))
})

test('a message of many lines, and an error without a stack, are stitched too', async (t) => {
  const own = '    at own (b.js:2:2)'
  const callers = '    at async caller (a.js:1:1)'
  t.is(stitch(`Error: a\nb\n${own}`, callers), `Error: a\nb\n${callers}\n    -- in the actor --\n${own}`)
  t.is(stitch(`Error: a\nb\n${own}`, callers, false), `Error: a\nb\n${callers}`)
  t.is(stitch('Error: c', callers), `Error: c\n${callers}`)
  await t.throwsAsync(ask(Object.freeze(new Error('d')), true), { message: 'd' })
})

test('a plain copy of an error is what its form would make of it', (t) => {
  const plain: Error[] = [
    new Error('a'),
    new TypeError('b', { cause: new RangeError('c', { cause: 'd' }) }),
    Object.assign(new Error('e'), { code: 'E', n: 1, nothing: null, big: 1n }),
    new PulsingSystemError('f', { recoverable: false, cause: new Error('g') }),
    new PulsingBusinessError(409, 'h'),
    errors.askTimeout('incr', 5),
    errors.actorStopped('a', 'incr'),
  ]
  for (const error of plain) {
    const copy = copyPlainError(error) as Error
    const other = reviveError(
      describeError(error, () => true, false),
      error,
    )
    t.not(copy, error)
    t.deepEqual(Object.getOwnPropertyNames(copy).sort(), Object.getOwnPropertyNames(other).sort())
    t.deepEqual(copy, other)
    t.is(copy.stack, error.stack)
    t.is(Object.getPrototypeOf(copy), Object.getPrototypeOf(error))
    if (error.cause instanceof Error) t.not(copy.cause, error.cause)
  }
  const cyclic: Error = new Error('i')
  cyclic.cause = cyclic
  class Own extends Error {}
  const getter = Object.defineProperty(new Error('j'), 'x', { get: () => 1, enumerable: true })
  const hidden = Object.defineProperty(new Error('k'), 'y', { value: 1 })
  for (const other of [
    cyclic,
    new Own('l'),
    getter,
    hidden,
    Object.assign(new Error('m'), { field: {} }),
    Object.assign(new Error('n'), { field: () => 1 }),
    new AggregateError([]),
    new DOMException('o'),
    Object.defineProperty(new Error('p'), 'message', { value: 1 }),
    new Error('q', { cause: {} }),
    { message: 'r' },
    'text',
    null,
  ])
    t.is(copyPlainError(other), undefined, String((other as Error | null)?.message))
})

test('a stack is made into a text when somebody looks, and can be set before', async (t) => {
  const formatted: Error[] = []
  const { prepareStackTrace } = Error
  Error.prepareStackTrace = (error) => {
    formatted.push(error as Error)
    return `${error.name}: ${error.message}\n    at looked (a.js:1:1)`
  }
  t.teardown(() => {
    Error.prepareStackTrace = prepareStackTrace
  })
  const origin = new Error('a')
  const [copy, other] = [1, 2].map(() =>
    reviveError(
      describeError(origin, () => true, false),
      origin,
    ),
  )
  t.deepEqual(formatted, [])
  ;(other as Error).stack = 'mine'
  t.is(other?.stack, 'mine')
  t.is(copy?.stack, 'Error: a\n    at looked (a.js:1:1)')
  t.deepEqual(formatted, [origin])
  t.is(Object.getOwnPropertyDescriptor(copy as Error, 'stack')?.value, copy?.stack)
  t.true(
    structuredClone(
      reviveError(
        describeError(origin, () => true, false),
        origin,
      ),
    ).stack?.includes('looked'),
  )
})

// --- the table

const made: Record<keyof typeof errors, Error> = {
  notInitialized: errors.notInitialized(),
  alreadyInitialized: errors.alreadyInitialized(),
  systemStopped: errors.systemStopped(),
  shutdownTimeout: errors.shutdownTimeout(10_000),
  notOnThread: errors.notOnThread('init'),
  hostOnly: errors.hostOnly('shutdown'),
  invalidOption: errors.invalidOption('threads', -1, 'a whole number'),
  unknownOption: errors.unknownOption('thread', 'threads', ['threads'], 2),
  invalidArgument: errors.invalidArgument('Class', {}, 'a class'),
  unreadable: errors.unreadable('options', new Error('trapped')),
  undeclaredStream: errors.undeclaredStream('items'),
  tooManyArguments: errors.tooManyArguments('push', 40_000, 32_767),
  notReadable: errors.notReadable('b', 'a string of 9 bytes, of which 4 are there'),
  addrInUse: errors.addrInUse('a:1', new Error('no')),
  addrInvalid: errors.addrInvalid('a:1', new Error('no')),
  nodeNotFound: errors.nodeNotFound('b', 'none of that id is known to be alive'),
  nodeDuplicate: errors.nodeDuplicate('a', '127.0.0.1:7000'),
  classNotExported: errors.classNotExported('Counter', 'b'),
  queueNotFound: errors.queueNotFound('orders'),
  queueConflict: errors.queueConflict('orders', 'numBuckets', 4, 8),
  queueClosed: errors.queueClosed('writer', 'orders'),
  queueFull: errors.queueFull('orders', 0, '10 records of 10'),
  bucketMoved: errors.bucketMoved('orders', 0),
  bucketUnavailable: errors.bucketUnavailable('orders', 0, 'its node is away'),
  topicUnavailable: errors.topicUnavailable('orders', 'its node is away', undefined),
  bucketLost: errors.bucketLost('orders', 0),
  backendNotFound: errors.backendNotFound('redis', ['memory']),
  storageFailed: errors.storageFailed('The folder x of the topic orders can not be opened', new Error('no')),
  nameInvalid: errors.nameInvalid('a b', 'give another'),
  factoryRequired: errors.factoryRequired('always'),
  addonNotFound: errors.addonNotFound(new Error('no file')),
  addonMismatch: errors.addonMismatch(),
  bridgeUnavailable: errors.bridgeUnavailable(),
  packageConflict: errors.packageConflict('1.0', '2.0'),
  classNotFound: errors.classNotFound('Counter', 'file:///a.js', ['Timer']),
  classConflict: errors.classConflict('Counter', 'file:///a.js'),
  classNotRegistered: errors.classNotRegistered('Counter'),
  classMismatch: errors.classMismatch('Counter', 'Timer'),
  moduleLoadFailed: errors.moduleLoadFailed('file:///a.js', new Error('no port.')),
  offloadUnloadable: errors.offloadUnloadable('file:///a.js', new Error('no port.')),
  offloadTimeout: errors.offloadTimeout('file:///a.js', 'primes', 5),
  nameTaken: errors.nameTaken('counter'),
  notInCall: errors.notInCall(),
  actorNotFound: errors.actorNotFound('counter'),
  actorStopped: errors.actorStopped('counter', 'incr'),
  actorRestarted: errors.actorRestarted('counter', 'incr'),
  mailboxFull: errors.mailboxFull('counter'),
  threadDied: errors.threadDied('thread 2 ended'),
  actorThreadDied: errors.actorThreadDied(1, new Error('cause')),
  threadGone: errors.threadGone(1),
  threadStartFailed: errors.threadStartFailed(1, new Error('out of memory')),
  connectionLost: errors.connectionLost('node-1', 'incr'),
  internal: errors.internal('a test'),
  unsupportedMethod: errors.unsupportedMethod('nope'),
  askTimeout: errors.askTimeout('incr', 30_000),
  tellTimeout: errors.tellTimeout('counter', 5),
  streamTimeout: errors.streamTimeout('stream', 5),
  notSerializable: errors.notSerializable('message.user.onClick', 'it is a function'),
  messageTooLarge: errors.messageTooLarge(2, 1),
  outOfMemory: errors.outOfMemory(5),
}

test('every code of the table has an error, and every error a code of the table and its kind', (t) => {
  const found = new Set<string>(['ERR_PULSING_SYSTEM', 'ERR_PULSING_TIMEOUT'])
  for (const error of Object.values(made)) {
    const { code, kind } = error as PulsingRuntimeError
    t.true(Object.hasOwn(CODES, code), code)
    if (error instanceof PulsingRuntimeError) t.is(kind, CODES[code])
    else t.true(error instanceof PulsingActorError)
    found.add(code)
  }
  t.deepEqual([...found].sort(), Object.keys(CODES))
  expectTypeOf<(typeof CODES)[PulsingErrorCode]>().toExtend<ErrorKind>()
})

test('every message is sentences: what happened to what, and what to do', (t) => {
  for (const [name, { message }] of Object.entries(made)) {
    t.regex(message, /^\S.*[.?]$/, name)
    t.notRegex(message, /undefined|\.\.|\[object/, name)
    t.true(message.length > 40 || name === 'notSerializable', name)
  }
  t.regex(made.addonNotFound.message, /npm rebuild pulsing/)
  t.like(made.moduleLoadFailed.cause, { message: 'no port.' })
})

test('docs/errors.md explains every code, and no other', (t) => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const explained = [...page.matchAll(/^### `(ERR_PULSING_[A-Z_]+)`/gm)].map((match) => match[1])
  t.deepEqual([...explained].sort(), Object.keys(CODES))
  const named = new Set(page.match(/ERR_PULSING_[A-Z_]+/g))
  t.deepEqual([...named].sort(), Object.keys(CODES))
  for (const [code, kind] of Object.entries(CODES)) {
    const section = page.split(`### \`${code}\``)[1]?.split('\n#')[0] ?? ''
    t.true(section.trim().length > 80, code)
    t.true(section.includes(`(${kind})`), `${code}: ${kind}`)
  }
})

test('values are shown short and as what they are', (t) => {
  t.is(shown('a'), '"a"')
  t.is(shown('x'.repeat(100)).length, 62)
  t.is(shown({ slot: -1 }), '{ slot: -1 }')
  t.is(shown([1, 'a']), "[ 1, 'a' ]")
  t.is(shown(new Map()), 'an instance of Map')
  t.is(shown(test), 'the function test')
  t.is(shown(-0), '0')
  t.is(shown(5n), '5n')
  t.is(shown(undefined), 'undefined')
  t.true(shown({ text: 'x'.repeat(1000) }).length <= 80)
})
