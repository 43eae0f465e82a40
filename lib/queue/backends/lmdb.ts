// Records in a folder of this machine: an LMDB environment a bucket, in folder/topic/bucket. What was flushed is there after a crash.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { type Database, open, type RootDatabase } from 'lmdb'
import { errors } from '../../errors/index.js'
import {
  type BucketInfo,
  type BucketSeed,
  type BucketStore,
  isBounded,
  type NewBatch,
  type QueueBackend,
  type ReadLimits,
  type StoredBatch,
} from '../backend.js'
import { Keys } from './keys.js'
import { checkFile } from './lmdb-file.js'
import { folderOf, makeTopic, readTopic, setWhereabouts, topicFolder, whereabouts } from './lmdb-topic.js'

/** Before the bytes of a batch: how many records it has, and when it came. */
const HEAD_BYTES = 12
/** After a write that failed, closing may never end. */
const CLOSE_MS = 1000
/** A file beside the records of a bucket that another node has not handed over whole. */
const ARRIVING = 'arriving'

interface Meta {
  readonly epoch: string
  /** Offset of the first record that is there, and of the next; bytes of those between. */
  readonly first: number
  readonly next: number
  readonly bytes: number
}

export const lmdbBackend: QueueBackend = {
  home: 'node',
  isOnMainThread: true,
  check: (options) => void folderOf(options),
  open: (bucket, seed) => LmdbStore.open(bucket, seed),
  has: (bucket) => {
    const folder = join(topicFolder(bucket.topic, bucket.options), String(bucket.bucketId))
    const isHere = existsSync(join(folder, 'data.mdb')) && !existsSync(join(folder, ARRIVING))
    if (isHere) readTopic(bucket.topic, bucket.options, bucket.nodeId)
    return isHere
  },
  whereabouts,
  setWhereabouts,
  numBucketsOf: (topic, options) => readTopic(topic, options, undefined)?.numBuckets,
}

class LmdbStore implements BucketStore {
  readonly #bucket: BucketInfo
  readonly #folder: string
  readonly #root: RootDatabase<Buffer, string>
  readonly #batches: Database<Buffer, number>
  readonly #groups: Database<number, string>
  readonly #keyed: Database<number, string>
  readonly #keys: Keys
  #meta: Meta
  /** Settles when the last that was written is on disk; after a write that failed, the store's own would never. */
  #flushed: Promise<unknown> = Promise.resolve()

  static async open(bucket: BucketInfo, seed: BucketSeed | undefined): Promise<LmdbStore> {
    const { topic, options, nodeId, numBuckets, bucketId } = bucket
    const folder = join(topicFolder(topic, options), String(bucketId))
    const there = readTopic(topic, options, nodeId)
    if (there !== undefined && there.numBuckets !== numBuckets)
      throw errors.queueConflict(topic, 'numBuckets', there.numBuckets, numBuckets)
    try {
      // What is left of a time before it went to another node, or of its way here.
      if (seed !== undefined || existsSync(join(folder, ARRIVING)))
        rmSync(folder, { recursive: true, force: true })
      checkFile(join(folder, 'data.mdb'))
      mkdirSync(folder, { recursive: true })
      if (seed !== undefined) writeFileSync(join(folder, ARRIVING), '')
      if (there === undefined) makeTopic(bucket)
    } catch (error) {
      throw errors.storageFailed(`The folder ${folder} can't be opened`, error)
    }
    try {
      return await new LmdbStore(bucket, folder).#begin(seed)
    } catch (error) {
      throw errors.storageFailed(`The folder ${folder} can't be opened`, error)
    }
  }

  private constructor(bucket: BucketInfo, folder: string) {
    this.#bucket = bucket
    this.#folder = folder
    this.#root = open<Buffer, string>({
      path: folder,
      encoding: 'binary',
      noMemInit: true,
      maxDbs: 4,
      separateFlushed: true,
      // What begins a batch of its own accord would reject with nobody to hear it, which ends a process.
      eventTurnBatching: false,
    })
    this.#batches = this.#root.openDB<Buffer, number>({ name: 'batches', encoding: 'binary' })
    this.#groups = this.#root.openDB<number, string>({ name: 'groups', encoding: 'json' })
    this.#keyed = this.#root.openDB<number, string>({ name: 'keys', encoding: 'json' })
    const known = [...this.#keyed.getRange()].map(({ key, value }) => [key, value] as const)
    this.#keys = new Keys(known.sort(([, a], [, b]) => a - b))
    this.#meta = this.#readMeta() ?? { epoch: randomBytes(8).toString('hex'), first: 0, next: 0, bytes: 0 }
  }

  async #begin(seed: BucketSeed | undefined): Promise<this> {
    const { epoch, first, groups, keys } = seed ?? { ...this.#meta, groups: [], keys: [] }
    if (seed !== undefined) this.#meta = { epoch, first, next: first, bytes: 0 }
    await this.#commit(() => {
      this.#writeMeta(this.#meta)
      for (const [group, offset] of groups) void this.#groups.put(group, offset)
      for (const [key, offset] of keys) void this.#keyed.put(key, offset)
    })
    for (const [key, offset] of keys) this.#keys.add(key, offset)
    return this
  }

  #readMeta(): Meta | undefined {
    const bytes = this.#root.get('meta')
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Meta)
  }

  #writeMeta(meta: Meta): void {
    void this.#root.put('meta', Buffer.from(JSON.stringify(meta)))
  }

  get epoch(): string {
    return this.#meta.epoch
  }

  get first(): number {
    return this.#meta.first
  }

  get next(): number {
    return this.#meta.next
  }

  get bytes(): number {
    return this.#meta.bytes
  }

  async append(batch: NewBatch): Promise<number> {
    const [offset] = await this.appendAll([batch])
    return offset as number
  }

  /** The batches, their keys and what has to go for them, in one transaction. */
  async appendAll(batches: readonly NewBatch[]): Promise<number[]> {
    const before = this.#meta
    const writes: (() => void)[] = []
    const added = new Map<string, number>()
    const offsets: number[] = []
    let meta = before
    for (const { count, bytes, key } of batches) {
      const known = key === '' ? undefined : (this.#keys.get(key) ?? added.get(key))
      const offset = known ?? meta.next
      offsets.push(offset)
      if (known !== undefined) continue
      const value = Buffer.allocUnsafe(HEAD_BYTES + bytes.length)
      value.writeUInt32LE(count, 0)
      value.writeDoubleLE(Date.now(), 4)
      value.set(bytes, HEAD_BYTES)
      const room = this.#roomFor(meta, count, value.length)
      meta = { ...meta, first: room.first, next: offset + count, bytes: room.bytes + value.length }
      if (key !== '') added.set(key, offset)
      writes.push(() => {
        for (const old of room.dropped) void this.#batches.remove(old)
        void this.#batches.put(offset, value)
      })
      // What goes is looked for among what is there.
      if (room.dropped.length > 0 || isBounded(this.#bucket.retention)) {
        await this.#write(writes.splice(0), meta, added)
        added.clear()
      }
    }
    if (writes.length > 0) await this.#write(writes, meta, added)
    return offsets
  }

  async #write(
    writes: readonly (() => void)[],
    meta: Meta,
    added: ReadonlyMap<string, number>,
  ): Promise<void> {
    const forgotten: string[] = []
    for (const [key, offset] of added) {
      const oldest = this.#keys.add(key, offset)
      if (oldest !== undefined) forgotten.push(oldest)
    }
    try {
      await this.#commit(() => {
        for (const write of writes) write()
        for (const [key, offset] of added) void this.#keyed.put(key, offset)
        for (const key of forgotten) void this.#keyed.remove(key)
        this.#writeMeta(meta)
      })
    } catch (error) {
      for (const key of added.keys()) this.#keys.remove(key)
      throw this.#failed('could not be written to, and nothing of the batch was', error)
    }
    this.#meta = meta
  }

  /** What retention lets go, so that a batch of that size has room. Throws ERR_PULSING_QUEUE_FULL. */
  #roomFor(meta: Meta, count: number, size: number): { first: number; bytes: number; dropped: number[] } {
    const { retention, topic, bucketId } = this.#bucket
    const { maxAgeMs, maxBytes, maxRecords, whenFull } = retention
    let { first, bytes } = meta
    const { next } = meta
    const dropped: number[] = []
    const isOver = (records: number, all: number) => records > maxRecords || all > maxBytes
    const before = Date.now() - maxAgeMs
    const full = () => isOver(next - first + count, bytes + size)
    if (full() && (whenFull === 'fail' || isOver(count, size)) && maxAgeMs === Number.POSITIVE_INFINITY)
      throw errors.queueFull(
        topic,
        bucketId,
        `${next - first} records of ${maxRecords}, ${bytes} bytes of ${maxBytes}`,
      )
    if (!full() && maxAgeMs === Number.POSITIVE_INFINITY) return { first, bytes, dropped }
    for (const { key, value } of this.#batches.getRange()) {
      const isOld = value.readDoubleLE(4) < before
      if (!isOld && !full()) break
      if (!isOld && (whenFull === 'fail' || isOver(count, size)))
        throw errors.queueFull(
          topic,
          bucketId,
          `${next - first} records of ${maxRecords}, ${bytes} bytes of ${maxBytes}`,
        )
      dropped.push(key)
      first = key + value.readUInt32LE(0)
      bytes -= value.length
    }
    return { first, bytes, dropped }
  }

  read(from: number, { records, bytes }: ReadLimits): StoredBatch[] {
    const found: StoredBatch[] = []
    // The batch that holds it begins there, or before.
    const [start] = [...this.#batches.getKeys({ start: from, reverse: true, limit: 1 })]
    let count = 0
    let size = 0
    for (const { key: offset, value } of this.#batches.getRange({ start: start ?? from })) {
      const of = value.readUInt32LE(0)
      if (offset + of <= from) continue
      found.push({ offset, count: of, bytes: new Uint8Array(value.subarray(HEAD_BYTES)) })
      count += of - Math.max(from - offset, 0)
      size += value.length
      if (count >= records || size >= bytes) break
    }
    return found
  }

  /** All of it, or nothing. */
  async #commit(write: () => void): Promise<void> {
    try {
      await this.#root.transaction(write)
    } catch (error) {
      // What the system said of it, where that is known by then.
      const { commitError } = error as { commitError?: Promise<never> }
      throw await Promise.race([
        commitError?.catch((cause: unknown) => cause) ?? error,
        turn().then(() => error),
      ])
    }
    this.#flushed = Promise.resolve(this.#root.flushed)
    this.#flushed.catch(() => undefined)
  }

  /** On disk, the directory included. */
  async flush(): Promise<void> {
    try {
      await this.#flushed
    } catch (error) {
      throw this.#failed('could not be flushed', error)
    }
  }

  filled(): void {
    rmSync(join(this.#folder, ARRIVING))
  }

  async commit(group: string, offset: number): Promise<void> {
    try {
      await this.#commit(() => void this.#groups.put(group, offset))
    } catch (error) {
      throw this.#failed('could not be written to', error)
    }
  }

  committed(group: string): number | undefined {
    return this.#groups.get(group)
  }

  seed(): BucketSeed {
    const groups = [...this.#groups.getRange()].map(({ key, value }) => [key, value] as const)
    return { epoch: this.epoch, first: this.first, groups, keys: this.#keys.entries() }
  }

  async close(gone: boolean): Promise<void> {
    try {
      await this.flush()
    } finally {
      // It waits for a write that has failed, unless another comes after that.
      await this.#commit(() => this.#writeMeta(this.#meta)).catch(() => undefined)
      await Promise.race([this.#root.close(), sleep(CLOSE_MS, undefined, { ref: false })])
    }
    if (gone) rmSync(this.#folder, { recursive: true, force: true })
  }

  #failed(what: string, cause: unknown): Error {
    return errors.storageFailed(
      `Bucket ${this.#bucket.bucketId} of ${this.#bucket.topic} in ${this.#folder} ${what}`,
      cause,
    )
  }
}
