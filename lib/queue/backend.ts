// What keeps the records of a bucket. The engine's own backends and a user's have the same interface.

import { errors } from '../errors/index.js'

/** How much a bucket keeps. What is over goes, the oldest first, in whole batches. */
export interface Retention {
  /** Milliseconds after which a record goes; Infinity unless set. */
  readonly maxAgeMs?: number | undefined
  /** Bytes of a bucket's records: 256 MiB in memory, Infinity elsewhere, unless set. */
  readonly maxBytes?: number | undefined
  /** Records of a bucket; Infinity unless set. */
  readonly maxRecords?: number | undefined
  /** `drop-oldest` (default), or `fail`: a put that has no room is ERR_PULSING_QUEUE_FULL. */
  readonly whenFull?: 'drop-oldest' | 'fail' | undefined
}

export type FullRetention = { readonly [K in keyof Retention]-?: NonNullable<Retention[K]> }

/** Records go as others come. */
export function isBounded({ maxAgeMs, maxBytes, maxRecords }: FullRetention): boolean {
  return Math.min(maxAgeMs, maxBytes, maxRecords) !== Number.POSITIVE_INFINITY
}

/** The bucket that a backend is asked to open. */
export interface BucketInfo {
  readonly topic: string
  readonly bucketId: number
  readonly numBuckets: number
  /** backendOptions of the topic's first writer. */
  readonly options: Readonly<Record<string, unknown>>
  readonly retention: FullRetention
  /** Of the node that holds it; undefined where it was given none. */
  readonly nodeId: string | undefined
}

/** Records that were appended together. */
export interface StoredBatch {
  /** Of the first record. */
  readonly offset: number
  readonly count: number
  readonly bytes: Uint8Array
}

/** Records to append. key: of the put; the same key again is the same put, and writes nothing. '' is none. */
export interface NewBatch {
  readonly count: number
  readonly bytes: Uint8Array
  readonly key: string
}

export interface ReadLimits {
  readonly records: number
  readonly bytes: number
}

/** What a bucket that moves takes along besides its records. */
export interface BucketSeed {
  readonly epoch: string
  /** The offset of its first record. */
  readonly first: number
  /** Of groups: what they committed. */
  readonly groups: readonly (readonly [group: string, offset: number])[]
  /** Of the last puts: the offset of the first record. */
  readonly keys: readonly (readonly [key: string, offset: number])[]
}

/** One bucket of a backend. It is asked for one append at a time; reads may come meanwhile. */
export interface BucketStore {
  /** Text that is another one when the records of before are gone. */
  readonly epoch: string
  /** The offset of the oldest record that is there; `next` where there is none. */
  readonly first: number
  /** The offset that the next record gets. */
  readonly next: number
  /** Bytes of the records that are there. */
  readonly bytes: number
  /** Appends all of the batch or nothing, and says the offset of its first record. The bytes are the store's from here on. */
  append(batch: NewBatch): number | Promise<number>
  /**
   * As append, of batches that came while others were under way, in their order. Where it fails, each is appended by itself: what was
   * written of them all the same has to be known by its key.
   */
  appendAll?(batches: readonly NewBatch[]): Promise<readonly number[]>
  /**
   * Batches in the order of their offsets, from the one that holds `from` on: at least one where there is any, and no more than
   * it takes to reach a limit.
   */
  read(from: number, limits: ReadLimits): readonly StoredBatch[] | Promise<readonly StoredBatch[]>
  /** What was appended is durable when it resolves, as far as that backend goes. */
  flush(): void | Promise<void>
  /** Of a bucket that moved here: all of it was appended and flushed. Until then its records are where they were before. */
  filled?(): void | Promise<void>
  commit(group: string, offset: number): void | Promise<void>
  /** Undefined for a group that has committed nothing. */
  committed(group: string): number | undefined | Promise<number | undefined>
  seed(): BucketSeed | Promise<BucketSeed>
  /** gone: another node has the records now. */
  close(gone: boolean): void | Promise<void>
}

/**
 * `memory`: the records end with their node, and move where the bucket's owner changes. `node`: they stay with their node, and
 * the bucket with them. `shared`: any node opens them.
 */
export type BackendHome = 'memory' | 'node' | 'shared'

/** Where the records of a bucket are. */
export interface Whereabouts {
  readonly nodeId: string
  /** Counts its moves: of two that say where it is, the later is right. */
  readonly turn: number
}

export interface QueueBackend {
  readonly home: BackendHome
  /**
   * Its buckets live on the main thread, as a user's own always do: for native code that would end the process if a thread died
   * while it works.
   */
  readonly isOnMainThread?: boolean
  /** seed: of a bucket that moves here; its batches are appended next. Else it opens what is there, or an empty one. */
  open(bucket: BucketInfo, seed: BucketSeed | undefined): BucketStore | Promise<BucketStore>
  /** Of home `node`: whether records of the bucket are here. */
  has?(bucket: BucketInfo): boolean | Promise<boolean>
  /** Of home `node`, and of a cluster: what this node has kept of where the records of a bucket are. */
  whereabouts?(bucket: BucketInfo): Whereabouts | undefined | Promise<Whereabouts | undefined>
  /** Keeps it, so that a node which is started while that one is away does not begin the bucket anew. */
  setWhereabouts?(bucket: BucketInfo, where: Whereabouts): void | Promise<void>
  /** How many buckets a topic has that is stored here; undefined where it knows none. */
  numBucketsOf?(
    topic: string,
    options: Readonly<Record<string, unknown>>,
  ): number | undefined | Promise<number | undefined>
  /** Throws where the backendOptions can't be its own; checked before a topic is made. */
  check?(options: Readonly<Record<string, unknown>>): void
}

type Factory = () => QueueBackend | Promise<QueueBackend>

const OWN: Readonly<Record<string, Factory>> = {
  memory: async () => (await import('./backends/memory.js')).memoryBackend,
  lmdb: () => needing('lmdb', async () => (await import('./backends/lmdb.js')).lmdbBackend),
  jetstream: () =>
    needing(
      '@nats-io/jetstream @nats-io/transport-node',
      async () => (await import('./backends/jetstream.js')).jetstreamBackend,
    ),
}

/** Packages that are optional: whoever uses none of these does without. */
async function needing(packages: string, load: () => Promise<QueueBackend>): Promise<QueueBackend> {
  try {
    return await load()
  } catch (error) {
    throw errors.storageFailed(`The backend is not installed: run npm install ${packages}`, error)
  }
}

const given = new Map<string, Factory>()
const made = new Map<string, Promise<QueueBackend>>()

/** A user's own lives on the main thread, where it was registered. */
export function isOwnBackend(name: string): boolean {
  return Object.hasOwn(OWN, name)
}

export function addBackend(name: string, factory: Factory): void {
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name) || isOwnBackend(name))
    throw errors.invalidArgument(
      'name',
      name,
      'a name of small letters, digits and -, that is none of the engine’s own',
    )
  if (typeof factory !== 'function')
    throw errors.invalidArgument('factory', factory, 'a function that makes a backend')
  given.set(name, factory)
  made.delete(name)
}

/** Throws ERR_PULSING_BACKEND_NOT_FOUND. */
export function backendOf(name: string): Promise<QueueBackend> {
  let backend = made.get(name)
  if (backend !== undefined) return backend
  const factory = isOwnBackend(name) ? OWN[name] : given.get(name)
  if (factory === undefined)
    return Promise.reject(errors.backendNotFound(name, [...Object.keys(OWN), ...given.keys()]))
  backend = Promise.resolve().then(factory)
  made.set(name, backend)
  // The next who needs it tries again.
  backend.catch(() => made.delete(name))
  return backend
}
