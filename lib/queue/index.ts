// What the layers above may use of the queue: `pul.queue`. What it is made of is loaded when it is first used.

import type { AnyClass } from '../actor/index.js'
import type { TraceContext } from '../engine/index.js'
import { errors, reading } from '../errors/index.js'
import { ActorSystem, addBuiltIns, getSystem } from '../system/index.js'
import { addBackend, type QueueBackend } from './backend.js'
import type { QueueReader } from './reader.js'
import type { QueueReport } from './requests.js'
import {
  checkRead,
  checkTopic,
  checkWrite,
  DEFAULT_TIMEOUT_MS,
  type QueueReadOptions,
  type QueueWriteOptions,
} from './spec.js'
import { traceOf } from './traces.js'
import type { QueueWriter } from './writer.js'

export type {
  BackendHome,
  BucketInfo,
  BucketSeed,
  BucketStore,
  FullRetention,
  NewBatch,
  QueueBackend,
  ReadLimits,
  Retention,
  StoredBatch,
} from './backend.js'
export type { QueueReader, ReaderStats, Records } from './reader.js'
export type { BucketStats, QueueReport, WriterStats } from './requests.js'
export type {
  GetOptions,
  PutOptions,
  QueueReadOptions,
  QueueWriteOptions,
  ReadFrom,
  TopicOptions,
} from './spec.js'
export type { QueueWriter, Written } from './writer.js'

const load = () => import('./client.js')

addBuiltIns(async () => [(await load()).QueueManager as AnyClass])

/** Queues of a system (contract, section 7). */
export class Queue {
  readonly #system: () => ActorSystem

  /** @internal */
  constructor(system: () => ActorSystem) {
    this.#system = system
  }

  /**
   * A writer to a topic, which is made by its first: what that says holds for all others.
   * @param topic 1 to 128 characters of `A-Za-z0-9._-`
   * @param options.bucketColumn the column whose value says a record's bucket, `id` unless set
   * @param options.numBuckets 1 to 4096, 4 unless set
   * @param options.backend `memory` (default), `lmdb`, `jetstream`, or a user's own
   * @param options.backendOptions of the backend
   * @param options.retention what a bucket keeps: `maxAgeMs`, `maxBytes`, `maxRecords`, and what it does `whenFull`
   * @param options.timeoutMs milliseconds that a put or a flush may take, 30,000 unless set
   * @throws ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_INVALID_OPTION, ERR_PULSING_QUEUE_CONFLICT, ERR_PULSING_BACKEND_NOT_FOUND,
   *   ERR_PULSING_NOT_INITIALIZED
   */
  async write<T extends object = Record<string, unknown>>(
    topic: string,
    options: QueueWriteOptions = {},
  ): Promise<QueueWriter<T>> {
    checkTopic(topic)
    checkWrite(options)
    const { findTopic, QueueWriter } = await load()
    const system = this.#system()
    const spec = await findTopic(system, topic, options, true, options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    return new QueueWriter<T>(system, spec, options)
  }

  /**
   * A reader of a topic: of all its buckets, or of those that `bucketId`, `bucketIds`, or `rank` and `worldSize` say.
   * @param topic as a writer named it
   * @param options.bucketId a bucket; `bucketIds` several; with `rank` and `worldSize`, those whose number modulo worldSize is rank
   * @param options.from `earliest`, `latest`, or an offset; unless set where the group has committed, else `earliest`
   * @param options.group a name under which commit() stores offsets
   * @param options.numBuckets needed where nobody has written to the topic yet
   * @throws ERR_PULSING_QUEUE_NOT_FOUND, ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_INVALID_OPTION, ERR_PULSING_QUEUE_CONFLICT,
   *   ERR_PULSING_BUCKET_UNAVAILABLE, ERR_PULSING_NOT_INITIALIZED
   */
  async read<T extends object = Record<string, unknown>>(
    topic: string,
    options: QueueReadOptions = {},
  ): Promise<QueueReader<T>> {
    checkTopic(topic)
    checkRead(options)
    const { findTopic, QueueReader } = await load()
    const system = this.#system()
    const spec = await findTopic(system, topic, options, false, options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    return new QueueReader<T>(system, spec, options).open()
  }

  /**
   * The trace that a record was put in, where the writer's system has the option `traces`: to be given to withTraceContext.
   * @param record as a reader gave it on this thread
   */
  traceOf(record: object): TraceContext | undefined {
    return traceOf(record)
  }

  /**
   * A backend of one's own, for `write` and `read` to name. Its buckets live on the main thread of each node, so it is registered
   * there, on each node.
   * @param name small letters, digits and -
   * @param factory makes it, or resolves to it, when it is first used
   * @throws ERR_PULSING_INVALID_ARGUMENT
   */
  registerBackend(name: string, factory: () => QueueBackend | Promise<QueueBackend>): void {
    addBackend(name, factory)
  }

  /** The queues of a system that `actorSystem` made, as those of `init`'s. Throws ERR_PULSING_INVALID_ARGUMENT. */
  of(system: ActorSystem): Queue {
    if (!reading('system', () => system instanceof ActorSystem))
      throw errors.invalidArgument('system', system, 'a system, as actorSystem gives it')
    return new Queue(() => system)
  }
}

/** Queues of the system that `init` made (contract, section 7), on any of its threads. */
export const queue: Queue = new Queue(getSystem)

/** The buckets that are on this node; none where nobody here has used a queue. Of the layers above. */
export async function queuesOf(system: ActorSystem): Promise<QueueReport[]> {
  try {
    const manager = await system.resolve('system/queue', { nodeId: system.nodeId })
    return (await manager.asAny().report?.()) as QueueReport[]
  } catch {
    return []
  }
}
