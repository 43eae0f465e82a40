import vm from 'node:vm'
import test from 'ava'
import { classify } from '../../lib/actor/classify.js'
import {
  PulsingBusinessError,
  PulsingError,
  PulsingRuntimeError,
  PulsingSystemError,
  PulsingTimeoutError,
  PulsingUnsupportedError,
  reviveError,
} from '../../lib/errors/index.js'

function thrownBy(code: () => unknown): unknown {
  try {
    code()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}

async function rejectedBy(code: () => Promise<unknown>): Promise<unknown> {
  return code().then(
    () => {
      throw new Error('it did not reject')
    },
    (error) => error,
  )
}

/** Not known to the compiler, so that what it would refuse is for V8 to refuse. */
const unknown = <T>(value: unknown): T => value as T
const nothing = unknown<{ a: { b: number }; f(): void; [key: string]: unknown }>(undefined)
const none = unknown<{ a: { b: number } }>(null)
const five = unknown<number[] & { (): void; new (): object; a(): number[]; X: new () => object }>(5)
const empty = unknown<typeof five>({})

/** What the language raises for a fault in the code (contract 4.2), as V8 says it on the Node that runs this. */
const faults: Record<string, () => unknown> = {
  'a property of undefined': () => nothing.a,
  'a property of null': () => none.a,
  'a property of a property that is not there': () => unknown<typeof nothing>({}).a.b,
  'a property with a line break of undefined': () => nothing['a\nb'],
  'setting a property of undefined': () => {
    nothing.f = () => undefined
  },
  'setting a property of null': () => {
    none.a = { b: 1 }
  },
  'deleting a property of undefined': () => delete nothing.x,
  'looking for a property in undefined': () => 'a' in nothing,
  'a property of undefined, destructured': () => {
    const { a } = nothing
    return a
  },
  'a property of null, destructured': () => {
    const { a } = none
    return a
  },
  'undefined, destructured to nothing': () => {
    const { ...rest } = nothing
    return rest
  },
  'a parameter that is not there, destructured': () => (({ a }: { a: number }) => a)(unknown(undefined)),
  'the keys of undefined': () => Object.keys(nothing),
  'a method of undefined': () => nothing.f(),
  'a method that is not there': () => empty.a(),
  'a method with a line break that is not there': () => unknown<{ 'a\nb'(): void }>({})['a\nb'](),
  'a number, called': () => five(),
  'a result, called': () => unknown<() => () => void>(() => 5)()(),
  'a number, given as a callback': () => [1].map(unknown<() => void>(5)),
  'a trap of a proxy that is no function': () => new Proxy({}, { get: unknown(5) })['a' as never],
  'a number, made with new': () => new five(),
  'a property that is not there, made with new': () => new empty.X(),
  'an arrow function, made with new': () => new (unknown<new () => object>(() => 1))(),
  'a method, made with new': () => new (unknown<new () => object>(Math.max))(),
  'a class that extends undefined': () => class extends unknown<new () => object>(undefined) {},
  'a class whose parent is taken away': () => {
    class A {}
    class B extends A {}
    Object.setPrototypeOf(B, {})
    return new B()
  },
  'a number, iterated': () => {
    for (const one of five) return one
    return undefined
  },
  'undefined, iterated': () => {
    for (const one of unknown<number[]>(undefined)) return one
    return undefined
  },
  'a result that is not iterable, iterated': () => {
    for (const one of unknown<() => number[]>(() => 5)()) return one
    return undefined
  },
  'undefined, destructured as an array': () => {
    const [a] = unknown<number[]>(undefined)
    return a
  },
  'an object, destructured as an array': () => {
    const [a] = unknown<number[]>({})
    return a
  },
  'a number, spread into an array': () => [...five],
  'a number, spread into a call': () => Math.max(...five),
  'undefined, spread into a call': () => Math.max(...unknown<number[]>(undefined)),
  'a map of a number': () => new Map(unknown<[]>(5)),
  'an assignment to a constant': () => vm.runInThisContext('{ const c = 1; c = 2 }'),
  'a stack overflow': () => {
    const deeper = (): number => deeper() + 1
    return deeper()
  },
}

for (const [title, code] of Object.entries(faults)) {
  test(`contract 4.2: ${title} is a fault in the code: System`, (t) => {
    const thrown = thrownBy(code) as Error
    const error = classify(thrown)
    t.true(error instanceof PulsingSystemError, thrown.message)
    t.true((error as PulsingSystemError).recoverable)
    t.is(error.cause, thrown)
  })
}

const asyncFaults: Record<string, () => Promise<unknown>> = {
  'a number, iterated asynchronously': async () => {
    for await (const one of five) return one
    return undefined
  },
  'undefined, iterated asynchronously': async () => {
    for await (const one of unknown<number[]>(undefined)) return one
    return undefined
  },
  'a result, iterated asynchronously': async () => {
    for await (const one of unknown<() => number[]>(() => 5)()) return one
    return undefined
  },
  'Promise.all of a number': () => Promise.all(five),
}

for (const [title, code] of Object.entries(asyncFaults)) {
  test(`contract 4.2: ${title} is a fault in the code: System`, async (t) => {
    const thrown = (await rejectedBy(code)) as Error
    t.true(classify(thrown) instanceof PulsingSystemError, thrown.message)
  })
}

class Mine extends TypeError {}

/** The caller's fault. */
const business: Record<string, () => unknown> = {
  'a TypeError of the user': () => {
    throw new TypeError('amount must be a number')
  },
  'a RangeError of the user': () => {
    throw new RangeError('amount must be positive')
  },
  'a class of the user that extends TypeError': () => {
    throw new Mine('the amount is not iterable')
  },
  'a TypeError with a code, whatever it says': () => {
    throw Object.assign(new TypeError('x is not a function'), { code: 'MINE' })
  },
  'an argument that Node refuses': () => setTimeout(unknown<() => void>(5)),
  'text that is no JSON': () => JSON.parse('{'),
  'text that is no URI': () => decodeURIComponent('%'),
  'a length that no array has': () => new Array(-1),
  'a symbol as text': () => `${unknown<string>(Symbol('s'))}`,
  'a number and a bigint': () => unknown<number>(1n) + 1,
  'a TypeError of another realm': () => vm.runInNewContext("throw new TypeError('bad')"),
  'a TypeError that only begins like a fault': () => {
    throw new TypeError('Cannot read properties of undefined files')
  },
  'a TypeError that only ends like a sentence of V8': () => {
    throw new TypeError(`${'x'.repeat(3000)} is not a function`)
  },
}

for (const [title, code] of Object.entries(business)) {
  test(`contract 4.2: ${title} is the caller's fault: Business 400`, (t) => {
    const thrown = thrownBy(code) as Error
    const error = classify(thrown) as PulsingBusinessError
    t.true(error instanceof PulsingBusinessError)
    t.is(error.code, 400)
    t.is(error.message, thrown.message)
    t.is(error.cause, thrown)
    t.is(error.details, undefined)
  })
}

test('contract 4.2: a fault of another realm is a fault', (t) => {
  t.true(classify(thrownBy(() => vm.runInNewContext('undefined.a'))) instanceof PulsingSystemError)
})

test('contract 4.2: a TimeoutError and ETIMEDOUT are Timeout', async (t) => {
  class TimeoutError extends Error {}
  const thrown = [
    new TimeoutError('slow'),
    Object.assign(new Error('slow'), { name: 'TimeoutError' }),
    Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }),
    new DOMException('slow', 'TimeoutError'),
    await rejectedBy(async () => {
      const signal = AbortSignal.timeout(0)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      signal.throwIfAborted()
    }),
  ]
  for (const one of thrown) {
    const error = classify(one) as PulsingTimeoutError
    t.true(error instanceof PulsingTimeoutError)
    t.is(error.code, 'ERR_PULSING_TIMEOUT')
    t.is(error.cause, one)
  }
})

test('contract 4.2: any other error is System, recoverable', (t) => {
  class Own extends Error {}
  const thrown = [
    new Error('a'),
    new Own('b'),
    new ReferenceError('c'),
    new EvalError('d'),
    new AggregateError([], 'e'),
    new DOMException('f', 'AbortError'),
    new PulsingError('g'),
  ]
  for (const one of thrown) {
    const error = classify(one) as PulsingSystemError
    t.true(error instanceof PulsingSystemError)
    t.true(error.recoverable)
    t.is(error.message, one.message)
    t.is(error.error, one.message)
    t.is(error.cause, one)
  }
})

test('contract 4.2: what is thrown and is no error is System, says what threw it, and is the cause', (t) => {
  const thrown = [
    'boom',
    5,
    undefined,
    null,
    { status: 404 },
    Symbol('s'),
    10n,
    () => 1,
    Object.create(null),
    NaN,
  ]
  for (const one of thrown) {
    const error = classify(one, 'Counter.incr') as PulsingSystemError
    t.true(error instanceof PulsingSystemError)
    t.true(error.recoverable)
    t.is(error.cause, one)
    t.is(error.message, one === 'boom' ? 'boom' : error.message)
    if (one !== 'boom') t.regex(error.message, /^Counter\.incr threw .+, which is no error$/)
  }
})

test('what can not even be looked at is System', (t) => {
  const { proxy, revoke } = Proxy.revocable(new Error('gone'), {})
  revoke()
  const hostile = [
    proxy,
    Object.defineProperty(new TypeError('a'), 'message', {
      get() {
        throw new Error('no')
      },
    }),
    Object.defineProperty(new Error('a'), 'name', {
      get() {
        throw new Error('no')
      },
    }),
    Object.assign(new TypeError('a'), { message: 5 }),
    Object.setPrototypeOf(new Error('a'), null),
  ]
  for (const one of hostile) t.true(classify(one) instanceof PulsingError)
})

test('contract 4.2, 4.4: one of ours is what it is, and so is a subclass of them', (t) => {
  class Declined extends PulsingBusinessError {
    constructor() {
      super(402, 'declined')
    }
  }
  const thrown = [
    new PulsingBusinessError(409, 'taken', { by: 'b' }),
    new PulsingSystemError('broken', { recoverable: false }),
    new PulsingTimeoutError('slow'),
    new PulsingUnsupportedError('no'),
    new PulsingRuntimeError('ERR_PULSING_ACTOR_STOPPED', 'actor', 'gone'),
    new Declined(),
  ]
  for (const one of thrown) t.is(classify(one), one)
})

test('contract 4.4: so is one that came from another thread', (t) => {
  const fields = { code: 402 }
  const form = {
    type: 'PulsingBusinessError',
    name: 'Declined',
    message: 'declined',
    stack: 'Declined: declined',
  }
  const answer = reviveError({
    ...form,
    hasCause: false,
    cause: undefined,
    errors: undefined,
    fields,
    deep: false,
  })
  t.is(classify(answer), answer)
})

test('what is classified has no stack of its own: that of the actor is in its cause', (t) => {
  const limit = Error.stackTraceLimit
  t.is(classify(new TypeError('bad')).stack, 'PulsingBusinessError: bad')
  t.is(Error.stackTraceLimit, limit)
})
