// What writers and readers of a round said, and whether it is what the queue promises.

import { createHash } from 'node:crypto'
import type { Item, Said } from './node.js'

export type Backend = 'memory' | 'lmdb' | 'jetstream'
export type Plant = 'loss' | 'double' | 'swap' | undefined

/** What a put or a get may come to while nodes come and go. */
const EXPECTED = new Set(['ERR_PULSING_BUCKET_LOST', 'ERR_PULSING_BUCKET_UNAVAILABLE', 'ERR_PULSING_TIMEOUT'])

type Name = `${number}.${number}`
const nameOf = ({ writer, n }: Pick<Item, 'writer' | 'n'>): Name => `${writer}.${n}`

/** As the contract has it (7.1). */
function bucketOf(id: string, numBuckets: number): number {
  const digest = createHash('md5').update(id, 'utf8').digest('hex')
  return Number(BigInt(`0x${digest}`) % BigInt(numBuckets))
}

/** What a reader was given of each bucket, in order, and which buckets it was told to be lost. */
interface Seen {
  readonly buckets: Item[][]
  readonly lost: Set<number>
}

/** Who read in a round: `whole` from its beginning to its end, `late` to its end, `cut` not even that. */
export interface Readers {
  readonly whole: readonly number[]
  readonly late: readonly number[]
  readonly cut: readonly number[]
  /** Who read all of it when it was over. */
  readonly last: number
}

export class Account {
  readonly #backend: Backend
  readonly #numBuckets: number
  readonly #seen = new Map<number, Seen>()
  readonly #put = new Map<Name, number>()
  readonly #flushed = new Set<Name>()
  readonly #wrong = new Set<string>()
  /** Nodes that were killed, or taken for dead: with each, memory may be lost. */
  losses = 0
  reads = 0
  readonly failures: Record<string, number> = {}

  constructor(backend: Backend, numBuckets: number) {
    this.#backend = backend
    this.#numBuckets = numBuckets
  }

  get puts(): number {
    return this.#put.size
  }

  get gaps(): number {
    return [...this.#seen.values()].reduce((sum, { lost }) => sum + lost.size, 0)
  }

  heard(said: Said): void {
    if (said.what === 'put')
      for (const item of said.items) this.#put.set(nameOf(item), bucketOf(item.id, this.#numBuckets))
    else if (said.what === 'flushed')
      for (const n of said.ns) this.#flushed.add(nameOf({ writer: said.writer, n }))
    else if (said.what === 'read') {
      this.reads += said.items.length
      const { buckets, lost } = this.#of(said.reader)
      for (const item of said.items) buckets[bucketOf(item.id, this.#numBuckets)]?.push(item)
      for (const { bucketId, reason } of said.gaps) {
        lost.add(bucketId)
        if (reason !== 'lost') this.#wrong.add(`bucket ${bucketId} has a gap because it was ${reason}`)
      }
    } else if (said.what === 'failed') {
      this.failures[said.code] = (this.failures[said.code] ?? 0) + 1
      if (!EXPECTED.has(said.code)) this.#wrong.add(`a put or a get ended with ${said.code}`)
    }
  }

  /** What each reader was given, a line a bucket: `reader/bucket: writer.n ...`. */
  get text(): string {
    const lines = [...this.#seen].flatMap(([reader, { buckets }]) =>
      buckets.map((items, bucketId) => `${reader}/${bucketId}: ${items.map(nameOf).join(' ')}\n`),
    )
    return lines.join('')
  }

  #of(reader: number): Seen {
    let seen = this.#seen.get(reader)
    if (seen === undefined) {
      seen = { buckets: Array.from({ length: this.#numBuckets }, () => []), lost: new Set() }
      this.#seen.set(reader, seen)
    }
    return seen
  }

  /** What is not as it was promised. */
  check(readers: Readers): string[] {
    const last = this.#of(readers.last).buckets
    for (const [reader, { buckets, lost }] of this.#seen) {
      for (const [bucketId, items] of buckets.entries()) this.#checkOrder(reader, bucketId, items)
      if (lost.size > 0 && (this.#backend !== 'memory' || this.losses === 0))
        this.#wrong.add(`reader ${reader} was told of a loss where nothing can be lost`)
    }
    for (const reader of [...readers.whole, ...readers.late]) this.#checkEnd(reader, last)
    for (const reader of readers.cut) this.#checkBegin(reader, last)
    this.#checkLosses(readers, last)
    return [...this.#wrong]
  }

  #checkOrder(reader: number, bucketId: number, items: readonly Item[]): void {
    const names = new Set(items.map(nameOf))
    if (names.size < items.length)
      this.#wrong.add(`reader ${reader} has read ${items.length - names.size} of bucket ${bucketId} twice`)
    const lastOf = new Map<number, number>()
    for (const { writer, n } of items) {
      const before = lastOf.get(writer) ?? -1
      if (before > n)
        this.#wrong.add(
          `reader ${reader} has read ${writer}.${n} of bucket ${bucketId} after ${before}: out of order`,
        )
      lastOf.set(writer, n)
    }
  }

  /** All that is there was read by whoever was there at the end, in the same order. */
  #checkEnd(reader: number, last: readonly Item[][]): void {
    const { buckets, lost } = this.#of(reader)
    for (const [bucketId, there] of last.entries()) {
      const seen = buckets[bucketId] as Item[]
      const from = lost.has(bucketId) ? seen.length - there.length : 0
      const isSame = sameNames(seen.slice(Math.max(from, 0)), there)
      if (!isSame)
        this.#wrong.add(
          `reader ${reader} has read ${seen.length} of bucket ${bucketId}, which are not the ${there.length} that are there`,
        )
    }
  }

  /** What was read by one that ended early is how it begins. */
  #checkBegin(reader: number, last: readonly Item[][]): void {
    if (this.#backend === 'memory' && this.losses > 0) return
    const { buckets } = this.#of(reader)
    for (const [bucketId, there] of last.entries()) {
      const seen = buckets[bucketId] as Item[]
      if (!sameNames(seen, there.slice(0, seen.length)))
        this.#wrong.add(`what reader ${reader} has read of bucket ${bucketId} is not how that begins`)
    }
  }

  #checkLosses({ whole, last }: Readers, there: readonly Item[][]): void {
    const left = new Set(there.flat().map(nameOf))
    if (this.#backend === 'memory' && this.losses > 0) {
      for (const reader of whole) this.#checkTold(reader)
      return
    }
    const promised = this.#backend === 'lmdb' ? [...this.#flushed] : [...this.#put.keys()]
    const missing = promised.filter((name) => !left.has(name))
    if (missing.length > 0)
      this.#wrong.add(`${missing.length} records are lost, ${missing[0]} among them: reader ${last} has none`)
  }

  /** Of each bucket a reader has all that was put, or was told. */
  #checkTold(reader: number): void {
    const { buckets, lost } = this.#of(reader)
    const names = new Set(buckets.flat().map(nameOf))
    for (const [name, bucketId] of this.#put)
      if (!lost.has(bucketId) && !names.has(name))
        this.#wrong.add(`reader ${reader} has missed ${name} of bucket ${bucketId}, and was told nothing`)
  }
}

function sameNames(some: readonly Item[], others: readonly Item[]): boolean {
  return some.length === others.length && some.every((one, i) => nameOf(one) === nameOf(others[i] as Item))
}
