// Writes records to a topic (contract 7.1, 7.2).

import { randomBytes } from 'node:crypto'
import { type TraceContext, traceContext } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { ActorSystem } from '../system/index.js'
import { Buckets } from './bucket-id.js'
import { Finder } from './finder.js'
import { Lane } from './lane.js'
import { Batch, type Encoded } from './records.js'
import type { WriterStats } from './requests.js'
import {
  checkPut,
  DEFAULT_TIMEOUT_MS,
  type PutOptions,
  type QueueWriteOptions,
  type TopicSpec,
} from './spec.js'

/** Where a record was written. */
export interface Written {
  readonly bucketId: number
  readonly offset: number
}

const NO_OPTIONS: PutOptions = {}

/**
 * Writes records to a topic, each to the bucket that its column says. Made by `pul.queue.write(topic, options)`.
 * @template T the type of the records
 */
export class QueueWriter<T extends object = Record<string, unknown>> {
  readonly topic: string
  readonly numBuckets: number
  readonly #timeoutMs: number
  readonly #buckets: Buckets
  readonly #lanes: Lane[]
  readonly #isTraced: boolean
  readonly #id = randomBytes(8).toString('hex')
  #puts = 0
  #isClosed = false
  readonly #underWay = new Set<Promise<unknown>>()

  /** @internal Made by pul.queue.write. */
  constructor(system: ActorSystem, spec: TopicSpec, options: QueueWriteOptions) {
    this.topic = spec.topic
    this.numBuckets = spec.numBuckets
    this.#isTraced = system.host.thread.isTraced
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#buckets = new Buckets(options.bucketColumn ?? 'id', spec.numBuckets)
    const finder = new Finder(system, spec)
    const lost = (bucketId: number, from: number) =>
      system.happened({
        name: 'queueGap',
        data: { topic: spec.topic, bucketId, from, to: 0, reason: 'lost' },
      })
    this.#lanes = Array.from({ length: spec.numBuckets }, (_, i) => new Lane(finder, spec.topic, i, lost))
  }

  /**
   * Writes a record, or an array of them: they can be read when it resolves. What goes to one bucket is written whole or not at
   * all, in the order of the puts.
   * @param options.idempotencyKey text of this put's alone: a put that is tried again with it writes nothing twice, as far as
   *   its bucket remembers its last 10,000
   * @param options.timeoutMs milliseconds, also for a bucket that is on its way to another node; 30,000 unless set
   * @returns the bucket and the offset of each record
   * @throws PulsingBusinessError with code 400 for a record that has no such column, ERR_PULSING_NOT_SERIALIZABLE,
   *   ERR_PULSING_MESSAGE_TOO_LARGE (nothing is written then); ERR_PULSING_QUEUE_FULL, ERR_PULSING_BUCKET_UNAVAILABLE,
   *   ERR_PULSING_BUCKET_LOST, ERR_PULSING_STORAGE_FAILED, ERR_PULSING_QUEUE_CLOSED
   */
  put(record: T, options?: PutOptions): Promise<Written>
  put(records: readonly T[], options?: PutOptions): Promise<Written[]>
  async put(given: T | readonly T[], options: PutOptions = NO_OPTIONS): Promise<Written | Written[]> {
    if (options !== NO_OPTIONS) checkPut(options)
    if (this.#isClosed) throw errors.queueClosed('writer', this.topic)
    const key = options.idempotencyKey ?? `${this.#id}.${this.#puts++}`
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    const put = Array.isArray(given)
      ? this.#putAll(given as readonly T[], key, timeoutMs)
      : this.#putOne(given as T, key, timeoutMs)
    this.#underWay.add(put)
    try {
      return await put
    } finally {
      this.#underWay.delete(put)
    }
  }

  async #putOne(record: T, key: string, timeoutMs: number): Promise<Written> {
    const bucketId = this.#buckets.of(record)
    const batch = new Batch()
    batch.add(record)
    return { bucketId, offset: await this.#write(bucketId, batch.encode(this.#trace()), key, timeoutMs) }
  }

  /** Hot: queue-put. Nothing is sent before all of it is bytes. */
  async #putAll(records: readonly T[], key: string, timeoutMs: number): Promise<Written[]> {
    const batches: (Batch | undefined)[] = new Array(this.numBuckets).fill(undefined)
    const places: number[] = new Array(records.length)
    for (let i = 0; i < records.length; i++) {
      const bucketId = this.#buckets.of(records[i])
      let batch = batches[bucketId]
      if (batch === undefined) {
        batch = new Batch()
        batches[bucketId] = batch
      }
      batch.add(records[i])
      places[i] = bucketId
    }
    const trace = this.#trace()
    const encoded = batches.map((batch) => batch?.encode(trace))
    const offsets: number[] = new Array(this.numBuckets)
    const done = await Promise.allSettled(
      encoded.map(async (batch, bucketId) => {
        if (batch !== undefined) offsets[bucketId] = await this.#write(bucketId, batch, key, timeoutMs)
      }),
    )
    const failed = done.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return places.map((bucketId) => ({ bucketId, offset: (offsets[bucketId] as number)++ }))
  }

  /** What is put belongs to it, and who reads it is told (queue.traceOf). */
  #trace(): TraceContext | undefined {
    return this.#isTraced ? traceContext() : undefined
  }

  #write(bucketId: number, batch: Encoded, key: string, timeoutMs: number): Promise<number> {
    return (this.#lanes[bucketId] as Lane).put(batch, key, timeoutMs)
  }

  /** Waits for the puts under way, and makes what was put durable where the backend is. Errors as put. */
  async flush(): Promise<void> {
    if (this.#isClosed) throw errors.queueClosed('writer', this.topic)
    await Promise.allSettled(this.#underWay)
    await Promise.all(this.#lanes.filter((lane) => lane.isUsed).map((lane) => lane.flush(this.#timeoutMs)))
  }

  /** Counts of each bucket at this moment. Throws ERR_PULSING_BUCKET_UNAVAILABLE. */
  stats(): Promise<WriterStats[]> {
    return Promise.all(this.#lanes.map((lane) => lane.stats(this.#timeoutMs)))
  }

  /** Waits for the puts under way; from here on a put is ERR_PULSING_QUEUE_CLOSED. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#underWay)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
