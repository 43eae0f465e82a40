// Records in the memory of the bucket's thread: the default backend.

import { randomBytes } from 'node:crypto'
import { errors } from '../../errors/index.js'
import type {
  BucketInfo,
  BucketSeed,
  BucketStore,
  NewBatch,
  QueueBackend,
  ReadLimits,
  StoredBatch,
} from '../backend.js'
import { Keys } from './keys.js'

/** What a batch takes besides its bytes. */
const BATCH_BYTES = 128

interface Kept extends StoredBatch {
  readonly timeMs: number
}

export const memoryBackend: QueueBackend = {
  home: 'memory',
  open: (bucket, seed) => new MemoryStore(bucket, seed),
}

class MemoryStore implements BucketStore {
  readonly epoch: string
  readonly #bucket: BucketInfo
  /** Those from #head on. */
  #batches: (Kept | undefined)[] = []
  #head = 0
  next: number
  bytes = 0
  readonly #keys: Keys
  readonly #groups: Map<string, number>

  constructor(bucket: BucketInfo, seed: BucketSeed | undefined) {
    this.#bucket = bucket
    this.epoch = seed?.epoch ?? randomBytes(8).toString('hex')
    this.next = seed?.first ?? 0
    this.#keys = new Keys(seed?.keys)
    this.#groups = new Map(seed?.groups)
  }

  get first(): number {
    this.#expire()
    return this.#batches[this.#head]?.offset ?? this.next
  }

  /** Hot: queue-put. */
  append({ bytes, count, key }: NewBatch): number {
    const known = key === '' ? undefined : this.#keys.get(key)
    if (known !== undefined) return known
    const offset = this.next
    this.#makeRoom(count, bytes.length + BATCH_BYTES)
    this.#batches.push({ offset, count, bytes, timeMs: Date.now() })
    this.bytes += bytes.length + BATCH_BYTES
    this.next = offset + count
    if (key !== '') this.#keys.add(key, offset)
    return offset
  }

  #makeRoom(count: number, bytes: number): void {
    const { retention, topic, bucketId } = this.#bucket
    const { maxRecords, maxBytes, whenFull } = retention
    const most = (records: number, size: number) => records > maxRecords || size > maxBytes
    this.#expire()
    const records = () => this.next - (this.#batches[this.#head]?.offset ?? this.next)
    if (!most(records() + count, this.bytes + bytes)) return
    const limit = `${records()} records of ${maxRecords}, ${this.bytes} bytes of ${maxBytes}`
    if (whenFull === 'fail' || most(count, bytes)) throw errors.queueFull(topic, bucketId, limit)
    while (most(records() + count, this.bytes + bytes)) this.#dropFirst()
  }

  #expire(): void {
    const { maxAgeMs } = this.#bucket.retention
    if (maxAgeMs === Number.POSITIVE_INFINITY) return
    const before = Date.now() - maxAgeMs
    for (let one = this.#batches[this.#head]; one !== undefined && one.timeMs < before; ) {
      this.#dropFirst()
      one = this.#batches[this.#head]
    }
  }

  #dropFirst(): void {
    const dropped = this.#batches[this.#head]
    if (dropped === undefined) return
    this.bytes -= dropped.bytes.length + BATCH_BYTES
    this.#batches[this.#head++] = undefined
    if (this.#head < 1024 || this.#head * 2 < this.#batches.length) return
    this.#batches = this.#batches.slice(this.#head)
    this.#head = 0
  }

  /** Hot: queue-get. */
  read(from: number, { records, bytes }: ReadLimits): StoredBatch[] {
    this.#expire()
    const found: StoredBatch[] = []
    let count = 0
    let size = 0
    for (let i = this.#placeOf(from); i < this.#batches.length && count < records && size < bytes; i++) {
      const { offset, count: of, bytes: kept } = this.#batches[i] as Kept
      found.push({ offset, count: of, bytes: kept })
      count += of - Math.max(from - offset, 0)
      size += kept.length
    }
    return found
  }

  /** Of the batch that holds it, or of the first after it. */
  #placeOf(offset: number): number {
    let low = this.#head
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { offset: from, count } = this.#batches[middle] as Kept
      if (from + count <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  flush(): void {
    // Memory is as durable as it is.
  }

  commit(group: string, offset: number): void {
    this.#groups.set(group, offset)
  }

  committed(group: string): number | undefined {
    return this.#groups.get(group)
  }

  seed(): BucketSeed {
    return { epoch: this.epoch, first: this.first, groups: [...this.#groups], keys: this.#keys.entries() }
  }

  close(): void {
    this.#batches = []
    this.#head = 0
    this.bytes = 0
  }
}
