import { deepStrictEqual } from 'node:assert'
import { Buffer } from 'node:buffer'
import test from 'ava'
import { copyValue, transfer } from '../../lib/engine/codec/index.js'
import { Bed } from './codec-bed.js'

const bed = new Bed()
const ways: Record<string, (value: unknown) => unknown> = {
  'other thread': (value) => bed.send(value),
  'same thread': (value) => copyValue(bed.sender, value, 'message'),
}
type Resizable = ArrayBuffer & {
  readonly resizable: boolean
  readonly maxByteLength: number
  resize(bytes: number): void
}
const resizable = (bytes: number, maxByteLength: number) =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, { maxByteLength })
const filled = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7)

for (const [way, carry] of Object.entries(ways)) {
  test(`contract 3.9: views of every type arrive as they were, on the ${way}`, (t) => {
    for (const length of [0, 1, 7, 512, 4096, 5000, 100_000]) {
      const { buffer } = filled(length * 8)
      const views = [
        new Int8Array(buffer),
        new Uint8Array(buffer),
        new Uint8ClampedArray(buffer),
        new Int16Array(buffer),
        new Uint16Array(buffer),
        new Int32Array(buffer),
        new Uint32Array(buffer),
        new Float64Array(buffer.byteLength / 8).fill(1.5),
        new Float32Array(3).fill(0.25),
        new BigInt64Array(buffer),
        new BigUint64Array(buffer),
        new DataView(buffer),
        new DataView(buffer, Math.min(3, buffer.byteLength), 0),
      ]
      for (const view of views) {
        deepStrictEqual(carry(view), structuredClone(view))
        deepStrictEqual(carry({ view }), structuredClone({ view }))
      }
      deepStrictEqual(carry(buffer), structuredClone(buffer))
    }
    t.pass()
  })

  test(`contract 3.9: views of one buffer share it where they arrive, on the ${way}`, (t) => {
    for (const length of [64, 8192]) {
      const { buffer } = filled(length)
      const value = {
        floats: new Float64Array(buffer, 8, 2),
        part: new Uint8Array(buffer, 4, 20),
        buffer,
        whole: new Uint8Array(buffer),
        view: new DataView(buffer, 1, 3),
      }
      for (const keys of [
        ['floats', 'part', 'buffer', 'whole', 'view'],
        ['part', 'floats'],
        ['whole', 'part'],
        ['part', 'whole', 'buffer'],
        ['part', 'buffer'],
        ['view', 'buffer'],
      ] as (keyof typeof value)[][]) {
        const message = Object.fromEntries(keys.map((key) => [key, value[key]]))
        const received = carry(message) as Record<string, Uint8Array | ArrayBuffer>
        deepStrictEqual(received, structuredClone(message))
        const buffers = new Set(
          Object.values(received).map((of) => (of instanceof ArrayBuffer ? of : of.buffer)),
        )
        t.is(buffers.size, 1, keys.join())
      }
    }
  })

  test(`contract 3.9: two parts of one buffer share it, in whatever order and depth, on the ${way}`, (t) => {
    const { buffer } = filled(100)
    const first = new Uint8Array(buffer, 10, 10)
    const second = new Uint8Array(buffer, 15, 10)
    const received = carry([first, { deep: new Map([[second, first]]) }]) as [
      Uint8Array,
      { deep: Map<Uint8Array, Uint8Array> },
    ]
    const [a, { deep }] = received
    const [[b, again]] = [...deep] as [[Uint8Array, Uint8Array]]
    t.is(again, a)
    t.is(a.buffer, b.buffer)
    t.is(a.byteOffset, 10)
    t.deepEqual([...a], [...first])
    t.deepEqual([...b], [...second])
    a[5] = 99
    t.is(b[0], 99)
    t.not(first[5], 99)
  })

  test(`contract 3.9: a Uint8Array that is alone with its buffer carries its own bytes only, on the ${way}`, (t) => {
    for (const length of [10, 5000]) {
      const whole = filled(1_000_000)
      const received = carry({ part: whole.subarray(100, 100 + length) }) as { part: Uint8Array }
      t.is(received.part.buffer.byteLength, length)
      t.deepEqual([...received.part], [...whole.subarray(100, 100 + length)])
    }
  })

  test(`contract 3.9: a Buffer arrives as a Uint8Array, and brings nothing of its pool, on the ${way}`, (t) => {
    const received = carry([Buffer.from('one'), Buffer.from('two'), [Buffer.from('three')]]) as Uint8Array[]
    t.is(Object.getPrototypeOf(received[0]), Uint8Array.prototype)
    t.is(Buffer.from(received[0] as Uint8Array).toString(), 'one')
    t.is((received[0] as Uint8Array).buffer.byteLength, 3)
    t.is((received[1] as Uint8Array).buffer.byteLength, 3)
    t.deepEqual((received[2] as unknown as Uint8Array[])[0], new Uint8Array(Buffer.from('three')))
    const buffer = Buffer.from('same')
    const [a, b] = carry([buffer, buffer]) as Uint8Array[]
    t.is(a, b)
    const large = Buffer.alloc(10_000, 1)
    t.deepEqual(carry(large), new Uint8Array(10_000).fill(1))
  })

  test(`contract 3.9: a resizable buffer stays one, and its views follow it as before, on the ${way}`, (t) => {
    for (const bytes of [16, 8000]) {
      const buffer = resizable(bytes, bytes * 2)
      new Uint8Array(buffer).set(filled(bytes))
      const received = carry(buffer) as Resizable
      t.true(received.resizable)
      t.is(received.maxByteLength, bytes * 2)
      deepStrictEqual(new Uint8Array(received), filled(bytes))
      const views = {
        all: new Uint8Array(buffer),
        some: new Uint8Array(buffer, 4, bytes - 4),
        data: new DataView(buffer, 8),
      }
      const got = carry(views) as typeof views
      t.is(got.all.buffer, got.some.buffer)
      ;(got.all.buffer as Resizable).resize(bytes + 8)
      t.is(got.all.length, bytes + 8)
      t.is(got.some.length, bytes - 4)
      t.is(got.data.byteLength, bytes)
    }
    const full = resizable(16, 16)
    const views = { follows: new Uint8Array(full), stays: new Uint8Array(full, 0, 16) }
    const got = carry(views) as typeof views
    ;(got.follows.buffer as Resizable).resize(8)
    t.is(got.follows.length, 8)
    t.is(got.stays.length, 0)
  })

  test(`contract 3.9: a SharedArrayBuffer is shared, on the ${way}`, (t) => {
    const shared = new SharedArrayBuffer(16)
    const received = carry({ shared, view: new Int32Array(shared, 4, 2) }) as {
      shared: SharedArrayBuffer
      view: Int32Array
    }
    t.is(received.view.buffer, received.shared)
    t.is(received.view.length, 2)
    new Int32Array(shared)[1] = 42
    t.is(received.view[0], 42)
  })

  test(`contract 3.9: a transferred buffer arrives, and is detached at the sender, on the ${way}`, (t) => {
    for (const length of [16, 100_000]) {
      const bytes = filled(length)
      const { buffer } = bytes
      const received = carry(transfer({ bytes, buffer }, [buffer])) as {
        bytes: Uint8Array
        buffer: ArrayBuffer
      }
      t.is(buffer.byteLength, 0)
      t.is(bytes.length, 0)
      t.deepEqual(received.bytes, filled(length))
      t.is(received.bytes.buffer, received.buffer)
    }
    const part = filled(100).subarray(10, 20)
    const received = carry(transfer(part, [part.buffer])) as Uint8Array
    t.is(part.length, 0)
    t.deepEqual([...received], [...filled(100).subarray(10, 20)])
  })

  test(`contract 3.9: a buffer listed but not sent is detached all the same, on the ${way}`, (t) => {
    const [sent, other] = [new ArrayBuffer(8), new ArrayBuffer(8)]
    carry({ nested: transfer({ sent }, [sent, other]) })
    t.is(sent.byteLength, 0)
    t.is(other.byteLength, 0)
    const unsent = new ArrayBuffer(8)
    carry(transfer({ a: 1 }, [unsent]))
    t.is(unsent.byteLength, 0)
  })

  test(`contract 3.9: a send that fails detaches nothing, and may be tried again, on the ${way}`, (t) => {
    const [first, second] = [filled(10_000).buffer, filled(10).buffer]
    const value: Record<string, unknown> = { first, second, bad: () => {} }
    transfer(value, [first, second])
    t.throws(() => carry(value), { code: 'ERR_PULSING_NOT_SERIALIZABLE', message: /message\.bad/ })
    t.is(first.byteLength, 10_000)
    t.is(second.byteLength, 10)
    delete value.bad
    const received = carry(value) as { first: ArrayBuffer }
    t.is(received.first.byteLength, 10_000)
    t.is(first.byteLength, 0)
    t.is(second.byteLength, 0)
  })

  test(`contract 3.9: a detached buffer and a view of one can't be carried, on the ${way}`, (t) => {
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    t.throws(() => carry({ bytes }), { code: 'ERR_PULSING_NOT_SERIALIZABLE', message: /message\.bytes/ })
    t.throws(() => carry([bytes.buffer]), { code: 'ERR_PULSING_NOT_SERIALIZABLE', message: /message\[0\]/ })
  })

  test(`contract 3.9: Node's pool of Buffers can't be moved away, on the ${way}`, (t) => {
    const pooled = Buffer.from('pooled')
    t.throws(() => carry(transfer({ pooled }, [pooled.buffer as ArrayBuffer])), {
      code: 'ERR_PULSING_NOT_SERIALIZABLE',
    })
    t.is(pooled.toString(), 'pooled')
    t.is(Buffer.from('next').toString(), 'next')
  })
}

test('contract 3.9: transfer refuses what it can not move', (t) => {
  const buffer = new ArrayBuffer(8)
  const gone = new ArrayBuffer(8)
  structuredClone(gone, { transfer: [gone] })
  for (const list of [[new SharedArrayBuffer(8)], [new Uint8Array(8)], [buffer, buffer], [gone], [null]]) {
    t.throws(() => transfer({}, list as never), { code: 'ERR_PULSING_NOT_SERIALIZABLE', message: /list\[/ })
  }
  t.is(buffer.byteLength, 8)
})

test('bytes over 4 KiB go by blocks: copied, moved and shared once each, whole before moved', (t) => {
  const own = new Bed()
  const moved = new ArrayBuffer(100)
  const shared = new SharedArrayBuffer(8)
  const bytes = new Uint8Array(5000)
  own.send(
    transfer([moved, shared, bytes, bytes, new Uint8Array(shared), new Uint8Array(4096), moved], [moved]),
  )
  t.deepEqual(own.sender.calls, ['share 8', 'make 5000', 'move 100'])
  t.is(own.encoder.blocks.length, 3)
})

test('what the engine fails at is thrown as it is, and nothing is moved', (t) => {
  const own = new Bed()
  const failure = new Error('no bridge')
  own.sender.shareBlock = () => {
    throw failure
  }
  const buffer = new ArrayBuffer(8)
  const error = t.throws(() =>
    own.send(transfer([buffer, new SharedArrayBuffer(8), new Uint8Array(5000)], [buffer])),
  )
  t.is(error, failure)
  t.is(buffer.byteLength, 8)
})
