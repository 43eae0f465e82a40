// Reads records of a topic (contract 7.2): from an offset of its own in each of its buckets, and nothing is taken away.

import { errors } from '../errors/index.js'
import type { ActorSystem, QueueGap } from '../system/index.js'
import { Finder } from './finder.js'
import type { WriterStats } from './requests.js'
import { Source } from './source.js'
import {
  bucketsOf,
  checkGet,
  DEFAULT_TIMEOUT_MS,
  type GetOptions,
  type QueueReadOptions,
  type TopicSpec,
} from './spec.js'

const DEFAULT_LIMIT = 100

/** Records, and what lies between them and those of the call before. */
export class Records<T> extends Array<T> {
  /** Records that this reader will not see: lost with their node, or dropped before it came to them. */
  readonly gaps: QueueGap[] = []

  /** What map and its kin make of it is an array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
}

/** A bucket as its reader sees it. */
export interface ReaderStats extends WriterStats {
  /** The offset that it reads next. */
  readonly offset: number
  /** Records that it has not read. */
  readonly lag: number
}

/**
 * Reads records of a topic. Made by `pul.queue.read(topic, options)`.
 * @template T the type of the records
 */
export class QueueReader<T extends object = Record<string, unknown>> {
  readonly topic: string
  readonly numBuckets: number
  /** The buckets that it reads. */
  readonly bucketIds: readonly number[]
  readonly group: string | undefined
  readonly #system: ActorSystem
  readonly #sources: readonly Source[]
  /** The bucket that the next get begins with. */
  #turn = 0
  #getting: Promise<unknown> = Promise.resolve()
  readonly #closing = new AbortController()

  /** @internal Made by pul.queue.read. */
  constructor(system: ActorSystem, spec: TopicSpec, options: QueueReadOptions) {
    this.#system = system
    this.topic = spec.topic
    this.numBuckets = spec.numBuckets
    this.group = options.group
    this.bucketIds = bucketsOf(options, spec.numBuckets)
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const finder = new Finder(system, spec)
    this.#sources = this.bucketIds.map(
      (bucketId) =>
        new Source({
          finder,
          topic: spec.topic,
          bucketId,
          group: options.group,
          from: options.from,
          timeoutMs,
        }),
    )
  }

  /** @internal Each bucket is found, and where to begin in it. */
  async open(): Promise<this> {
    await Promise.all(this.#sources.map((source) => source.open()))
    return this
  }

  /**
   * The next records of its buckets: those of one bucket in the order in which they were written.
   * @param options.limit records at most, 100 unless set
   * @param options.wait until there is one, however long, or
   * @param options.timeoutMs so many milliseconds, after which there are none
   * @param options.signal aborted, it rejects with its reason, and no record is lost
   * @returns an array, with `gaps`: records that are missing before these, or that were lost with their node
   * @throws ERR_PULSING_BUCKET_UNAVAILABLE, ERR_PULSING_STORAGE_FAILED, ERR_PULSING_QUEUE_CLOSED, ERR_PULSING_INVALID_OPTION
   */
  get(options: GetOptions = {}): Promise<Records<T>> {
    // One after another: each goes on where the one before ended.
    const got = this.#getting.then(() => this.#get(options))
    this.#getting = got.catch(() => undefined)
    return got
  }

  async #get(options: GetOptions): Promise<Records<T>> {
    checkGet(options)
    this.#check()
    const { limit = DEFAULT_LIMIT, wait = false, timeoutMs = Number.POSITIVE_INFINITY, signal } = options
    signal?.throwIfAborted()
    const records = new Records<T>()
    this.#take(records, limit)
    if (records.length > 0) return records
    await Promise.all(this.#sources.map((source) => source.fetch(limit)))
    this.#take(records, limit)
    if (records.length > 0 || records.gaps.length > 0 || !wait) return records
    await this.#wait(timeoutMs, signal)
    signal?.throwIfAborted()
    this.#check()
    await Promise.all(this.#sources.map((source) => source.fetch(limit)))
    this.#take(records, limit)
    return records
  }

  /** What is here already, from each bucket in turn. */
  #take(records: Records<T>, limit: number): void {
    const count = this.#sources.length
    // The same share of each; then what is left, of those that have more.
    for (let i = 0; i < 2 * count && records.length < limit; i++) {
      const source = this.#sources[this.#turn] as Source
      const room = limit - records.length
      source.take(records, i < count ? Math.ceil(room / (count - i)) : room)
      for (const gap of source.takeGaps()) {
        records.gaps.push(gap)
        this.#system.happened({ name: 'queueGap', data: gap })
      }
      this.#turn = (this.#turn + 1) % count
    }
  }

  /** Until one of its buckets has something. */
  async #wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const over = new AbortController()
    const end = () => over.abort()
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(end, timeoutMs)
    signal?.addEventListener('abort', end, { once: true })
    this.#closing.signal.addEventListener('abort', end, { once: true })
    const ended = new Promise<void>((resolve) => {
      over.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    try {
      await Promise.race([ended, ...this.#sources.map((source) => source.wait(over.signal))])
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      this.#closing.signal.removeEventListener('abort', end)
      over.abort()
    }
  }

  /** Begins again with the oldest record of each bucket. */
  async reset(): Promise<void> {
    this.#check()
    for (const source of this.#sources) source.seek(0)
  }

  /**
   * Stores under its group what it has given out so far, so that the group's next reader goes on from there.
   * @throws ERR_PULSING_INVALID_OPTION where it has no group; ERR_PULSING_BUCKET_UNAVAILABLE
   */
  async commit(): Promise<void> {
    this.#check()
    const { group } = this
    if (group === undefined)
      throw errors.invalidOption(
        'group',
        undefined,
        'a name to pul.queue.read: commit stores offsets under it',
      )
    await Promise.all(this.#sources.map((source) => source.commit(group)))
  }

  /** Counts of each of its buckets at this moment. Throws ERR_PULSING_BUCKET_UNAVAILABLE. */
  async stats(): Promise<ReaderStats[]> {
    this.#check()
    return Promise.all(this.#sources.map((source) => source.stats()))
  }

  /** Reads no more; a get that waits rejects with ERR_PULSING_QUEUE_CLOSED, a loop ends. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const source of this.#sources) source.close()
  }

  /** Record by record, without end: it waits for what comes. Ends with the loop, or with close. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    while (!this.#closing.signal.aborted) {
      let records: Records<T>
      try {
        records = await this.get({ limit: 1, wait: true })
      } catch (error) {
        if (this.#closing.signal.aborted) return
        throw error
      }
      yield* records
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #check(): void {
    if (this.#closing.signal.aborted) throw errors.queueClosed('reader', this.topic)
  }
}
