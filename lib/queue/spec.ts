// What a topic is, as its first writer says, and what is asked of a reader and a writer: options, defaults, checks.

import { errors } from '../errors/index.js'
import {
  type Check,
  type Checks,
  check,
  flag,
  milliseconds,
  oneOf,
  signal,
  text,
  whole,
  wholeOrInfinity,
} from '../options/index.js'
import type { FullRetention, Retention } from './backend.js'

/** Options of `pul.queue.write` and `pul.queue.read` that say what a topic is; those that are left out are as its first writer said. */
export interface TopicOptions {
  /** Buckets of the topic, 1 to 4096; 4 unless set. */
  readonly numBuckets?: number | undefined
  /** `memory` (default), `lmdb`, `jetstream`, or one of registerBackend. */
  readonly backend?: string | undefined
  /** Of the backend: `{ folder }` for lmdb, `{ servers }` for jetstream. */
  readonly backendOptions?: Readonly<Record<string, unknown>> | undefined
  readonly retention?: Retention | undefined
}

/** Options of `pul.queue.write`. */
export interface QueueWriteOptions extends TopicOptions {
  /** The column whose value says a record's bucket: `id` unless set. */
  readonly bucketColumn?: string | undefined
  /** Milliseconds that a put or a flush may take, moves of its buckets among them; 30,000 unless set. */
  readonly timeoutMs?: number | undefined
}

/** Where a reader begins in a bucket: at the oldest record, behind the newest, or at an offset. */
export type ReadFrom = 'earliest' | 'latest' | number

/** Options of `pul.queue.read`. */
export interface QueueReadOptions extends TopicOptions {
  /** Read one bucket, or these; all unless set. */
  readonly bucketId?: number | undefined
  readonly bucketIds?: readonly number[] | undefined
  /** With worldSize: read the buckets whose number modulo worldSize is rank. */
  readonly rank?: number | undefined
  readonly worldSize?: number | undefined
  /** Where to begin: `earliest` unless set, or where the group has committed. */
  readonly from?: ReadFrom | undefined
  /** Offsets are stored under that name by commit(). */
  readonly group?: string | undefined
  /** Milliseconds that a get may take to find its buckets; 30,000 unless set. */
  readonly timeoutMs?: number | undefined
}

/** Options of `reader.get`. */
export interface GetOptions {
  /** Records at most, 100 unless set. */
  readonly limit?: number | undefined
  /** Wait until there is one. */
  readonly wait?: boolean | undefined
  /** With wait: milliseconds to wait, Infinity unless set; then there are none. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Options of `writer.put`. */
export interface PutOptions {
  /** Text that is this put's alone: tried again with the same records, it writes nothing twice. */
  readonly idempotencyKey?: string | undefined
  readonly timeoutMs?: number | undefined
}

/** What a topic is. */
export interface TopicSpec {
  readonly topic: string
  readonly numBuckets: number
  readonly backend: string
  readonly backendOptions: Readonly<Record<string, unknown>>
  readonly retention: FullRetention
}

export const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_BUCKETS = 4
const MOST_BUCKETS = 4096
const MOST_RECORDS = 1_000_000
const MEMORY_BYTES = 256 * 1024 * 1024

const plain: Check = (name, value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw errors.invalidOption(name, value, 'an object of options')
}

const numbers: Check = (name, value) => {
  if (!Array.isArray(value) || value.length === 0)
    throw errors.invalidOption(name, value, 'an array of numbers of buckets')
  for (const [i, one] of (value as unknown[]).entries()) whole(0, MOST_BUCKETS - 1)(`${name}[${i}]`, one)
}

const from: Check = (name, value) => {
  if (value === 'earliest' || value === 'latest' || (Number.isSafeInteger(value) && (value as number) >= 0))
    return
  throw errors.invalidOption(name, value, "'earliest', 'latest', or an offset")
}

const word: Check = (name, value) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9._-]{1,128}$/.test(value))
    throw errors.invalidOption(name, value, '1 to 128 characters of A-Za-z0-9._-')
}

const RETENTION: Checks = {
  maxAgeMs: milliseconds,
  maxBytes: wholeOrInfinity(1),
  maxRecords: wholeOrInfinity(1),
  whenFull: oneOf('drop-oldest', 'fail'),
}

const TOPIC: Checks = {
  numBuckets: whole(1, MOST_BUCKETS),
  backend: text,
  backendOptions: plain,
  retention: (name, value) => check(name, value, RETENTION),
}

const WRITE: Checks = { ...TOPIC, bucketColumn: text, timeoutMs: milliseconds }
const READ: Checks = {
  ...TOPIC,
  bucketId: whole(0, MOST_BUCKETS - 1),
  bucketIds: numbers,
  rank: whole(0),
  worldSize: whole(1),
  from,
  group: word,
  timeoutMs: milliseconds,
}
const GET: Checks = { limit: whole(1, MOST_RECORDS), wait: flag, timeoutMs: milliseconds, signal }
const PUT: Checks = {
  idempotencyKey: (name, value) => {
    text(name, value)
    whole(1, 256)(`${name}.length`, (value as string).length)
  },
  timeoutMs: milliseconds,
}

export function checkTopic(topic: unknown): string {
  if (typeof topic === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(topic)) return topic
  throw errors.invalidArgument('topic', topic, '1 to 128 characters of A-Za-z0-9._-')
}

export function checkWrite(options: QueueWriteOptions): void {
  check('', options, WRITE)
}

export function checkRead(options: QueueReadOptions): void {
  check('', options, READ)
  const { bucketId, bucketIds, rank, worldSize } = options
  const ways = [bucketId, bucketIds, rank ?? worldSize].filter((one) => one !== undefined)
  if (ways.length > 1)
    throw errors.invalidOption('bucketIds', bucketIds, 'one of bucketId, bucketIds, and rank with worldSize')
  if ((rank === undefined) !== (worldSize === undefined))
    throw errors.invalidOption('rank', rank, 'rank and worldSize together')
  if (rank !== undefined && rank >= (worldSize as number))
    throw errors.invalidOption('rank', rank, `a number below worldSize, ${worldSize}`)
}

export function checkGet(options: GetOptions): void {
  check('', options, GET)
}

export function checkPut(options: PutOptions): void {
  check('', options, PUT)
}

/** The buckets that a reader reads, of so many. Throws ERR_PULSING_INVALID_OPTION. */
export function bucketsOf(
  { bucketId, bucketIds, rank, worldSize }: QueueReadOptions,
  numBuckets: number,
): number[] {
  const all = Array.from({ length: numBuckets }, (_, i) => i)
  if (rank !== undefined) return all.filter((i) => i % (worldSize as number) === rank)
  if (bucketId === undefined && bucketIds === undefined) return all
  const wanted = bucketIds ?? [bucketId as number]
  for (const one of wanted)
    if (one >= numBuckets)
      throw errors.invalidOption(
        bucketIds === undefined ? 'bucketId' : 'bucketIds',
        one,
        `a bucket of the topic, 0 to ${numBuckets - 1}`,
      )
  return [...new Set(wanted)].sort((a, b) => a - b)
}

/** What a topic that nobody has written to becomes. */
export function newTopic(topic: string, given: TopicOptions): TopicSpec {
  const { numBuckets = DEFAULT_BUCKETS, backend = 'memory', backendOptions = {}, retention = {} } = given
  return {
    topic,
    numBuckets,
    backend,
    backendOptions,
    retention: {
      maxAgeMs: retention.maxAgeMs ?? Number.POSITIVE_INFINITY,
      maxBytes: retention.maxBytes ?? (backend === 'memory' ? MEMORY_BYTES : Number.POSITIVE_INFINITY),
      maxRecords: retention.maxRecords ?? Number.POSITIVE_INFINITY,
      whenFull: retention.whenFull ?? 'drop-oldest',
    },
  }
}

/** Throws ERR_PULSING_QUEUE_CONFLICT where what is given is not what the topic has. */
export function checkSame(spec: TopicSpec, given: TopicOptions): void {
  const differ = (option: string, is: unknown, other: unknown) => {
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(is))
      throw errors.queueConflict(spec.topic, option, is, other)
  }
  differ('numBuckets', spec.numBuckets, given.numBuckets)
  differ('backend', spec.backend, given.backend)
  for (const [name, value] of Object.entries(given.backendOptions ?? {}))
    differ(`backendOptions.${name}`, spec.backendOptions[name], value)
  for (const [name, value] of Object.entries(given.retention ?? {}))
    differ(`retention.${name}`, spec.retention[name as keyof FullRetention], value)
}
