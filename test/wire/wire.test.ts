import { deepStrictEqual } from 'node:assert'
import { decode, encode } from '@msgpack/msgpack'
import test from 'ava'
import fc from 'fast-check'
import { PulsingBusinessError, PulsingRuntimeError } from 'pulsing'
import { REF } from '../../lib/engine/symbols.js'
import { type Plain, WireDecoder, WireEncoder, WireError } from '../../lib/wire/index.js'
import { thrown } from '../bed.js'
import { Bed } from '../engine/codec-bed.js'
import { sameAliases, value } from '../engine/some-values.js'

class Ref {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  get [REF](): boolean {
    return true
  }
}

const refs = {
  toWire: (ref: object) => [(ref as Ref).name],
  fromWire: (plain: unknown) => {
    if (!Array.isArray(plain) || typeof plain[0] !== 'string') throw new Error('no reference')
    return new Ref(plain[0])
  },
}

const MIB = 2 ** 20
const encoder = new WireEncoder(refs, MIB)
const decoder = new WireDecoder(refs, true)

function over(sent: unknown): unknown {
  const frame = encoder.encodeFrame([3, 1], sent, 'message', true)
  const { header, read, hasValue } = decoder.decodeFrame(frame)
  deepStrictEqual([header, hasValue], [[3, 1], true])
  return read()
}

const RUNS = Number(process.env.CODEC_RUNS ?? 500)

test('3.9: what a thread was sent arrives on another node as on that thread, aliases and cycles too', (t) => {
  const bed = new Bed()
  fc.assert(
    fc.property(value, (sent) => {
      // On both nodes it goes between threads too, which makes it the receiver's own.
      const there = bed.send(over(bed.send(sent)))
      deepStrictEqual(there, structuredClone(sent))
      if (!sameAliases(sent, there) || !sameAliases(there, sent)) throw new Error('aliases')
    }),
    { numRuns: RUNS, includeErrorInReport: true },
  )
  t.pass()
})

test('3.9: kinds that are easily lost', (t) => {
  const buffer = new ArrayBuffer(16)
  const views = [
    new Uint8Array(buffer, 4, 4),
    new DataView(buffer, 2),
    new Float64Array(buffer, 8, 1),
    buffer,
  ]
  const back = over(views) as [Uint8Array, DataView, Float64Array, ArrayBuffer]
  t.deepEqual(back, views as never)
  t.true(back.slice(0, 3).every((view) => (view as Uint8Array).buffer === back[3]))
  const proto = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object
  const arrived = over(proto) as object
  t.deepEqual(Object.keys(arrived), ['__proto__', 'constructor'])
  t.is(Object.getPrototypeOf(arrived), Object.prototype)
  t.is((arrived as { polluted?: unknown }).polluted, undefined)
  t.is(over(`\ufeff${'x'.repeat(300)}`), `\ufeff${'x'.repeat(300)}`)
  t.is(over('\ud800'), '\ud800')
  t.true(Object.is(over(-0), -0))
  t.is(over(-(2n ** 200n)), -(2n ** 200n))
  t.true(Number.isNaN((over(new Date(Number.NaN)) as Date).getTime()))
  const [one, two, other] = over([new Ref('a'), { of: new Ref('b') }, new Ref('a')]) as [
    Ref,
    { of: Ref },
    Ref,
  ]
  t.deepEqual([one.name, two.of.name, other.name], ['a', 'b', 'a'])
})

test('4.1: errors arrive with their class, cause, fields and stack; those with cycles too', (t) => {
  const error = new PulsingBusinessError(404, 'gone', { id: [5] })
  const cause = Object.assign(new TypeError('within'), { self: undefined as unknown })
  cause.self = cause
  Object.defineProperty(error, 'cause', { value: cause })
  const there = over({ error, list: [error] }) as { error: PulsingBusinessError; list: [Error] }
  t.true(there.error instanceof PulsingBusinessError)
  t.is(there.list[0], there.error)
  t.deepEqual([there.error.code, there.error.details, there.error.stack], [404, { id: [5] }, error.stack])
  const within = there.error.cause as typeof cause
  t.true(within instanceof TypeError)
  t.is(within.self, within)
})

test('what can not cross nodes is an error that names where it stands', (t) => {
  const cases: [unknown, RegExp][] = [
    [{ a: [1, { b: () => 1 }] }, /message\.a\[1\]\.b/],
    [new Map([['x', Symbol('s')]]), /message/],
    [{ deep: [new SharedArrayBuffer(8)] }, /message\.deep\[0\].*SharedArrayBuffer/],
    [new Uint8Array(new SharedArrayBuffer(8)), /SharedArrayBuffer/],
  ]
  for (const [sent, part] of cases) {
    const error = thrown(() => encoder.encodeFrame([3], sent, 'message', true))
    t.is(error.code, 'ERR_PULSING_NOT_SERIALIZABLE')
    t.regex(error.message, part)
  }
  const large = thrown(() => encoder.encodeFrame([3], 'x'.repeat(2 * MIB), 'message', true))
  t.true(large instanceof PulsingRuntimeError)
  t.is(large.code, 'ERR_PULSING_MESSAGE_TOO_LARGE')
  t.deepEqual(over({ still: 'usable' }), { still: 'usable' })
})

test('a frame is msgpack: any decoder of it reads plain values', (t) => {
  const plain = { id: 1, op: 'add', n: -5.5, list: [true, null, 'é'] }
  const frame = encoder.encodeFrame([3, 7, 'x', true, null, 2 ** 40], plain, 'message', true)
  t.deepEqual(decode(frame), [7, 7, 'x', true, null, 2 ** 40, plain])
  const { header, hasValue } = decoder.decodeFrame(encoder.encodePlain([9, 2 ** 40, 'y']))
  t.deepEqual([header, hasValue], [[9, 2 ** 40, 'y'] as Plain[], false])
})

/** Anything but a WireError fails the test. */
function feed(bytes: Uint8Array): unknown {
  try {
    return decoder.decodeFrame(bytes).read()
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return error
  }
}

test('6.3: whatever bytes come, they are a value or a WireError', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      feed(bytes)
      feed(Buffer.concat([Buffer.from([0x92, 7]), bytes]))
    }),
    { numRuns: RUNS * 4, includeErrorInReport: true },
  )
  t.pass()
})

test('6.3: frames that were changed or cut on their way are values or WireErrors', (t) => {
  const bed = new Bed()
  fc.assert(
    fc.property(value, fc.nat(), fc.nat(255), fc.boolean(), (sent, where, by, isCut) => {
      const frame = Buffer.from(encoder.encodeFrame([3], bed.send(sent), 'message', true))
      if (isCut) return void feed(frame.subarray(0, where % frame.length))
      frame[where % frame.length] = by
      feed(frame)
    }),
    { numRuns: RUNS * 2, includeErrorInReport: true },
  )
  t.pass()
})

test('6.3: lengths and counts that lie cost nothing', (t) => {
  const lies = [
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xc9, 0x7f, 0xff, 0xff, 0xff, 17],
    [0xdd, 0x00, 0xff, 0xff, 0xff, 0xdd, 0x00, 0xff, 0xff, 0xff, 0xdd, 0x00, 0xff, 0xff, 0xff],
    Array<number>(100_000).fill(0x91),
    Array<number>(100_000).fill(0x81),
  ]
  const held = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  for (const lie of lies) {
    const frame = Buffer.from([0x92, 7, ...lie])
    globalThis.gc?.()
    const before = held()
    t.true(feed(frame) instanceof WireError)
    t.true(held() - before < 64 * MIB, Buffer.from(lie.slice(0, 8)).toString('hex'))
  }
})

test('6.3: marks and extensions that stand where they may not are WireErrors', (t) => {
  const mark = (type: number, data = [0]) => [0xd4 + Math.log2(data.length), type, ...data]
  const bad = [
    mark(16, [0, 0, 0, 1]), // a number for nothing
    mark(6, [0, 0, 0, 9]), // an alias of nothing
    [0x92, ...mark(17), 1], // a key without a value
    [0x93, ...mark(19), 0xa1, 0x28, 0xa0], // a pattern that is none
    [0x95, ...mark(23), 99, 0, 0, 1], // a view of no type
    [0x92, ...mark(24), 5], // a reference that is none
    [0x92, ...mark(21), 0x80], // an error without a form
    [0x93, ...mark(22), 5, 0], // a buffer without bytes
    [0x93, ...mark(26), 0xa1, 0x61, 0xc0], // an array of no length
    mark(90),
  ]
  for (const one of bad)
    t.true(feed(Buffer.from([0x92, 7, ...one])) instanceof WireError, JSON.stringify(one))
  t.true(feed(encode([7, { a: new Date() }])) instanceof WireError, 'an extension that is not ours')
})
