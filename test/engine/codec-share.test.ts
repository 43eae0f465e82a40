import test from 'ava'
import { copyValue, isShared, share } from '../../lib/engine/codec/index.js'
import { Bed } from './codec-bed.js'

const bed = new Bed()
const code = 'ERR_PULSING_NOT_SERIALIZABLE'

test('contract 3.9: share freezes plain objects and arrays deeply, and they go by reference on one thread', (t) => {
  const value = { list: [1, { deep: true }], none: Object.assign(Object.create(null), { a: 1 }) }
  t.is(share(value), value)
  t.true(Object.isFrozen(value) && Object.isFrozen(value.list) && Object.isFrozen(value.list[1]))
  t.true(isShared(value) && isShared(value.list))
  t.is(copyValue(bed.sender, value, 'message'), value)
  const copy = copyValue(bed.sender, { value, again: [value] }, 'message') as {
    value: unknown
    again: unknown[]
  }
  t.is(copy.value, value)
  t.is(copy.again[0], value)
})

test('contract 3.9: another thread gets a copy of a shared value, which is not frozen', (t) => {
  const value = share({ list: [1, 2] })
  const received = bed.send({ value }) as { value: { list: number[] } }
  t.deepEqual(received.value, value)
  t.false(Object.isFrozen(received.value.list))
})

test('contract 3.9: a frozen value that was not shared is copied', (t) => {
  const value = Object.freeze({ a: 1 })
  t.not(copyValue(bed.sender, value, 'message'), value)
})

test('contract 3.9: primitives are shared as they are, and cycles too', (t) => {
  for (const value of [1, 'a', true, null, undefined, 10n]) t.is(share(value), value)
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  t.is(share(cycle), cycle)
  t.true(Object.isFrozen(cycle))
})

test('contract 3.9: anything else in a shared value is named, and nothing is frozen', (t) => {
  class Point {}
  const cases: [unknown, RegExp][] = [
    [new Map(), /^value\b/],
    [{ a: [0, new Date()] }, /value\.a\[1\]/],
    [{ bytes: new Uint8Array(1) }, /value\.bytes/],
    [{ point: new Point() }, /value\.point/],
    [{ call: () => {} }, /value\.call/],
    [{ symbol: Symbol('s') }, /value\.symbol/],
    [new Proxy({}, {}), /^value\b/],
    [
      {
        get a() {
          return 1
        },
      },
      /value\.a/,
    ],
  ]
  for (const [value, message] of cases) {
    const outer = { first: {}, value }
    t.throws(() => share(value), { code, message })
    t.throws(() => share(outer), { code })
    t.false(Object.isFrozen(outer) || Object.isFrozen(outer.first))
  }
})
