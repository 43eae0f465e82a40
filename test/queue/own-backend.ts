// A backend as a user may write one: records in a map of the process, where the next system finds them again.

import {
  type BucketInfo,
  type BucketSeed,
  type BucketStore,
  type NewBatch,
  PulsingRuntimeError,
  type QueueBackend,
  type StoredBatch,
} from 'pulsing'

interface Kept extends StoredBatch {
  readonly timeMs: number
}

/** What outlives its store. */
interface Shelf {
  readonly numBuckets: number
  batches: Kept[]
  next: number
  readonly keys: Map<string, number>
  readonly groups: Map<string, number>
}

class ShelfStore implements BucketStore {
  readonly epoch = 'the only one'
  readonly #bucket: BucketInfo
  readonly #shelf: Shelf

  constructor(bucket: BucketInfo, shelf: Shelf) {
    this.#bucket = bucket
    this.#shelf = shelf
  }

  get first(): number {
    this.#dropOld()
    return this.#shelf.batches[0]?.offset ?? this.#shelf.next
  }

  get next(): number {
    return this.#shelf.next
  }

  get bytes(): number {
    return this.#shelf.batches.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  #dropOld(): void {
    const before = Date.now() - this.#bucket.retention.maxAgeMs
    while ((this.#shelf.batches[0]?.timeMs ?? before) < before) this.#shelf.batches.shift()
  }

  async append({ bytes, count, key }: NewBatch): Promise<number> {
    // As slow as a disk or a network, so that others come meanwhile.
    await new Promise((settle) => setImmediate(settle))
    const shelf = this.#shelf
    const known = shelf.keys.get(key)
    if (known !== undefined) return known
    const { bucketId, retention } = this.#bucket
    const { maxRecords, whenFull } = retention
    while (shelf.batches.length > 0 && shelf.next - this.first + count > maxRecords) {
      if (whenFull === 'fail')
        throw new PulsingRuntimeError('ERR_PULSING_QUEUE_FULL', 'io', `Bucket ${bucketId} is full: read on.`)
      shelf.batches.shift()
    }
    const offset = shelf.next
    shelf.batches.push({ offset, count, bytes, timeMs: Date.now() })
    shelf.next += count
    if (key !== '') shelf.keys.set(key, offset)
    return offset
  }

  async read(from: number, limits: { records: number; bytes: number }): Promise<StoredBatch[]> {
    const found: StoredBatch[] = []
    let records = 0
    let bytes = 0
    for (const batch of this.#shelf.batches) {
      if (batch.offset + batch.count <= from) continue
      if (records >= limits.records || bytes >= limits.bytes) break
      found.push(batch)
      records += batch.count
      bytes += batch.bytes.length
    }
    return found
  }

  flush(): void {
    // It is where it is.
  }

  commit(group: string, offset: number): void {
    this.#shelf.groups.set(group, offset)
  }

  committed(group: string): number | undefined {
    return this.#shelf.groups.get(group)
  }

  seed(): BucketSeed {
    const { keys, groups } = this.#shelf
    return { epoch: this.epoch, first: this.first, keys: [...keys], groups: [...groups] }
  }

  close(): void {
    // The next store finds it on its shelf.
  }
}

export function shelfBackend(): QueueBackend {
  const shelves = new Map<string, Shelf>()
  return {
    home: 'shared',
    open: (bucket) => {
      const key = `${bucket.topic}/${bucket.bucketId}`
      const { numBuckets } = bucket
      const shelf: Shelf = shelves.get(key) ?? {
        numBuckets,
        batches: [],
        next: 0,
        keys: new Map(),
        groups: new Map(),
      }
      shelves.set(key, shelf)
      return new ShelfStore(bucket, shelf)
    },
    numBucketsOf: (topic) => [...shelves].find(([key]) => key.startsWith(`${topic}/`))?.[1].numBuckets,
  }
}
