import { deepStrictEqual } from 'node:assert'
import test from 'ava'
import fc from 'fast-check'
import { copyValue } from '../../lib/engine/codec/index.js'
import { Bed } from './codec-bed.js'
import { sameAliases, value } from './some-values.js'

/** Changes whatever can be changed. */
function spoil(value: unknown, done: Set<unknown> = new Set()): void {
  if (typeof value !== 'object' || value === null || done.has(value)) return
  done.add(value)
  if (value instanceof Map) {
    for (const entry of [...value].flat()) spoil(entry, done)
    value.set('spoilt', 1)
  } else if (value instanceof Set) {
    for (const entry of [...value]) spoil(entry, done)
    value.add('spoilt')
  } else if (value instanceof Date) value.setTime(12345)
  else if (value instanceof Uint8Array) value.fill(77)
  else if (value instanceof Float32Array) value.fill(77)
  else {
    for (const key of Object.keys(value)) spoil(Object.getOwnPropertyDescriptor(value, key)?.value, done)
    Object.defineProperty(value, 'spoilt', { value: 1, enumerable: true, configurable: true })
  }
}

test('contract 3.9: by whatever way, what arrives is what structured clone makes, and a copy', (t) => {
  const bed = new Bed()
  const runs = Number(process.env.CODEC_RUNS ?? 500)
  fc.assert(
    fc.property(value, (sent) => {
      const expected = structuredClone(sent)
      const byWords = bed.send(sent)
      const byCopy = copyValue(bed.sender, sent, 'message')
      deepStrictEqual(byWords, expected)
      deepStrictEqual(byCopy, expected)
      if (!sameAliases(sent, byWords) || !sameAliases(byWords, sent)) throw new Error('aliases over words')
      if (!sameAliases(sent, byCopy) || !sameAliases(byCopy, sent)) throw new Error('aliases of the copy')
      deepStrictEqual(bed.send(byCopy), expected)
      spoil(byWords)
      deepStrictEqual(byCopy, expected)
      spoil(byCopy)
      deepStrictEqual(structuredClone(sent), expected)
    }),
    { numRuns: runs, includeErrorInReport: true },
  )
  t.pass()
})

/** Buffers and views on them, in any order. */
const cut = fc.record({
  buffer: fc.nat(2),
  from: fc.nat(4),
  to: fc.nat(4),
  type: fc.constantFrom('Uint8Array', 'Buffer', 'Float64Array', 'DataView', 'ArrayBuffer'),
})

test('contract 3.9: views share their buffers alike by whatever way', (t) => {
  const bed = new Bed()
  fc.assert(
    fc.property(fc.array(cut, { maxLength: 6 }), fc.constantFrom(4, 2000), (cuts, unit) => {
      const buffers = [0, 1, 2].map((i) => new Uint8Array(unit * 32).fill(i + 1).buffer)
      const sent = cuts.map(({ buffer, from, to, type }) => {
        const of = buffers[buffer] as ArrayBuffer
        const offset = Math.min(from, to) * 8 * unit
        const length = Math.abs(from - to) * 8 * unit
        if (type === 'ArrayBuffer') return of
        if (type === 'Buffer') return Buffer.from(of, offset, length)
        if (type === 'DataView') return new DataView(of, offset, length)
        return type === 'Uint8Array'
          ? new Uint8Array(of, offset, length)
          : new Float64Array(of, offset, length / 8)
      })
      const byWords = bed.send(sent) as ArrayBufferView[]
      const byCopy = copyValue(bed.sender, sent, 'message') as ArrayBufferView[]
      deepStrictEqual(byWords, byCopy)
      deepStrictEqual(byWords, structuredClone(sent))
      const bufferOf = (of: ArrayBufferView | ArrayBuffer) => (of instanceof ArrayBuffer ? of : of.buffer)
      const sizes = (views: ArrayBufferView[]) => views.map((view) => bufferOf(view).byteLength)
      deepStrictEqual(sizes(byWords), sizes(byCopy))
      for (let i = 0; i < sent.length; i++) {
        for (let k = 0; k < i; k++) {
          const same = (views: readonly (ArrayBufferView | ArrayBuffer)[]) =>
            bufferOf(views[i] as ArrayBufferView) === bufferOf(views[k] as ArrayBufferView)
          deepStrictEqual(same(byWords), same(byCopy))
          // Only parts that are Buffers may be parted.
          if (same(sent) && !same(byWords)) {
            t.deepEqual([cuts[i]?.type, cuts[k]?.type], ['Buffer', 'Buffer'])
          }
        }
      }
    }),
    { numRuns: Number(process.env.CODEC_RUNS ?? 500), includeErrorInReport: true },
  )
  t.pass()
})
