import { createSecretKey, KeyObject } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { MessageChannel } from 'node:worker_threads'
import test from 'ava'
import { copyValue } from '../../lib/engine/codec/index.js'
import { Bed } from './codec-bed.js'

const bed = new Bed()
const ways: Record<string, (value: unknown, path?: string) => unknown> = {
  'other thread': (value, path = 'message') => bed.send(value, path),
  'same thread': (value, path = 'message') => copyValue(bed.sender, value, path),
}
const code = 'ERR_PULSING_NOT_SERIALIZABLE'
const bad = () => {}
// Not in the libraries that this project compiles with.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (options: object) => object; Module: new (bytes: Uint8Array) => object }
}
const named = (path: string) => new RegExp(`(^|\\W)${path.replace(/[.[\]()"$]/g, '\\$&')}(?![.\\w[])`)

for (const [way, carry] of Object.entries(ways)) {
  test(`contract 3.9: the path of what can't be carried is named, on the ${way}`, (t) => {
    const alias = { bad }
    const cases: [unknown, string][] = [
      [bad, 'message'],
      [Symbol('s'), 'message'],
      [{ user: { onClick: bad } }, 'message.user.onClick'],
      [[1, [2, { list: [0, 0, 0, bad] }]], 'message[1][1].list[3]'],
      [{ 'odd key': bad }, 'message["odd key"]'],
      [{ map: new Map([['k', bad]]) }, 'message.map.get("k")'],
      [new Map([[bad, 1]]), 'message.keys()[0]'],
      [{ set: new Set([1, bad]) }, 'message.set.values()[1]'],
      [Object.assign([1], { extra: bad }), 'message.extra'],
      [{ a: { ok: 1 }, b: alias, c: alias }, 'message.b.bad'],
      [JSON.parse('{"__proto__": {"x": 1}}'), ''],
    ]
    for (const [value, path] of cases) {
      if (path === '') t.notThrows(() => carry(value))
      else for (let i = 0; i < 12; i++) t.throws(() => carry(value), { code, message: named(path) })
    }
    t.throws(() => carry([1, { list: [0, 0, 0, bad] }], 'args'), { code, message: named('args[1].list[3]') })
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    cycle.list = [cycle, { symbol: Symbol('x') }]
    t.throws(() => carry(cycle), { code, message: named('message.list[1].symbol') })
  })

  test(`contract 3.9: a failed send leaves nothing behind, on the ${way}`, (t) => {
    for (let i = 0; i < 100; i++) {
      t.throws(() => carry({ a: { b: { c: [{}, {}, new Uint8Array(5000), bad] } } }), { code })
      t.deepEqual(carry({ a: { b: [1] } }), { a: { b: [1] } })
    }
  })

  test(`contract 3.9: what has its being outside JavaScript can't be carried, on the ${way}`, (t) => {
    const { port1, port2 } = new MessageChannel()
    const socket = new Socket()
    const timer = setTimeout(() => {}, 0)
    const values: Record<string, unknown> = {
      weakMap: new WeakMap(),
      weakSet: new WeakSet(),
      weakRef: new WeakRef({}),
      registry: new FinalizationRegistry(() => {}),
      promise: Promise.resolve(),
      generator: (function* () {})(),
      asyncGenerator: (async function* () {})(),
      iterator: [].values(),
      mapIterator: new Map().entries(),
      port: port1,
      blob: new Blob(['x']),
      key: createSecretKey(Buffer.alloc(16)),
      memory: new WebAssembly.Memory({ initial: 1 }),
      module: new WebAssembly.Module(Buffer.from('0061736d01000000', 'hex')),
      socket,
      stream: new PassThrough(),
      emitter: new EventEmitter(),
      abort: new AbortController(),
      signal: new AbortController().signal,
      timer,
      url: new URL('http://localhost'),
      headers: new Headers(),
      readable: new ReadableStream(),
      format: new Intl.NumberFormat(),
      boxedSymbol: Object(Symbol('s')),
      proxyOfMap: new Proxy(new Map(), {}),
      revoked: revoked(),
    }
    for (const [name, value] of Object.entries(values)) {
      for (let i = 0; i < 2; i++) {
        t.throws(() => carry({ deep: [value] }), { code, message: named('message.deep[0]') }, name)
      }
    }
    t.true(values.key instanceof KeyObject)
    port1.close()
    port2.close()
    socket.destroy()
    clearTimeout(timer)
  })

  test(`contract 3.9: a getter that throws is named, with its error as the cause, on the ${way}`, (t) => {
    const cause = new Error('from the getter')
    const value = {
      list: [
        {
          get broken(): unknown {
            throw cause
          },
        },
      ],
    }
    const error = t.throws(() => carry(value), { code, message: named('message.list[0].broken') })
    t.is(error?.cause, cause)
    let calls = 0
    const once = {
      get flaky(): unknown {
        if (calls++ === 0) throw cause
        return 1
      },
    }
    const other = t.throws(() => carry(once), { code, message: /^message/ })
    t.is(other?.cause, cause)
  })

  test(`contract 3.9: a value nested too deeply is an error, never a crash, on the ${way}`, (t) => {
    const kinds: ((inner: unknown) => unknown)[] = [
      (inner) => ({ inner }),
      (inner) => [inner],
      (inner) => new Map([[1, inner]]),
      (inner) => new Set([inner]),
      (inner) => ({ a: 1, b: [inner] }),
    ]
    for (const wrap of kinds) {
      let value: unknown = 1
      for (let i = 0; i < 100_000; i++) value = wrap(value)
      t.throws(() => carry(value), { code, message: /nested deeper than 1000 levels/ })
      value = 1
      for (let i = 0; i < 400; i++) value = wrap(value)
      t.notThrows(() => carry(value))
    }
    let error: Error = new Error('innermost')
    for (let i = 0; i < 5000; i++) error = new Error('outer', { cause: error })
    t.throws(() => carry(error), { code })
  })

  test(`contract 3.9: a stack that is nearly used up is an error, never a crash, on the ${way}`, (t) => {
    let value: unknown = 1
    for (let i = 0; i < 900; i++) value = { value }
    let failed = 0
    let carried = 0
    const sink = (depth: number): void => {
      if (depth % 50 === 0) {
        try {
          carry(value)
          carried++
        } catch (error) {
          if ((error as { code?: string }).code !== code && !(error instanceof RangeError)) throw error
          failed++
        }
      }
      sink(depth + 1)
    }
    t.throws(() => sink(0), { instanceOf: RangeError })
    t.true(carried > 0 && failed > 0)
    t.notThrows(() => carry(value))
  })
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
