// A bucket: an actor on its owner (contract 7.3), in front of what its backend keeps. It knows bytes and offsets, no records.

import { setTimeout as pause } from 'node:timers/promises'
import {
  type ActorContext,
  type ActorId,
  type ActorProxy,
  type ActorRef,
  type AnyProxy,
  onDraining,
  type RemoteClass,
  remote,
  type StopReason,
  withCall,
} from '../actor/index.js'
import { callSignal } from '../engine/index.js'
import { errors } from '../errors/index.js'
import {
  type BackendHome,
  type BucketInfo,
  type BucketSeed,
  type BucketStore,
  backendOf,
  type NewBatch,
  type ReadLimits,
  type StoredBatch,
} from './backend.js'
import { type BucketStats, isUnanswered } from './requests.js'
import type { TopicSpec } from './spec.js'

/** A bucket that moves goes in parts of about so many bytes. */
const PART_BYTES = 1024 * 1024
/** A bucket whose node leaves tries so long to find another. */
const LEAVE_MS = 5000
const TRY_AGAIN_MS = 50
/** What another node may take for one step of it. */
const STEP = { timeoutMs: 5000 }

interface Pending {
  readonly batch: NewBatch
  readonly settle: (offset: number | Promise<number>) => void
  readonly fail: (error: unknown) => void
}

export interface ReadAnswer {
  readonly epoch: string
  readonly first: number
  readonly next: number
  readonly batches: readonly StoredBatch[]
}

export class Bucket {
  readonly #info: BucketInfo
  readonly #backend: string
  readonly #manager: AnyProxy
  readonly #seed: BucketSeed | undefined
  #store!: BucketStore
  #home: BackendHome = 'memory'
  #context!: ActorContext
  /** Another node is getting it, or this one is: nothing is written by others. */
  #isSealed: boolean
  #isGone = false
  #isOver = false
  #isDraining = false
  #moving: Promise<string> | undefined
  /** Appends, and what has to come in turn with them. */
  #last: Promise<unknown> = Promise.resolve()
  #busy = 0
  readonly #pending: Pending[] = []
  /** Came while it was sealed. */
  readonly #held: Pending[] = []
  readonly #waiting = new Set<() => void>()
  #puts = 0
  #reads = 0

  /** seed: it moves here. */
  constructor(info: BucketInfo, backend: string, manager: ActorRef, seed: BucketSeed | undefined) {
    this.#info = info
    this.#backend = backend
    this.#manager = manager.asAny()
    this.#seed = seed
    this.#isSealed = seed !== undefined
    // Those who wait for records are no reason to go on.
    onDraining(this, () => {
      this.#isDraining = true
      this.#wake()
    })
  }

  async onStart(_id: ActorId, context: ActorContext): Promise<void> {
    this.#context = context
    const backend = await backendOf(this.#backend)
    this.#home = backend.home
    this.#store = await backend.open(this.#info, this.#seed)
    this.#say(this.#seed === undefined ? 'is open' : 'is arriving')
  }

  async onStop(reason: StopReason): Promise<void> {
    // What any node opens stays where it is.
    if (reason === 'shutdown' && !this.#isGone && this.#home !== 'shared') await this.#leave()
    this.#isOver = true
    this.#release()
    await this.#last
    await this.#store.close(this.#isGone)
    this.#say(`has stopped: ${reason}`)
  }

  get #nodeId(): string {
    return this.#context.self.actorId.nodeId
  }

  #say(what: string): void {
    const { topic, bucketId } = this.#info
    const { epoch, first, next } = this.#store
    this.#context.log.debug({ topic, bucketId, epoch, first, next }, `bucket ${bucketId} of ${topic} ${what}`)
  }

  /** The offset of the batch's first record. Hot: queue-put. */
  append(bytes: Uint8Array, count: number, key: string): number | Promise<number> {
    this.#puts++
    return this.#take({ bytes, count, key })
  }

  #take(batch: NewBatch): number | Promise<number> {
    if (this.#isSealed) return this.#hold(batch)
    if (this.#store.appendAll !== undefined) return this.#together(batch)
    if (this.#busy > 0) return this.#inTurn(() => this.#append(batch))
    const offset = this.#append(batch)
    return typeof offset === 'number' ? offset : this.#inTurn(() => offset)
  }

  /** While it may move: where it goes after all they are refused, and where it stays they are written in their order. */
  #hold(batch: NewBatch): Promise<number> {
    return new Promise((settle, fail) => {
      this.#held.push({ batch, settle, fail })
      if (this.#isGone || this.#isOver) this.#release()
    })
  }

  #release(): void {
    for (const { batch, settle, fail } of this.#held.splice(0)) {
      try {
        if (this.#isGone || this.#isOver) throw errors.bucketMoved(this.#info.topic, this.#info.bucketId)
        settle(this.#take(batch))
      } catch (error) {
        fail(error)
      }
    }
  }

  /** Those that come while others are written are written together. */
  #together(batch: NewBatch): Promise<number> {
    return new Promise((settle, fail) => {
      this.#pending.push({ batch, settle, fail })
      if (this.#pending.length === 1) void this.#inTurn(() => this.#appendPending())
    })
  }

  async #appendPending(): Promise<void> {
    const pending = this.#pending.splice(0)
    try {
      const offsets = await this.#store.appendAll?.(pending.map(({ batch }) => batch))
      for (const [i, { settle }] of pending.entries()) settle(offsets?.[i] as number)
      this.#wake()
    } catch (error) {
      if (pending.length === 1) return pending[0]?.fail(error)
      // One that has no room is no reason against the others.
      for (const { batch, settle, fail } of pending) {
        try {
          settle(await this.#append(batch))
        } catch (own) {
          fail(own)
        }
      }
    }
  }

  #append(batch: NewBatch): number | Promise<number> {
    const offset = this.#store.append(batch)
    if (typeof offset !== 'number')
      return offset.then((there) => {
        this.#wake()
        return there
      })
    this.#wake()
    return offset
  }

  /** One at a time, in the order in which they came. */
  #inTurn<T>(run: () => T | Promise<T>): Promise<T> {
    this.#busy++
    const done = this.#last.then(run, run).finally(() => {
      this.#busy--
    })
    this.#last = done.catch(() => undefined)
    return done
  }

  #wake(): void {
    if (this.#waiting.size === 0) return
    for (const wake of [...this.#waiting]) wake()
  }

  /** epoch: that the reader knows. Where it is another, its offset means nothing, and it is given the oldest. */
  async read(from: number, epoch: string, limits: ReadLimits): Promise<ReadAnswer> {
    const store = this.#store
    this.#reads++
    const start = epoch === '' || epoch === store.epoch ? from : 0
    const batches = start >= store.next ? [] : await store.read(Math.max(start, store.first), limits)
    return { epoch: store.epoch, first: store.first, next: store.next, batches }
  }

  bounds(): { epoch: string; first: number; next: number } {
    const { epoch, first, next } = this.#store
    return { epoch, first, next }
  }

  /** Resolves when there is a record at that offset, or the offset means nothing any more. */
  wait(from: number, epoch: string): Promise<void> | undefined {
    const { next, epoch: own } = this.#store
    if (next > from || epoch !== own) return undefined
    if (this.#isDraining) throw errors.bucketMoved(this.#info.topic, this.#info.bucketId)
    const signal = callSignal()
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      // Also when it stops: whoever waits for records is no reason to go on.
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  flush(): Promise<void> {
    return this.#inTurn(() => this.#store.flush())
  }

  commit(group: string, offset: number, epoch: string): Promise<void> {
    if (this.#isSealed) throw errors.bucketMoved(this.#info.topic, this.#info.bucketId)
    // Of records that are gone: what is here is not read by it.
    if (epoch !== this.#store.epoch) return Promise.resolve()
    return this.#inTurn(() => this.#store.commit(group, offset))
  }

  async committed(group: string): Promise<number | undefined> {
    return this.#store.committed(group)
  }

  stats(): BucketStats {
    const { epoch, first, next, bytes } = this.#store
    return {
      bucketId: this.#info.bucketId,
      nodeId: this.#nodeId,
      epoch,
      first,
      next,
      records: next - first,
      bytes,
      waiting: this.#waiting.size,
      puts: this.#puts,
      reads: this.#reads,
    }
  }

  // --- the bucket goes to another node

  /** Hands it to that node's manager. Whatever goes wrong, it stays. */
  moveTo(heir: ActorRef): Promise<string> {
    this.#moving ??= this.#moveTo(heir).finally(() => {
      this.#moving = undefined
    })
    return this.#moving
  }

  /** Gives the node that has it now. */
  async #moveTo(heir: ActorRef): Promise<string> {
    this.#isSealed = true
    try {
      await this.#last
      await this.#store.flush()
      await this.#handTo(heir.asAny())
      this.#isGone = true
      this.#say(`is on node ${heir.actorId.nodeId} now`)
      this.#wake()
      return heir.actorId.nodeId
    } catch (error) {
      this.#isSealed = false
      throw error
    } finally {
      this.#release()
    }
  }

  async #handTo(manager: AnyProxy): Promise<void> {
    const { topic, bucketId, numBuckets, options, retention } = this.#info
    const store = this.#store
    const spec: TopicSpec = { topic, numBuckets, backend: this.#backend, backendOptions: options, retention }
    const heir = withCall(manager, STEP)
    const next = (await heir.adopt?.(spec, bucketId, await store.seed(), this.#nodeId)) as ActorRef
    const there = withCall(next.asAny(), STEP)
    try {
      for (let at = store.first; at < store.next; ) {
        const batches = await store.read(at, { records: Number.POSITIVE_INFINITY, bytes: PART_BYTES })
        await there.restore?.(batches)
        const last = batches.at(-1) as StoredBatch
        at = last.offset + last.count
      }
      await there.filled?.()
      for (let isThere = false; !isThere; ) isThere = await this.#isAdopted(heir)
    } catch (error) {
      await Promise.resolve(heir.adopted?.(topic, bucketId, false)).catch(() => undefined)
      throw error
    }
  }

  /** Where no answer comes, the other node may have it: that is for it to say, or for its death. */
  async #isAdopted(heir: AnyProxy): Promise<boolean> {
    try {
      await heir.adopted?.(this.#info.topic, this.#info.bucketId, true)
      return true
    } catch (error) {
      if (!isUnanswered(error)) throw error
      await pause(TRY_AGAIN_MS)
      return false
    }
  }

  /** Of a bucket that moves here: what it had, in order. */
  restore(batches: readonly StoredBatch[]): Promise<void> {
    const given = batches.map(({ bytes, count }) => ({ bytes, count, key: '' }))
    return this.#inTurn(async () => {
      if (this.#store.appendAll !== undefined) await this.#store.appendAll(given)
      else for (const batch of given) await this.#store.append(batch)
    })
  }

  /** All of it is here. */
  async filled(): Promise<void> {
    await this.flush()
    await this.#store.filled?.()
    this.#say('has arrived')
    this.#isSealed = false
    this.#release()
  }

  /** Its node leaves in good order. */
  async #leave(): Promise<void> {
    const { topic, bucketId } = this.#info
    const until = performance.now() + LEAVE_MS
    const failed: string[] = []
    for (;;) {
      let heir: ActorRef | undefined
      try {
        heir = (await this.#manager.heir?.(topic, bucketId, failed)) as ActorRef | undefined
        if (heir === undefined) return
        await this.#manager.moved?.(topic, bucketId, await this.moveTo(heir))
        return
      } catch (error) {
        // That node may be leaving too, or have died, or be asked for the bucket just now.
        if (heir !== undefined) failed.push(heir.actorId.nodeId)
        if (performance.now() > until) {
          this.#context.log.warn({ err: error }, `bucket ${bucketId} of ${topic} found no other node`)
          return
        }
      }
      await pause(TRY_AGAIN_MS)
    }
  }
}

export const QueueBucket: RemoteClass<typeof Bucket> = remote(import.meta.url, Bucket, {
  type: 'QueueBucket',
})
export type BucketProxy = ActorProxy<Bucket>
