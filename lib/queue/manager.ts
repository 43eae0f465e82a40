// Each node's manager of buckets: it opens those that belong to this node, sends elsewhere who asks for others, and lets them go
// where they belong when nodes come and go (contract 7.3). It lives on the main thread, and no record passes through it.

import {
  type ActorContext,
  type ActorId,
  type ActorProxy,
  type ActorRef,
  type RemoteClass,
  remote,
  type Terminated,
  withCall,
} from '../actor/index.js'
import { ownerOf } from '../cluster/index.js'
import { errors, messageOf } from '../errors/index.js'
import { type ActorSystem, type Member, presentIn } from '../system/index.js'
import { type BucketInfo, type BucketSeed, backendOf, isOwnBackend } from './backend.js'
import { type BucketProxy, QueueBucket } from './bucket.js'
import { forgetManager, managerOf } from './managers.js'
import type { Opened } from './requests.js'
import { checkSame, newTopic, type TopicOptions, type TopicSpec } from './spec.js'

interface Entry {
  readonly spec: TopicSpec
  readonly bucketId: number
  readonly ref: ActorRef
  readonly bucket: BucketProxy
  readonly epoch: string
  /** It is being filled by the node that had it before. */
  isArriving: boolean
  isLeaving: boolean
}

/** How often buckets that could not move yet are tried again. */
const AGAIN_MS = 500
const FOREVER = { timeoutMs: Number.POSITIVE_INFINITY }

function keyOf(topic: string, bucketId: number): string {
  return `${topic}/${bucketId}`
}

export class Manager {
  #system!: ActorSystem
  #context!: ActorContext
  readonly #topics = new Map<string, TopicSpec>()
  readonly #topicTurn = new Map<string, Promise<unknown>>()
  readonly #entries = new Map<string, Entry>()
  readonly #opening = new Map<string, Promise<Entry | string>>()
  /** Buckets that went to another node. */
  readonly #moved = new Map<string, string>()
  /** Of home `node`: which node has the records. */
  readonly #pinned = new Map<string, string>()
  #members: readonly Member[] = []
  /** Managers of the nodes that are alive, as far as buckets here may have to go there. */
  readonly #heirs = new Map<string, ActorRef>()
  #again: NodeJS.Timeout | undefined
  #isEnding = false
  readonly #onMember = (): void => void this.#membersChanged()

  async onStart(_id: ActorId, context: ActorContext): Promise<void> {
    this.#context = context
    this.#system = context.system as ActorSystem
    this.#system.on('member', this.#onMember)
    this.#members = await this.#system.members()
  }

  onStop(): void {
    this.#isEnding = true
    clearTimeout(this.#again)
    this.#system.off('member', this.#onMember)
  }

  onSignal({ ref }: Terminated): void {
    for (const [key, entry] of this.#entries) if (entry.ref === ref) this.#entries.delete(key)
  }

  // --- topics

  /**
   * What a topic is: as it is known somewhere, else what is given makes it so.
   * @param create a writer's; a reader has to say numBuckets where nobody knows the topic
   */
  topic(topic: string, given: TopicOptions, create: boolean): Promise<TopicSpec> {
    const turn = (this.#topicTurn.get(topic) ?? Promise.resolve()).then(() =>
      this.#topic(topic, given, create),
    )
    this.#topicTurn.set(
      topic,
      turn.catch(() => undefined),
    )
    return turn
  }

  async #topic(topic: string, given: TopicOptions, create: boolean): Promise<TopicSpec> {
    const known = this.#topics.get(topic) ?? (await this.#askOthers(topic))
    if (known !== undefined) {
      checkSame(known, given)
      this.#topics.set(topic, known)
      return known
    }
    const made = newTopic(topic, given)
    const backend = await backendOf(made.backend)
    backend.check?.(made.backendOptions)
    if (backend.home === 'node' && this.#system.isNode && !this.#system.hasGivenId)
      throw errors.invalidOption(
        'nodeId',
        undefined,
        `a name that this node has after a restart too: the backend ${made.backend} keeps records with their node`,
      )
    const stored = await backend.numBucketsOf?.(topic, made.backendOptions)
    if (stored !== undefined && (given.numBuckets ?? stored) !== stored)
      throw errors.queueConflict(topic, 'numBuckets', stored, given.numBuckets)
    if (stored === undefined && !create && given.numBuckets === undefined) throw errors.queueNotFound(topic)
    const spec: TopicSpec = stored === undefined ? made : { ...made, numBuckets: stored }
    this.#topics.set(topic, spec)
    return spec
  }

  /** What this node knows of a topic. */
  known(topic: string): TopicSpec | undefined {
    return this.#topics.get(topic)
  }

  async #askOthers(topic: string): Promise<TopicSpec | undefined> {
    const answers = await this.#others((manager) => manager.known(topic))
    return answers.find(([, spec]) => spec !== undefined)?.[1]
  }

  // --- buckets

  /** @param failed the epoch of a bucket that whoever asks could not reach, and that may be gone */
  async open(spec: TopicSpec, bucketId: number, failed: string): Promise<Opened> {
    const known = this.#topics.get(spec.topic)
    if (known === undefined) this.#topics.set(spec.topic, spec)
    else checkSame(known, { numBuckets: spec.numBuckets, backend: spec.backend })
    const key = keyOf(spec.topic, bucketId)
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      if (entry.isArriving) throw errors.bucketMoved(spec.topic, bucketId)
      if (failed !== entry.epoch || (await isThere(entry))) return openedOf(entry)
      // It is on its way to another node, and known here until it is there.
      if (this.#isLeaving) throw errors.bucketMoved(spec.topic, bucketId)
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    }
    const moved = this.#moved.get(key)
    if (moved !== undefined && this.#isAlive(moved)) return { at: moved }
    this.#moved.delete(key)
    let opening = this.#opening.get(key)
    if (opening === undefined) {
      opening = this.#open(known ?? spec, bucketId, key).finally(() => this.#opening.delete(key))
      this.#opening.set(key, opening)
    }
    const opened = await opening
    if (typeof opened === 'string') return { at: opened }
    if (opened.isArriving) throw errors.bucketMoved(spec.topic, bucketId)
    return openedOf(opened)
  }

  /** The bucket, or the node that it is on. */
  async #open(spec: TopicSpec, bucketId: number, key: string): Promise<Entry | string> {
    const { nodeId } = this.#system
    if (this.#isLeaving) throw errors.bucketMoved(spec.topic, bucketId)
    const backend = await backendOf(spec.backend)
    const at = backend.home === 'node' ? await this.#pinOf(spec, bucketId) : undefined
    if (at !== undefined && at !== nodeId) return at
    if (at === undefined) {
      const owner = ownerOf(key, this.#alive())
      if (owner !== undefined && owner !== nodeId) return owner
      // Whoever had it before this node came may still have it.
      const held = await this.#others((manager) => manager.holds(spec.topic, bucketId), spec.topic, bucketId)
      const holder = held.find(([, does]) => does)?.[0]
      if (holder !== undefined) return holder
    }
    const entry = await this.#spawn(spec, bucketId, undefined)
    this.#entries.set(key, entry)
    void this.#findHeirs()
    if (backend.home === 'node') await this.#pin(key, nodeId)
    return entry
  }

  async #spawn(spec: TopicSpec, bucketId: number, seed: BucketSeed | undefined): Promise<Entry> {
    const info = this.#infoOf(spec, bucketId)
    const { isOnMainThread = !isOwnBackend(spec.backend) } = await backendOf(spec.backend)
    const ref = await this.#system.spawn(QueueBucket, {
      args: [info, spec.backend, this.#context.self, seed],
      placement: isOnMainThread ? 'host' : 'spread',
    })
    const bucket = ref.asType(QueueBucket) as BucketProxy
    const { epoch } = await bucket.bounds()
    await this.#context.watch(ref)
    return { spec, bucketId, ref, bucket, epoch, isArriving: seed !== undefined, isLeaving: false }
  }

  #infoOf({ topic, numBuckets, backendOptions, retention }: TopicSpec, bucketId: number): BucketInfo {
    const nodeId = this.#system.hasGivenId ? this.#system.nodeId : undefined
    return { topic, bucketId, numBuckets, options: backendOptions, retention, nodeId }
  }

  /** Whether the bucket is here. */
  holds(topic: string, bucketId: number): boolean {
    return this.#entries.has(keyOf(topic, bucketId))
  }

  // --- buckets that stay with their node

  /** The node that has the records, where any has. Throws ERR_PULSING_BUCKET_UNAVAILABLE while that is away. */
  async #pinOf(spec: TopicSpec, bucketId: number): Promise<string | undefined> {
    const key = keyOf(spec.topic, bucketId)
    let at = (await this.#hasRecords(spec, bucketId)) ? this.#system.nodeId : this.#pinned.get(key)
    if (at === undefined) {
      const found = await this.#others((manager) => manager.pinOf(spec, bucketId), spec.topic, bucketId)
      at = found.find(([, pin]) => pin !== undefined)?.[1]
    }
    if (at === undefined) return undefined
    this.#pinned.set(key, at)
    if (this.#isAlive(at)) return at
    throw errors.bucketUnavailable(
      spec.topic,
      bucketId,
      `its records are with node ${at}, which is away, and ${spec.backend} keeps them nowhere else; start that node again with its nodeId and its folder`,
    )
  }

  async #hasRecords(spec: TopicSpec, bucketId: number): Promise<boolean> {
    const backend = await backendOf(spec.backend)
    return (await backend.has?.(this.#infoOf(spec, bucketId))) ?? false
  }

  /** As this node knows it. */
  async pinOf(spec: TopicSpec, bucketId: number): Promise<string | undefined> {
    if (await this.#hasRecords(spec, bucketId)) return this.#system.nodeId
    return this.#pinned.get(keyOf(spec.topic, bucketId))
  }

  pinned(key: string, nodeId: string): void {
    this.#pinned.set(key, nodeId)
  }

  async #pin(key: string, nodeId: string): Promise<void> {
    this.#pinned.set(key, nodeId)
    await this.#others(async (manager) => manager.pinned(key, nodeId))
  }

  // --- buckets that move

  /** Of a bucket whose node leaves: the manager of the node that gets it. A system that ends looks nobody up any more. */
  heir(topic: string, bucketId: number): ActorRef | undefined {
    const { nodeId } = this.#system
    const others = this.#alive().filter((one) => one !== nodeId && this.#heirs.has(one))
    const owner = ownerOf(keyOf(topic, bucketId), others)
    return owner === undefined ? undefined : this.#heirs.get(owner)
  }

  /** As long as there is time, so that each bucket has somewhere to go. */
  async #findHeirs(): Promise<void> {
    if (this.#entries.size === 0) return
    for (const { nodeId, status } of this.#members) {
      if (status !== 'alive') this.#heirs.delete(nodeId)
      else if (nodeId !== this.#system.nodeId && !this.#heirs.has(nodeId)) {
        const found = await managerOf(this.#system, nodeId).catch(() => undefined)
        if (found !== undefined) this.#heirs.set(nodeId, found.ref)
      }
    }
  }

  moved(topic: string, bucketId: number, nodeId: string): void {
    const key = keyOf(topic, bucketId)
    this.#entries.delete(key)
    this.#moved.set(key, nodeId)
    if (this.#pinned.has(key)) void this.#pin(key, nodeId)
  }

  /** Another node gives a bucket to this one: an empty one to be filled. */
  async adopt(spec: TopicSpec, bucketId: number, seed: BucketSeed): Promise<ActorRef> {
    const key = keyOf(spec.topic, bucketId)
    // Somebody looks for it here just now, and will be sent to the node that gives it.
    while (this.#opening.has(key)) await this.#opening.get(key)?.catch(() => undefined)
    if (this.#isLeaving || this.#entries.has(key)) throw errors.bucketMoved(spec.topic, bucketId)
    this.#topics.set(spec.topic, spec)
    const adopting = this.#spawn(spec, bucketId, seed)
    this.#opening.set(key, adopting)
    try {
      const entry = await adopting
      this.#entries.set(key, entry)
      void this.#findHeirs()
      return entry.ref
    } finally {
      this.#opening.delete(key)
    }
  }

  /** It is filled; or it is not to be here. */
  async adopted(topic: string, bucketId: number, isWhole: boolean): Promise<void> {
    const key = keyOf(topic, bucketId)
    const entry = this.#entries.get(key)
    if (entry === undefined) throw errors.bucketMoved(topic, bucketId)
    if (isWhole) {
      entry.isArriving = false
      this.#moved.delete(key)
      if (this.#pinned.has(key)) this.#pinned.set(key, this.#system.nodeId)
      return
    }
    this.#entries.delete(key)
    await this.#system.stop(entry.ref)
  }

  async #membersChanged(): Promise<void> {
    if (this.#isEnding) return
    try {
      this.#members = await this.#system.members()
    } catch {
      // The system ends: whoever was there last gets what moves.
      return
    }
    await this.#findHeirs()
    await this.#settle()
  }

  /** Those that belong to another node go there. */
  async #settle(): Promise<void> {
    const { nodeId } = this.#system
    let again = false
    for (const [key, entry] of [...this.#entries]) {
      const { spec, bucketId, bucket, isArriving, isLeaving } = entry
      const { home } = await backendOf(spec.backend)
      const owner = ownerOf(key, this.#alive())
      if (home === 'node' || isArriving || isLeaving || owner === undefined || owner === nodeId) continue
      if (this.#isEnding || this.#entries.get(key) !== entry) continue
      entry.isLeaving = true
      try {
        if (home === 'memory') {
          const heir = (await managerOf(this.#system, owner)).ref
          await withCall(bucket, FOREVER).moveTo(heir)
        }
        this.moved(spec.topic, bucketId, owner)
        await this.#system.stop(entry.ref)
      } catch (error) {
        this.#context.log.debug({ err: error }, `bucket ${key} stays for now: ${messageOf(error)}`)
        again = true
      }
      entry.isLeaving = false
    }
    if (!again || this.#isEnding) return
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.#settle(), AGAIN_MS)
  }

  // --- other nodes

  /** This node goes: it takes no more buckets. */
  get #isLeaving(): boolean {
    return this.#isEnding || this.#system.ending !== undefined
  }

  /** The nodes that may own a bucket. */
  #alive(): string[] {
    return presentIn(this.#members)
  }

  #isAlive(nodeId: string): boolean {
    return this.#members.some((one) => one.nodeId === nodeId && one.status !== 'dead')
  }

  /**
   * Asks the managers of all other nodes that there are. Where a bucket depends on the answer, one that does not answer is waited
   * for: it throws ERR_PULSING_BUCKET_MOVED, which has its caller look again.
   */
  async #others<T>(
    ask: (manager: ManagerProxy) => PromiseLike<T>,
    topic?: string,
    bucketId = 0,
  ): Promise<[nodeId: string, answer: T][]> {
    const others = this.#members.filter(
      ({ nodeId, status }) => nodeId !== this.#system.nodeId && status !== 'dead',
    )
    const answers = await Promise.all(
      others.map(async ({ nodeId }) => {
        try {
          return [nodeId, await ask(await managerOf(this.#system, nodeId))] as [string, T]
        } catch {
          forgetManager(this.#system, nodeId)
          if (topic !== undefined && this.#isAlive(nodeId)) throw errors.bucketMoved(topic, bucketId)
          return undefined
        }
      }),
    )
    return answers.filter((one) => one !== undefined)
  }
}

function openedOf({ ref, epoch }: Entry): Opened {
  return { bucket: ref, epoch }
}

async function isThere({ bucket }: Entry): Promise<boolean> {
  try {
    await bucket.bounds()
    return true
  } catch {
    return false
  }
}

export const QueueManager: RemoteClass<typeof Manager> = remote(import.meta.url, Manager, {
  type: 'QueueManager',
})
export type ManagerProxy = ActorProxy<Manager>
