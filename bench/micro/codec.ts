// node dist/bench/micro/codec.js [word in the name]: nanoseconds to write, to read and to copy one value, over memory as
// the engine has it; the least of many short samples, since a machine is seldom one's own.

import { type CodecHost, copyValue, Decoder, Encoder } from '../../lib/engine/codec/index.js'

class Host implements CodecHost {
  readonly #texts: string[] = []
  readonly #ids = new Map<string, number>()
  #intern(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.#texts.push(text) - 1
    this.#ids.set(text, id)
    return id
  }
  internString(text: string): number {
    return this.#intern(`s${text}`)
  }
  stringOf(id: number): string {
    return this.#texts[id]?.slice(1) ?? ''
  }
  internShape(keys: string): number {
    return this.#intern(`k${keys}`)
  }
  shapeKeys(id: number): string {
    return this.#texts[id]?.slice(1) ?? ''
  }
  makeBlock(): number {
    return 1
  }
  moveBlock(): number {
    return 1
  }
  shareBlock(): number {
    return 1
  }
  takeBlock(): ArrayBuffer {
    return new ArrayBuffer(8)
  }
  refToWords(): void {}
  refFromWords(): object {
    return {}
  }
}

class Point {
  x: number
  y: number
  constructor(x: number, y: number) {
    this.x = x
    this.y = y
  }
}

const text = 'the quick brown fox jumps over the lazy dog, again and again and again'
const rows: Record<string, (i: number) => unknown> = {
  integer: (i) => i,
  double: (i) => i + 0.5,
  boolean: (i) => (i & 1) === 0,
  '{ id, op, n }': (i) => ({ id: i, op: 'add', n: 1 }),
  'string of 5, known': () => 'hello',
  'string of 5, new': (i) => `k${(i & 0xfff) + 0x1000}`,
  'string of 20, new': (i) => `a longer key ${(i & 0xfffff) + 0x100000}`,
  'string of 70': () => text,
  '8 fields': (i) => ({ a: i, b: true, c: null, d: 'x', e: 1.5, f: undefined, g: 'yes', h: i }),
  'two of two kinds': (i) => ((i & 1) === 0 ? { id: i, op: 'add', n: 1 } : { kind: 'get', key: 'k', at: i }),
  'an instance of a class': (i) => new Point(i, 2),
  nested: (i) => ({ id: i, user: { name: 'ann', age: 7 }, at: { x: 1, y: 2 } }),
  'array of 3': (i) => [i, 2, 3],
  'array of 100': () => hundred,
  '10 objects': (i) => ({ rows: Array.from({ length: 10 }, (_, k) => ({ k, v: i })) }),
  'Uint8Array of 64': () => bytes,
  'Map of 3': () => map,
  Date: () => date,
}
const hundred = Array.from({ length: 100 }, (_, i) => i)
const bytes = new Uint8Array(64)
const map = new Map([
  ['a', 1],
  ['b', 2],
  ['c', 3],
])
const date = new Date()

const host = new Host()
const buffer = new SharedArrayBuffer(1 << 20)
const words = { i32: new Int32Array(buffer), f64: new Float64Array(buffer), u8: new Uint8Array(buffer) }
const encoder = new Encoder(host, words)
const decoder = new Decoder(host, words)

const ONCE = 256
/** Positions of values that are written and read in turn. */
const at = new Int32Array(ONCE)
let sink = 0

function write(values: readonly unknown[]): void {
  let p = 1024
  for (let i = 0; i < values.length; i++) {
    at[i] = p
    encoder.pos = p
    if (!encoder.write(values[i], 'message')) throw new Error('no room')
    p = encoder.pos
  }
}

function read(count: number): void {
  for (let i = 0; i < count; i++) {
    decoder.pos = at[i] as number
    if (decoder.read() === sink) sink++
  }
}

function copy(values: readonly unknown[]): void {
  for (let i = 0; i < values.length; i++) if (copyValue(host, values[i], 'message') === sink) sink++
}

/** The least of many samples of about a millisecond each, which other processes seldom interrupt. */
function best(run: () => void, count: number): string {
  for (let i = 0; i < 300; i++) run()
  const once = time(run, 20)
  const rounds = Math.max(1, Math.round(1e6 / once))
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 150; i++) least = Math.min(least, time(run, rounds))
  return (least / count).toFixed(1).padStart(8)
}

function time(run: () => void, rounds: number): number {
  const from = process.hrtime.bigint()
  for (let i = 0; i < rounds; i++) run()
  return Number(process.hrtime.bigint() - from) / rounds
}

console.log(`${'nanoseconds'.padEnd(24)}   write    read    copy`)
for (const [name, make] of Object.entries(rows)) {
  if (!name.includes(process.argv[2] ?? '')) continue
  const values = Array.from({ length: ONCE }, (_, i) => make(i))
  const written = best(() => write(values), values.length)
  const readOne = best(() => read(values.length), values.length)
  const copied = best(() => copy(values), values.length)
  console.log(`${name.padEnd(24)}${written}${readOne}${copied}`)
}
