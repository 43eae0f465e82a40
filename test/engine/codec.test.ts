import { deepStrictEqual, notStrictEqual } from 'node:assert'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import {
  copyList,
  copyValue,
  Decoder,
  Encoder,
  GrowingWords,
  transfer,
} from '../../lib/engine/codec/index.js'
import { thrown } from '../bed.js'
import { Bed, Ref, TestHost } from './codec-bed.js'

const bed = new Bed()

/** What arrives by either way. */
const ways: Record<string, (value: unknown) => unknown> = {
  'other thread': (value) => bed.send(value),
  'same thread': (value) => copyValue(bed.sender, value, 'message'),
}

class Point {
  x: number
  #secret = 1
  constructor(x: number) {
    this.x = x
  }
  secret(): number {
    return this.#secret
  }
}
class List extends Array<number> {}
class Table extends Map<number, number> {}
class Old {}
Object.assign(Old.prototype, { method() {}, inherited: 1 })

const samples: Record<string, () => unknown> = {
  integers: () => [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
  'numbers that are no int32': () => [
    2 ** 31,
    -(2 ** 31) - 1,
    0.5,
    -0,
    NaN,
    Infinity,
    -Infinity,
    Number.MIN_VALUE,
  ],
  'a negative zero alone': () => -0,
  'a negative zero in an object': () => ({ zero: -0, nan: NaN }),
  'true, false, null and undefined': () => [true, false, null, undefined],
  'an empty object': () => ({}),
  'an object whose only key is empty': () => ({ '': 1 }),
  'an object with an empty key among others': () => ({ a: 1, '': 2, b: 3 }),
  'a key that holds a zero character': () => ({ 'a\0b': 1, '\0': 2, c: 3 }),
  'integer-like keys': () => ({ 2: 'b', 1: 'a', x: 'c', '-1': 'd', '1.5': 'e' }),
  'an own property named __proto__': () => JSON.parse('{"__proto__": {"polluted": true}, "a": 1}'),
  'properties named like those of Object.prototype': () => ({
    constructor: 1,
    toString: 2,
    hasOwnProperty: 3,
    valueOf: 4,
  }),
  'an object without prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'an instance of a class': () => new Point(3),
  'a class with enumerable inherited properties': () => Object.assign(new Old(), { own: 1 }),
  'symbol keys and hidden properties': () =>
    Object.defineProperty({ [Symbol('s')]: 1, seen: 2 }, 'hidden', { value: 3, enumerable: false }),
  'a getter': () => ({
    get now() {
      return 5
    },
  }),
  'nested objects': () => ({ a: { b: { c: [{ d: 1 }, { d: 2 }] } } }),
  'an array': () => [1, 'two', { three: 3 }, [4]],
  'an empty array': () => [],
  // biome-ignore lint/suspicious/noSparseArray: what is tested
  holes: () => [, 1, , undefined, , 2, ,],
  'a sparse array': () => Object.assign([], { 5: 1, 100000: 2 }),
  'an array with named properties': () => Object.assign([1, 2, 3], { index: 0, input: 'abc' }),
  // biome-ignore lint/suspicious/noSparseArray: what is tested
  'an array with as many holes as named properties': () => Object.assign([1, , 3, ,], { a: 1, b: 2 }),
  'the match of a regular expression': () => /(?<first>a)(b)?/.exec('xab'),
  'an instance of a subclass of Array': () => new List(1, 2, 3),
  'maps and sets': () =>
    new Map<unknown, unknown>([
      [{ key: 1 }, new Set([1, 'a', { b: 2 }])],
      ['k', new Map()],
    ]),
  'a subclass of Map': () => new Table([[1, 2]]),
  dates: () => [new Date(0), new Date(1.5e12), new Date(-1)],
  bigints: () => [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 200n, -(2n ** 200n)],
  'a regular expression': () => Object.assign(/a\/b/giu, { lastIndex: 0 }),
  'boxed primitives': () => [Object(1), Object('text'), Object(false), Object(10n), Object(-0)],
  'a boxed primitive with properties': () => Object.assign(Object('text'), { extra: 1 }),
  'an impostor of Map': () => Object.assign(Object.create(Map.prototype), { a: 1 }),
  'objects of another realm': () =>
    runInNewContext('({ a: [1, new Map([[1, { b: 2 }]]), new Date(5), /x/g], b: new Uint8Array(3) })'),
  'a hundred keys': () => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, i])),
  'a thousand keys': () => Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, `${i}`])),
  'a very long key': () => ({ ['k'.repeat(5000)]: 1, b: 2 }),
}

for (const [way, carry] of Object.entries(ways)) {
  for (const [name, make] of Object.entries(samples)) {
    test(`contract 3.9: ${name} arrives as structured clone would carry it, on the ${way}`, (t) => {
      for (let i = 0; i < 20; i++) {
        const value = make()
        const received = carry(value)
        // The prototypes of another realm are not ours.
        deepStrictEqual(received, structuredClone(value))
        if (typeof value === 'object') notStrictEqual(received, value)
      }
      t.pass()
    })
  }

  test(`contract 3.9: aliases and cycles are kept, on the ${way}`, (t) => {
    const shared = { a: 1 }
    const cycle: Record<string, unknown> = {
      shared,
      again: shared,
      list: [shared],
      map: new Map([[shared, shared]]),
    }
    cycle.self = cycle
    cycle.set = new Set([cycle])
    for (let i = 0; i < 20; i++) {
      const received = carry(cycle) as typeof cycle
      const { shared: one } = received as { shared: object }
      t.deepEqual(one, { a: 1 })
      t.is(received.again, one)
      t.is((received.list as unknown[])[0], one)
      t.deepEqual([...(received.map as Map<unknown, unknown>)][0], [one, one])
      t.is([...(received.map as Map<unknown, unknown>).keys()][0], one)
      t.is(received.self, received)
      t.true((received.set as Set<unknown>).has(received))
    }
  })

  test(`contract 3.9: an array, a map and a set that hold themselves, on the ${way}`, (t) => {
    const array: unknown[] = []
    array.push(array)
    const gotArray = carry(array) as unknown[]
    t.is(gotArray[0], gotArray)
    const map = new Map<unknown, unknown>()
    map.set(map, map)
    const gotMap = carry(map) as Map<unknown, unknown>
    t.is(gotMap.get(gotMap), gotMap)
    const set = new Set<unknown>()
    set.add(set)
    const gotSet = carry(set) as Set<unknown>
    t.true(gotSet.has(gotSet))
    t.is(gotSet.size, 1)
  })

  test(`contract 3.9: aliases among a thousand objects are kept, on the ${way}`, (t) => {
    const objects = Array.from({ length: 1000 }, (_, i) => ({ i }))
    const received = carry([...objects, ...objects]) as { i: number }[]
    t.is(received.length, 2000)
    for (let i = 0; i < 1000; i++) {
      t.is(received[i], received[i + 1000])
      t.is(received[i]?.i, i)
    }
  })

  test(`contract 3.9: a cycle through an error is kept, on the ${way}`, (t) => {
    const error = Object.assign(new TypeError('bad'), {
      code: 'E_BAD',
      holder: {} as Record<string, unknown>,
    })
    error.holder = { error, list: [error] }
    const received = carry({ error, again: error }) as { error: typeof error; again: unknown }
    t.true(received.error instanceof TypeError)
    t.is(received.error.message, 'bad')
    t.is(received.error.code, 'E_BAD')
    t.is(received.again, received.error)
    t.is(received.error.holder.error, received.error)
    t.is((received.error.holder.list as unknown[])[0], received.error)
  })

  test(`contract 3.9: the errors of an AggregateError, a cause and a DOMException arrive, on the ${way}`, (t) => {
    const error = new AggregateError([new RangeError('one'), 'two'], 'all', { cause: new Error('why') })
    const received = carry(error) as AggregateError
    t.true(received instanceof AggregateError)
    t.is(received.message, 'all')
    t.is((received.cause as Error).message, 'why')
    t.true(received.errors[0] instanceof RangeError)
    t.is(received.errors[1], 'two')
    const abort = carry(new DOMException('stop', 'AbortError')) as Error
    t.is(abort.name, 'AbortError')
    t.is(abort.message, 'stop')
  })

  test(`contract 3.9: an error arrives without the fields that can't be carried, on the ${way}`, (t) => {
    const error = Object.assign(new Error('no answer'), {
      status: 500,
      request: () => {},
      config: { retry: () => {} },
    })
    const received = carry({ error }) as { error: Record<string, unknown> }
    t.is(received.error.status, 500)
    t.not(typeof received.error.request, 'function')
  })

  test(`contract 3.9: references arrive as references, on the ${way}`, (t) => {
    const ref = new Ref(1, 2, 3, 4)
    t.deepEqual(carry(ref), ref)
    const received = carry({ to: ref, list: [ref] }) as { to: Ref; list: Ref[] }
    t.deepEqual(received.to, ref)
    t.is(received.list[0], received.to)
  })

  test(`contract 3.9: what is changed later on one side does not show on the other, on the ${way}`, (t) => {
    const value = { list: [1], map: new Map([[1, { a: 1 }]]), bytes: new Uint8Array([1]), date: new Date(1) }
    const received = carry(value) as typeof value
    value.list.push(2)
    ;(value.map.get(1) as { a: number }).a = 2
    value.bytes[0] = 2
    value.date.setTime(2)
    t.deepEqual(received, {
      list: [1],
      map: new Map([[1, { a: 1 }]]),
      bytes: new Uint8Array([1]),
      date: new Date(1),
    })
  })

  test(`contract 3.9: an invalid date arrives as one, on the ${way}`, (t) => {
    const received = carry(new Date(Number.NaN)) as Date
    t.true(received instanceof Date)
    t.is(received.getTime(), Number.NaN)
  })

  test(`contract 3.9: no value reaches Object.prototype, on the ${way}`, (t) => {
    const received = carry(JSON.parse('{"__proto__": {"polluted": true}}')) as object
    t.deepEqual(Object.keys(received), ['__proto__'])
    t.is(Object.getPrototypeOf(received), Object.prototype)
    t.false('polluted' in {})
    t.false('polluted' in received)
  })

  test(`contract 3.9: an enumerable property of Object.prototype is not carried, on the ${way}`, (t) => {
    Object.defineProperty(Object.prototype, 'everyones', {
      value: () => {},
      enumerable: true,
      configurable: true,
    })
    try {
      const received = carry({ own: 1, deep: [{ own: 2 }] }) as object
      t.deepEqual(Object.keys(received), ['own', 'deep'])
    } finally {
      Reflect.deleteProperty(Object.prototype, 'everyones')
    }
  })
}

test('a getter may send another message by another encoder', (t) => {
  const inner = new Bed()
  const value = {
    before: { a: 1 },
    get nested() {
      t.true(bed.encoder.busy)
      return [inner.send({ b: { c: 1 } }), copyValue(bed.sender, { d: { e: 2 } }, 'message')]
    },
    after: { f: 3 },
  }
  t.deepEqual(bed.send(value), {
    before: { a: 1 },
    nested: [{ b: { c: 1 } }, { d: { e: 2 } }],
    after: { f: 3 },
  } as never)
  t.deepEqual(
    copyValue(
      bed.sender,
      {
        x: {},
        get y() {
          return copyValue(bed.sender, { z: {} }, 'm')
        },
      },
      'm',
    ),
    { x: {}, y: { z: {} } },
  )
  t.false(bed.encoder.busy)
})

test('a value that does not fit below the limit is not written, and nothing is made of it', (t) => {
  const host = new TestHost()
  const buffer = new SharedArrayBuffer(4096)
  const words = { i32: new Int32Array(buffer), f64: new Float64Array(buffer), u8: new Uint8Array(buffer) }
  const encoder = new Encoder(host, words)
  const values: unknown[] = [
    1,
    1.5,
    'text that is longer than a few words',
    { a: 1, b: 'x', c: 2.5, d: { e: null } },
    [1, 2, 3],
    new Map([[1, 2]]),
    new Uint8Array(30),
    2n ** 70n,
    /abc/g,
    new Ref(1, 2, 3, 4),
  ]
  for (const value of values) {
    for (let i = 0; i < 3; i++) {
      encoder.pos = 0
      encoder.limit = 1024
      t.true(encoder.write(value, 'message'))
    }
    const needed = encoder.pos
    for (let limit = 64; limit < 64 + needed; limit += 2) {
      words.i32.fill(7)
      encoder.pos = 64
      encoder.limit = limit
      t.false(encoder.write(value, 'message'))
      t.true(
        words.i32.subarray(limit).every((word) => word === 7),
        `${limit}`,
      )
      t.true(words.i32.subarray(0, 64).every((word) => word === 7))
    }
    encoder.pos = 64
    encoder.limit = 64 + needed
    t.true(encoder.write(value, 'message'))
    const decoder = new Decoder(host, words)
    decoder.pos = 64
    deepStrictEqual(decoder.read(), value instanceof Ref ? value : structuredClone(value))
    t.is(decoder.pos, encoder.pos)
  }
})

test('a block is made by a fixed encoder too where its number still fits, else nothing is made', (t) => {
  const host = new TestHost()
  const buffer = new SharedArrayBuffer(4096)
  const words = { i32: new Int32Array(buffer), f64: new Float64Array(buffer), u8: new Uint8Array(buffer) }
  const encoder = new Encoder(host, words)
  const message = { bytes: new Uint8Array(5000) }
  // Twice, since the first names its keys.
  for (let i = 1; i <= 2; i++) {
    encoder.pos = 0
    encoder.blocks.length = 0
    t.true(encoder.write(message, 'message'))
    t.is(encoder.blocks.length, 1)
    t.is(host.calls.length, i)
  }
  encoder.blocks.length = 0
  encoder.limit = encoder.pos + 4
  encoder.pos = 0
  t.false(encoder.write(message, 'message'))
  t.is(host.calls.length, 2)
  t.deepEqual(encoder.blocks, [])
})

test('a message over the limit is refused before any block is made or buffer moved', (t) => {
  const host = new TestHost()
  const encoder = new Encoder(host, new GrowingWords(), 6000)
  const moved = new ArrayBuffer(5000)
  const message = transfer([new Uint8Array(7000), moved], [moved])
  t.is(thrown(() => encoder.write(message, 'message')).code, 'ERR_PULSING_MESSAGE_TOO_LARGE')
  t.deepEqual(host.calls, [])
  t.is(moved.byteLength, 5000)
  t.true(encoder.write(transfer([moved], [moved]), 'message'))
})

test('values stand one after the other at even words', (t) => {
  const words = new GrowingWords()
  const encoder = new Encoder(bed.sender, words)
  const values = [1, 'a', { b: [1, 'é', 2.5] }, 'three', new Uint8Array(3), -0, { c: { d: {} } }]
  for (const value of values) {
    t.is(encoder.pos % 2, 0)
    encoder.write(value, 'message')
  }
  const decoder = new Decoder(bed.receiver, words)
  for (const value of values) deepStrictEqual(decoder.read(), value)
  t.is(decoder.pos, encoder.pos)
})

test('a message may be read twice', (t) => {
  const words = new GrowingWords()
  const encoder = new Encoder(bed.sender, words)
  const cycle: Record<string, unknown> = { a: 1 }
  cycle.self = cycle
  encoder.write(cycle, 'message')
  for (let i = 0; i < 2; i++) {
    const decoder = new Decoder(bed.receiver, words)
    const received = decoder.read() as typeof cycle
    t.is(received.self, received)
  }
})

test('scratch grows up to its bound, beyond it is ERR_PULSING_MESSAGE_TOO_LARGE', (t) => {
  const encoder = new Encoder(bed.sender, new GrowingWords(1024 * 1024))
  t.true(encoder.write('x'.repeat(1_000_000), 'message'))
  encoder.pos = 0
  const error = t.throws(() => encoder.write('é€'.repeat(1_000_000), 'message')) as Error & { code: string }
  t.is(error.code, 'ERR_PULSING_MESSAGE_TOO_LARGE')
  encoder.pos = 0
  t.true(encoder.write({ a: 1 }, 'message'))
})

test('all objects of a shape have one hidden class and the key order of the original', (t) => {
  for (let i = 0; i < 50; i++) {
    const received = bed.send({ z: i, a: 'b', m: null }) as object
    t.deepEqual(Object.keys(received), ['z', 'a', 'm'])
    t.deepEqual(Object.keys(copyValue(bed.sender, { z: i, a: 'b', m: null }, 'message') as object), [
      'z',
      'a',
      'm',
    ])
  }
})

test('objects used as dictionaries fill neither the table of the engine nor the memory', (t) => {
  const own = new Bed()
  for (let i = 0; i < 5000; i++) {
    const value = { [`user-${i}`]: i, [`other-${i}`]: { [`deep-${i}`]: 1 } }
    t.deepEqual(own.send(value), value)
    t.deepEqual(copyValue(own.sender, value, 'message'), value)
  }
  t.true(own.shared.texts.length < 1000, `${own.shared.texts.length} entries`)
})

test('past the bound of the table strings and keys go with their message', (t) => {
  const own = new Bed()
  own.shared.limit = 3
  for (let i = 0; i < 10; i++) {
    for (const value of [{ a: 'one' }, { b: 'two', c: 'three' }, { d: 'four', e: { f: 'five' } }]) {
      t.deepEqual(own.send(value), value as never)
    }
  }
  t.is(own.shared.texts.length, 3)
})

test('an array of the caller goes without a look at its properties', (t) => {
  const words = new GrowingWords()
  const encoder = new Encoder(bed.sender, words)
  const shared = { a: 1 }
  const values = [1, 'two', shared, [shared], undefined]
  encoder.writeList(values, 'args')
  const received = new Decoder(bed.receiver, words).read() as unknown[]
  for (const list of [received, copyList(bed.sender, values, 'args')]) {
    deepStrictEqual(list, values)
    t.is((list[3] as unknown[])[0], list[2])
  }
  t.throws(() => copyList(bed.sender, [1, () => {}], 'args'), { message: /^args\[1\]/ })
})

test('a thread that has seen too many shapes begins anew, and forgets none that is sent', (t) => {
  const own = new Bed()
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  for (let i = 0; i < 60_000; i++) {
    const key = (n: number) => letters[Math.floor(i / 26 ** n) % 26] as string
    const value = {
      [`1${key(0)}`]: 1,
      [`2${key(1)}`]: { [`3${key(2)}`]: 2, [`4${key(1)}`]: [{ [`5${key(0)}`]: 'x' }] },
    }
    if (i % 7 === 0) {
      deepStrictEqual(own.send(value), value)
      deepStrictEqual(copyValue(own.sender, value, 'message'), value)
    } else {
      own.send(value)
      copyValue(own.sender, value, 'message')
    }
  }
  deepStrictEqual(own.send({ after: { all: 1 } }), { after: { all: 1 } })
  t.pass()
})
