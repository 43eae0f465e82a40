// Plain frames: written and read in one walk, with the same results as by the encoder and the decoder that know all kinds.

import { deepStrictEqual } from 'node:assert'
import { inspect } from 'node:util'
import { decode } from '@msgpack/msgpack'
import test from 'ava'
import fc from 'fast-check'
import { NONE, PlainFrameReader, PlainFrameWriter, WireDecoder, WireEncoder } from '../../lib/wire/index.js'
import { Bed } from '../engine/codec-bed.js'
import { sameAliases, value } from '../engine/some-values.js'

const refs = {
  toWire: () => null,
  fromWire: () => {
    throw new Error('no references here')
  },
}
const encoder = new WireEncoder(refs, 2 ** 20)
const decoder = new WireDecoder(refs, true)
const writer = new PlainFrameWriter()
const reader = new PlainFrameReader()
const room = Buffer.alloc(64 * 1024)

const RUNS = Number(process.env.CODEC_RUNS ?? 500)

/** The frame's bytes; undefined where it was left to the encoder. */
function written(sent: unknown, into = room, at = 3): Buffer | undefined {
  const end = writer.write(into, at, 4, 1, 2, 3, 4, true, sent)
  return end < 0 ? undefined : into.subarray(at, end)
}

/** The value of a frame that stands in the middle of others; undefined in a list where it was left to the decoder. */
function read(frame: Buffer): [unknown] | [] {
  const around = Buffer.concat([Buffer.alloc(5, 0xc1), frame, Buffer.alloc(5, 0x01)])
  return reader.read(around, 5, 5 + frame.length) ? [reader.take()] : []
}

test('3.9: a value goes the quick way and the thorough way with the same result, or the thorough way alone', (t) => {
  const bed = new Bed()
  let quick = 0
  fc.assert(
    fc.property(value, (given) => {
      const sent = bed.send(given)
      const frame = written(sent)
      if (frame === undefined) return
      quick++
      const { header, read: thorough } = decoder.decodeFrame(frame)
      deepStrictEqual(header, [4, 1, 2, 3, 4])
      deepStrictEqual(bed.send(thorough()), sent)
      const [there] = read(frame)
      deepStrictEqual(bed.send(there), sent)
      if (!sameAliases(sent, there) || !sameAliases(there, sent)) throw new Error('aliases')
    }),
    { numRuns: RUNS * 2, includeErrorInReport: true },
  )
  t.true(quick > RUNS / 10, `${quick} went the quick way`)
})

test('3.9: what the thorough way has written, the quick one reads as it does', (t) => {
  const bed = new Bed()
  fc.assert(
    fc.property(value, (given) => {
      const sent = bed.send(given)
      const frame = Buffer.from(encoder.encodeFrame([4, 1], sent, 'message', true))
      for (const there of read(frame)) deepStrictEqual(bed.send(there), sent)
    }),
    { numRuns: RUNS, includeErrorInReport: true },
  )
  t.pass()
})

test('6.3: of bytes that were changed or cut, the quick way reads what the thorough one does, or leaves them to it', (t) => {
  const bed = new Bed()
  fc.assert(
    fc.property(value, fc.nat(), fc.nat(255), fc.boolean(), (given, where, by, isCut) => {
      const frame = Buffer.from(encoder.encodeFrame([4, 1], bed.send(given), 'message', true))
      if (!isCut) frame[where % frame.length] = by
      const bytes = isCut ? frame.subarray(0, where % frame.length) : frame
      const found = read(bytes)
      if (found.length === 0) return
      const [there] = found
      const { header, hasValue, read: thorough } = decoder.decodeFrame(bytes)
      deepStrictEqual([header[0], hasValue], [reader.kind, reader.hasValue])
      // Of text that is not UTF-8 the decoder makes something else.
      if (!inspect(there, { depth: null }).includes('\ufffd'))
        deepStrictEqual(bed.send(there), bed.send(thorough()))
    }),
    { numRuns: RUNS * 4, includeErrorInReport: true },
  )
  t.pass()
})

test('6.3: counts and lengths that lie are left to the decoder, which refuses them', (t) => {
  const lies = [
    [0x9f],
    [0x8f],
    [0xdc, 0xff, 0xff],
    [0xde, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xbf, 0x61],
    [0xcb, 0, 0],
    [0xcd, 0],
    [0xd4, 1],
    [0x81, 0xa9, ...Buffer.from('__proto__'), 0x80],
    [0x81, 0x01, 0x01],
    Array<number>(200).fill(0x91),
  ]
  for (const lie of lies) t.deepEqual(read(Buffer.from([0x93, 9, 1, ...lie])), [], String(lie))
  t.deepEqual(read(Buffer.from([0x92, 9])), [], 'no value')
  t.deepEqual(read(Buffer.from([0x97, 9, 1, 1, 1, 1, 1, 1])), [], 'too many numbers')
  t.deepEqual(read(Buffer.from([0x93, 9, 0xce, 1])), [], 'cut in a number')
  t.deepEqual(read(Buffer.from([0x92, 8, 0x80])), [], 'a number that is none')
  const tooLarge = [0xcf, 0x00, 0x20, 0, 0, 0, 0, 0, 0]
  t.deepEqual(
    read(Buffer.from([0x93, 9, ...tooLarge, 0x01])),
    [],
    'a number that is not exact, before a value',
  )
  t.false(reader.read(Buffer.from([0x92, 8, ...tooLarge]), 0, 11), 'and at the end')
  t.is(({} as { polluted?: unknown }).polluted, undefined)
})

test('a plain frame is msgpack, with as many numbers as it has', (t) => {
  const plain = {
    id: 2 ** 31,
    op: 'add',
    n: -5.5,
    list: [true, null, 'é', -1, -200, 200, 70_000],
    of: { b: {} },
  }
  const end = writer.write(room, 0, 3, 7, 300, 2 ** 20, 2 ** 40 + 5, true, plain)
  t.deepEqual(decode(room.subarray(0, end)), [7, 7, 300, 2 ** 20, 2 ** 40 + 5, plain])
  t.true(reader.read(room, 0, end))
  t.deepEqual([reader.kind, reader.a, reader.b, reader.c, reader.d], [3, 7, 300, 2 ** 20, 2 ** 40 + 5])
  t.deepEqual(reader.take(), plain)
  const short = writer.write(room, 0, 9, 7, NONE, NONE, NONE, false, undefined)
  t.deepEqual(decode(room.subarray(0, short)), [18, 7])
  t.true(reader.read(room, 0, short))
  t.deepEqual([reader.kind, reader.a, reader.b, reader.hasValue], [9, 7, NONE, false])
})

test('where there is no room, nothing is written behind the end, and it is said', (t) => {
  const values = [
    1.5,
    'x'.repeat(20),
    'x'.repeat(200),
    { a: 1, b: [1, 2, 3] },
    new Uint8Array(30),
    Array.from({ length: 40 }, (_, i) => i),
    Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, i])),
  ]
  for (const sent of values) {
    const frame = Buffer.from(written(sent) as Buffer)
    for (let size = 6; size < frame.length + 3; size++) {
      const memory = Buffer.alloc(size + 8, 0xee)
      const part = memory.subarray(0, size)
      t.is(written(sent, part), undefined)
      t.true(memory.subarray(size).every((byte) => byte === 0xee))
    }
    t.deepEqual(written(sent, Buffer.alloc(frame.length + 3)), frame)
    t.deepEqual(read(frame), [sent instanceof Uint8Array ? Buffer.from(sent) : sent])
  }
})

test('objects of many shapes, and of ever new ones, arrive as they are', (t) => {
  for (let i = 0; i < 6000; i++) {
    const sent = { [`k${i}`]: i, [`of${i % 7}`]: { x: i, [`y${i % 100}`]: [{ z: `text ${i % 3}` }] } }
    t.deepEqual(read(written(sent) as Buffer), [sent])
  }
  const odd = { [`long ${'x'.repeat(100)}`]: 1, Straße: 2, '': 3, ключ: 4 }
  for (let i = 0; i < 20; i++) t.deepEqual(read(written(odd) as Buffer), [odd])
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, i]))
  for (let i = 0; i < 20; i++) {
    t.deepEqual(read(written(wide) as Buffer), [wide])
  }
})
