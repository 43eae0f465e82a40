// Records in NATS JetStream: a stream a bucket, a message a batch. Any node can open a bucket; two that hold one by mistake find out
// at the first write, since each says which message it takes for the last.

import type { PubAck, StoredMsg } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
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
import { REQUEST_MS, Server } from './jetstream-server.js'
import { Keys } from './keys.js'

const OFFSET = 'Pulsing-Offset'
const COUNT = 'Pulsing-Count'

/** What groups committed, of all topics: the last message of each subject. */
const GROUPS = 'pulsing-groups'
/** The server's code for a write that takes another message for the last. */
const WRONG_LAST = 10_071

type Options = Readonly<Record<string, unknown>>

export const jetstreamBackend: QueueBackend = {
  home: 'shared',
  check: (options) => void serversOf(options),
  open: async (bucket) => {
    const server = await Server.at(serversOf(bucket.options))
    try {
      return await JetStreamStore.open(bucket, server)
    } catch (error) {
      server.release()
      throw failed(bucket, 'can not be opened', error)
    }
  },
  numBucketsOf: async (topic, options) => {
    const server = await Server.at(serversOf(options))
    try {
      return (await server.find(streamOf(topic, 0)))?.numBuckets
    } finally {
      server.release()
    }
  },
}

function serversOf(options: Options): string[] {
  const { servers, ...rest } = options
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw errors.unknownOption(`backendOptions.${unknown}`, undefined, ['servers'], rest[unknown])
  const all = Array.isArray(servers) ? (servers as unknown[]) : [servers]
  if (all.length > 0 && all.every((one) => typeof one === 'string' && one !== '')) return all as string[]
  throw errors.invalidOption(
    'backendOptions.servers',
    servers,
    "an address of a NATS server, or several: ['127.0.0.1:4222']",
  )
}

function failed(bucket: BucketInfo, what: string, cause: unknown): Error {
  return errors.storageFailed(`Bucket ${bucket.bucketId} of ${bucket.topic} in JetStream ${what}`, cause)
}

/** Names of streams and subjects have no dots. */
function word(text: string): string {
  return text.replaceAll('.', '+')
}

function streamOf(topic: string, bucketId: number): string {
  return `pulsing-${word(topic)}-${bucketId}`
}

/** What a message is of its bucket. */
interface Place {
  readonly sequence: number
  readonly offset: number
  readonly count: number
  readonly timeMs: number
  readonly data: Uint8Array
}

function placeOf(message: StoredMsg): Place {
  const offset = Number(message.header.get(OFFSET))
  const count = Number(message.header.get(COUNT))
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(count) || count < 1)
    throw new Error(`message ${message.seq} of its stream is none that this backend wrote`)
  return { sequence: message.seq, offset, count, timeMs: message.time.getTime(), data: message.data }
}

class JetStreamStore implements BucketStore {
  readonly #bucket: BucketInfo
  readonly #server: Server
  readonly #stream: string
  readonly #subject: string
  readonly #keys = new Keys()
  epoch = ''
  next = 0
  bytes = 0
  /** The oldest that is there, and the last of the stream, 0 where there was none. */
  #oldest: Place | undefined
  #last = 0
  /** Where the reader that came last goes on: a sequence, and its offset. */
  #hint = { sequence: 0, offset: 0 }

  static async open(bucket: BucketInfo, server: Server): Promise<JetStreamStore> {
    const store = new JetStreamStore(bucket, server)
    const { topic, bucketId, numBuckets } = bucket
    const found = await server.find(streamOf(topic, bucketId))
    if (found === undefined)
      await server.make(store.#stream, store.#subject, JSON.stringify({ topic, numBuckets }))
    else if (found.numBuckets !== numBuckets)
      throw errors.queueConflict(topic, 'numBuckets', found.numBuckets, numBuckets)
    await store.#load()
    return store
  }

  private constructor(bucket: BucketInfo, server: Server) {
    this.#bucket = bucket
    this.#server = server
    this.#stream = streamOf(bucket.topic, bucket.bucketId)
    this.#subject = `pulsing.${word(bucket.topic)}.${bucket.bucketId}`
  }

  /** As the server has it. */
  async #load(): Promise<void> {
    const found = await this.#server.find(this.#stream)
    if (found === undefined) throw new Error(`the stream ${this.#stream} was deleted`)
    this.epoch = found.created
    this.bytes = found.bytes
    this.#last = found.last
    const { state } = await this.#server.manager.streams.info(this.#stream)
    const first = await this.#server.message(this.#stream, state.first_seq)
    const last = await this.#server.message(this.#stream, state.last_seq)
    this.#oldest = first === undefined ? undefined : placeOf(first)
    const end = last === undefined ? undefined : placeOf(last)
    if (end !== undefined) this.next = end.offset + end.count
  }

  get first(): number {
    const oldest = this.#oldest
    if (oldest === undefined) return this.next
    // The last message stays, since it says the next offset; its records are gone all the same.
    const isOld = oldest.sequence === this.#last && oldest.timeMs < this.#before
    return isOld ? this.next : oldest.offset
  }

  get #before(): number {
    return Date.now() - this.#bucket.retention.maxAgeMs
  }

  async append(batch: NewBatch): Promise<number> {
    const { bytes, count, key } = batch
    const known = key === '' ? undefined : this.#keys.get(key)
    if (known !== undefined) return known
    this.#checkSize(bytes)
    try {
      await this.#makeRoom(count, bytes.length)
      const offset = await this.#publish(batch, true)
      // The one before was the last until now, which stays.
      if (this.#bucket.retention.maxAgeMs !== Number.POSITIVE_INFINITY) await this.#makeRoom(0, 0)
      return offset
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_PULSING_QUEUE_FULL') throw error
      throw failed(this.#bucket, 'could not be written to', error)
    }
  }

  #checkSize({ length }: Uint8Array): void {
    const most = this.#server.maxPayload - 1024
    if (length > most) throw errors.messageTooLarge(length, most)
  }

  /**
   * Published at once, each behind the one before: none is stored where that was not. What fails is appended one by one, and what of
   * it was stored is known by its key.
   */
  async appendAll(batches: readonly NewBatch[]): Promise<number[]> {
    const offsets: number[] = []
    if (batches.length === 1 || isBounded(this.#bucket.retention) || batches.some(({ key }) => key === '')) {
      for (const batch of batches) offsets.push(await this.append(batch))
      return offsets
    }
    const sent = new Map<NewBatch, Promise<PubAck>>()
    for (const { bytes } of batches) this.#checkSize(bytes)
    let { next } = this
    let before = ''
    for (const batch of batches) {
      const known = this.#keys.get(batch.key)
      offsets.push(known ?? next)
      if (known !== undefined) continue
      const acked = this.#send(batch, next, this.#last + sent.size, before)
      // It is waited for below, unless one before it has failed.
      acked.catch(() => undefined)
      sent.set(batch, acked)
      before = batch.key
      next += batch.count
    }
    try {
      for (const [batch, acked] of sent) {
        const { seq, duplicate } = await acked
        if (duplicate || seq !== this.#last + 1)
          throw new Error(`${seq} is not the message behind ${this.#last}`)
        this.#stored(batch, seq)
      }
    } catch (error) {
      // Until the rest is settled too, one by one would find the last to be another each time.
      await Promise.allSettled(sent.values())
      throw failed(this.#bucket, 'could not be written to', error)
    }
    return offsets
  }

  /**
   * @param lastSequence of the message that it is to stand behind
   * @param lastKey and its key, where that is known: its number may be another's message by the time it gets there
   */
  #send(
    { bytes, count, key }: NewBatch,
    offset: number,
    lastSequence: number,
    lastKey = '',
  ): Promise<PubAck> {
    const header = headers()
    header.set(OFFSET, String(offset))
    header.set(COUNT, String(count))
    return this.#server.client.publish(this.#subject, bytes, {
      headers: header,
      timeout: REQUEST_MS,
      expect: { lastSequence, ...(lastKey === '' ? {} : { lastMsgID: lastKey }) },
      ...(key === '' ? {} : { msgID: key }),
    })
  }

  #stored({ bytes, count, key }: NewBatch, sequence: number): number {
    const offset = this.next
    this.#last = sequence
    this.next = offset + count
    this.bytes += bytes.length
    this.#oldest ??= { sequence, offset, count, timeMs: Date.now(), data: bytes }
    if (key !== '') this.#keys.add(key, offset)
    return offset
  }

  async #publish(batch: NewBatch, again: boolean): Promise<number> {
    try {
      const { seq, duplicate } = await this.#send(batch, this.next, this.#last)
      return duplicate ? await this.#known(batch.key, seq) : this.#stored(batch, seq)
    } catch (error) {
      // What was written before its answer was lost, or by another node that held the bucket.
      if (!again || !isWrongLast(error)) throw error
      await this.#load()
      return this.#publish(batch, false)
    }
  }

  async #known(key: string, sequence: number): Promise<number> {
    const message = await this.#server.message(this.#stream, sequence)
    if (message === undefined) throw new Error('the put was written before, and is gone')
    const { offset } = placeOf(message)
    this.#keys.add(key, offset)
    if (sequence > this.#last) await this.#load()
    return offset
  }

  async #makeRoom(count: number, size: number): Promise<void> {
    const { retention, topic, bucketId } = this.#bucket
    const { maxBytes, maxRecords, whenFull } = retention
    const isOver = (records: number, bytes: number) => records > maxRecords || bytes > maxBytes
    for (;;) {
      const oldest = this.#oldest
      if (oldest === undefined) return
      const isOld = oldest.timeMs < this.#before
      const isFull = isOver(this.next - oldest.offset + count, this.bytes + size)
      if (!isOld && isFull && (whenFull === 'fail' || isOver(count, size)))
        throw errors.queueFull(topic, bucketId, `${this.next - oldest.offset} records, ${this.bytes} bytes`)
      if ((!isOld && !isFull) || oldest.sequence === this.#last) return
      const next = await this.#server.message(this.#stream, oldest.sequence + 1)
      if (next === undefined) return
      await this.#server.manager.streams.purge(this.#stream, { seq: next.seq })
      this.#oldest = placeOf(next)
      this.bytes -= oldest.data.length
    }
  }

  async read(from: number, { records, bytes }: ReadLimits): Promise<StoredBatch[]> {
    const found: StoredBatch[] = []
    let count = 0
    let size = 0
    try {
      let sequence = await this.#sequenceOf(from)
      for (; sequence <= this.#last && count < records && size < bytes; sequence++) {
        const message = await this.#server.message(this.#stream, sequence)
        if (message === undefined) continue
        const { offset, count: of, data } = placeOf(message)
        if (offset + of <= from) continue
        found.push({ offset, count: of, bytes: data })
        count += of - Math.max(from - offset, 0)
        size += data.length
        this.#hint = { sequence: sequence + 1, offset: offset + of }
      }
    } catch (error) {
      throw failed(this.#bucket, 'could not be read', error)
    }
    return found
  }

  /** Of the message that holds an offset: by halves, unless it is where the last read ended. */
  async #sequenceOf(offset: number): Promise<number> {
    if (this.#hint.offset === offset && this.#hint.sequence > 0) return this.#hint.sequence
    let low = this.#oldest?.sequence ?? 1
    let high = this.#last
    while (low < high) {
      const middle = (low + high) >>> 1
      const message = await this.#server.message(this.#stream, middle)
      const place = message === undefined ? undefined : placeOf(message)
      if (place === undefined || place.offset + place.count <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  flush(): void {
    // A put is answered when the server has stored it.
  }

  #groupSubject(group: string): string {
    return `${GROUPS}.${word(this.#bucket.topic)}.${this.#bucket.bucketId}.${word(group)}`
  }

  async commit(group: string, offset: number): Promise<void> {
    try {
      await this.#server.make(GROUPS, `${GROUPS}.>`, 'offsets that groups of readers committed', 1)
      await this.#server.client.publish(this.#groupSubject(group), String(offset), { timeout: REQUEST_MS })
    } catch (error) {
      throw failed(this.#bucket, 'could not be written to', error)
    }
  }

  async committed(group: string): Promise<number | undefined> {
    try {
      const message = await this.#server.last(GROUPS, this.#groupSubject(group))
      return message === undefined ? undefined : Number(message.string())
    } catch (error) {
      throw failed(this.#bucket, 'could not be read', error)
    }
  }

  seed(): BucketSeed {
    return { epoch: this.epoch, first: this.first, groups: [], keys: this.#keys.entries() }
  }

  close(): void {
    this.#server.release()
  }
}

function isWrongLast(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return code === WRONG_LAST || /wrong last sequence/i.test(String(message))
}
