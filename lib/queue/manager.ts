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
import type { ActorSystem, MemberEvent } from '../system/index.js'
import { type BackendHome, type BucketInfo, type BucketSeed, backendOf, isOwnBackend } from './backend.js'
import { type BucketProxy, QueueBucket } from './bucket.js'
import { keyOf } from './bucket-id.js'
import { forgetManager, managerOf } from './managers.js'
import { Neighbours } from './neighbours.js'
import { type Pin, Pins } from './pins.js'
import { isPassing, type Opened, type QueueReport } from './requests.js'
import type { TopicOptions, TopicSpec } from './spec.js'
import { Topics } from './topics.js'

interface Entry {
  readonly spec: TopicSpec
  readonly bucketId: number
  readonly ref: ActorRef
  readonly bucket: BucketProxy
  readonly epoch: string
  /** The node that had it before, as long as that fills it. */
  arrivesFrom: string | undefined
  isLeaving: boolean
  /** It stays with its node. */
  readonly isPinned: boolean
}

/** How often buckets that could not move yet are tried again. */
const AGAIN_MS = 500
/** What a node that leaves gives others for hearing its last. */
const SOON = { timeoutMs: 1000 }
const FOREVER = { timeoutMs: Number.POSITIVE_INFINITY }

export class Manager {
  #system!: ActorSystem
  #context!: ActorContext
  #topics!: Topics
  readonly #entries = new Map<string, Entry>()
  readonly #opening = new Map<string, Promise<Entry | string>>()
  /** Those of them that are to be here. */
  readonly #claimed = new Set<string>()
  /** Of home `node`: which node has the records. */
  #pins!: Pins
  #neighbours!: Neighbours
  #again: NodeJS.Timeout | undefined
  #isEnding = false
  readonly #onMember = ({ nodeId, status }: MemberEvent): void => {
    // It may have been started again.
    forgetManager(this.#system, nodeId)
    if (status === 'alive' && nodeId !== this.#system.nodeId) void this.#sayPins(nodeId)
    void this.#membersChanged()
  }

  async onStart(_id: ActorId, context: ActorContext): Promise<void> {
    this.#context = context
    this.#system = context.system as ActorSystem
    this.#neighbours = new Neighbours(this.#system)
    this.#pins = new Pins(this.#system, (spec, bucketId) => this.#infoOf(spec, bucketId), context.log)
    this.#topics = new Topics(this.#system, (topic) => this.#askOthers(topic))
    this.#system.on('member', this.#onMember)
    await this.#neighbours.look()
  }

  async onStop(): Promise<void> {
    this.#isEnding = true
    clearTimeout(this.#again)
    this.#system.off('member', this.#onMember)
    // Those that stay have to know where records are that nobody can reach now.
    const pins = this.#pins.all()
    if (pins.length > 0) await this.#neighbours.ask(async (manager) => withCall(manager, SOON).pins(pins))
  }

  onSignal({ ref }: Terminated): void {
    for (const [key, entry] of this.#entries) if (entry.ref === ref) this.#entries.delete(key)
  }

  // --- topics

  /** As Topics.settle. */
  topic(topic: string, given: TopicOptions, create: boolean): Promise<TopicSpec> {
    return this.#topics.settle(topic, given, create)
  }

  /** What this node knows of a topic. */
  known(topic: string): TopicSpec | undefined {
    return this.#topics.known(topic)
  }

  async #askOthers(topic: string): Promise<TopicSpec | undefined> {
    await this.#neighbours.look()
    const answers = await this.#neighbours.ask((manager) => manager.known(topic))
    return answers.find(([, spec]) => spec !== undefined)?.[1]
  }

  // --- buckets

  /** @param failed the epoch of a bucket that whoever asks could not reach, and that may be gone */
  async open(spec: TopicSpec, bucketId: number, failed: string): Promise<Opened> {
    const known = this.#topics.learn(spec)
    const key = keyOf(spec.topic, bucketId)
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      if (entry.arrivesFrom !== undefined) throw errors.bucketMoved(spec.topic, bucketId)
      if (failed !== entry.epoch || (await isThere(entry))) return openedOf(entry)
      // It is on its way to another node, and known here until it is there.
      if (this.#isLeaving) throw errors.bucketMoved(spec.topic, bucketId)
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    }
    let opening = this.#opening.get(key)
    if (opening === undefined) {
      opening = this.#open(known, bucketId, key).finally(() => this.#opening.delete(key))
      this.#opening.set(key, opening)
    }
    const opened = await opening
    if (typeof opened === 'string') return { at: opened }
    if (opened.arrivesFrom !== undefined) throw errors.bucketMoved(spec.topic, bucketId)
    return openedOf(opened)
  }

  /** The bucket, or the node that it is on. */
  async #open(spec: TopicSpec, bucketId: number, key: string): Promise<Entry | string> {
    const { nodeId } = this.#system
    if (this.#isLeaving) throw errors.bucketMoved(spec.topic, bucketId)
    const backend = await backendOf(spec.backend)
    await this.#neighbours.look()
    const at = backend.home === 'node' ? await this.#pinOf(spec, bucketId) : undefined
    const owner = at ?? ownerOf(key, this.#neighbours.present)
    if (owner !== undefined && owner !== nodeId) return owner
    this.#claimed.add(key)
    try {
      // Whoever had it before this node came may still have it.
      const held = await this.#neighbours.ask(
        (manager) => manager.holds(spec.topic, bucketId),
        spec.topic,
        bucketId,
      )
      const holder = held.find(([, does]) => does)?.[0]
      if (holder !== undefined) return holder
      const entry = await this.#spawn(spec, bucketId)
      this.#entries.set(key, entry)
      if (backend.home === 'node') await this.#pin(spec, bucketId)
      return entry
    } catch (error) {
      throw this.#isLeaving ? errors.bucketMoved(spec.topic, bucketId) : error
    } finally {
      this.#claimed.delete(key)
    }
  }

  /** seed, arrivesFrom: of a bucket that moves here. */
  async #spawn(spec: TopicSpec, bucketId: number, seed?: BucketSeed, arrivesFrom?: string): Promise<Entry> {
    const info = this.#infoOf(spec, bucketId)
    const { home, isOnMainThread = !isOwnBackend(spec.backend) } = await backendOf(spec.backend)
    const ref = await this.#system.spawn(QueueBucket, {
      args: [info, spec.backend, this.#context.self, seed],
      placement: isOnMainThread ? 'host' : 'spread',
    })
    const bucket = ref.asType(QueueBucket) as BucketProxy
    const { epoch } = await bucket.bounds()
    await this.#context.watch(ref)
    return { spec, bucketId, ref, bucket, epoch, arrivesFrom, isLeaving: false, isPinned: home === 'node' }
  }

  #infoOf({ topic, numBuckets, backendOptions, retention }: TopicSpec, bucketId: number): BucketInfo {
    const nodeId = this.#system.hasGivenId ? this.#system.nodeId : undefined
    return { topic, bucketId, numBuckets, options: backendOptions, retention, nodeId }
  }

  /** Whether the bucket is here, or is just made here. */
  holds(topic: string, bucketId: number): boolean {
    const key = keyOf(topic, bucketId)
    return this.#entries.has(key) || this.#claimed.has(key)
  }

  /** Whether it is here, and whole. */
  has(topic: string, bucketId: number): boolean {
    const entry = this.#entries.get(keyOf(topic, bucketId))
    return entry !== undefined && entry.arrivesFrom === undefined
  }

  /** The buckets that are here, as an observer sees them. */
  async report(): Promise<QueueReport[]> {
    const asked = [...this.#entries.values()].map(async ({ spec: { topic, backend }, bucket }) => ({
      topic,
      backend,
      ...(await bucket.stats()),
    }))
    const settled = await Promise.allSettled(asked)
    return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  }

  // --- buckets that stay with their node

  /** The node that has the records, where any has. Throws ERR_PULSING_BUCKET_UNAVAILABLE while that is away. */
  async #pinOf(spec: TopicSpec, bucketId: number): Promise<string | undefined> {
    if (await this.#pins.hasRecords(spec, bucketId)) return this.#system.nodeId
    let at = (await this.#pins.of(spec, bucketId))?.nodeId
    if (at === undefined || !this.#neighbours.isAlive(at)) {
      const found = await this.#neighbours.ask(
        (manager) => manager.pinOf(spec, bucketId),
        spec.topic,
        bucketId,
      )
      await this.#pins.learn(found.flatMap(([, { pin }]) => pin ?? []))
      // Whoever has it knows best.
      const [holder] = found.find(([, { has }]) => has) ?? []
      at = holder ?? (await this.#pins.of(spec, bucketId))?.nodeId
    }
    if (at === undefined) return undefined
    if (this.#neighbours.isAlive(at)) return at
    throw errors.bucketUnavailable(
      spec.topic,
      bucketId,
      `its records are with node ${at}, which is away, and ${spec.backend} keeps them nowhere else; start that node again with its nodeId and its folder`,
    )
  }

  /** Whether it has the records, and what it knows of them. */
  async pinOf(spec: TopicSpec, bucketId: number): Promise<{ has: boolean; pin: Pin | undefined }> {
    return { has: await this.#pins.hasRecords(spec, bucketId), pin: await this.#pins.of(spec, bucketId) }
  }

  /** What another node knows of where records are. */
  async pins(pins: readonly Pin[]): Promise<void> {
    await this.#pins.learn(pins)
  }

  /** The bucket is on that node, or on this one. */
  async #pin(spec: TopicSpec, bucketId: number, nodeId: string = this.#system.nodeId): Promise<void> {
    const pin = await this.#pins.set(spec, bucketId, nodeId)
    await this.#neighbours.ask(async (manager) => manager.pins([pin]))
  }

  /** To a node that has come. */
  async #sayPins(nodeId: string): Promise<void> {
    const pins = this.#pins.all()
    if (pins.length === 0) return
    try {
      await (await managerOf(this.#system, nodeId)).pins(pins)
    } catch (error) {
      this.#context.log.debug({ err: error }, `node ${nodeId} was not told where buckets are`)
    }
  }

  // --- buckets that move

  /** Of a bucket whose node leaves: the manager of the node that gets it. failed: nodes that could not be given it. */
  async heir(topic: string, bucketId: number, failed: readonly string[]): Promise<ActorRef | undefined> {
    await this.#neighbours.look()
    const others = this.#neighbours.able
    const able = others.filter((one) => !failed.includes(one))
    const owner = ownerOf(keyOf(topic, bucketId), able.length > 0 ? able : others)
    if (owner === undefined) return undefined
    for (const one of failed) forgetManager(this.#system, one)
    return (await managerOf(this.#system, owner)).ref
  }

  moved(topic: string, bucketId: number, nodeId: string): void {
    const key = keyOf(topic, bucketId)
    const entry = this.#entries.get(key)
    this.#entries.delete(key)
    if (entry?.isPinned) void this.#pin(entry.spec, bucketId, nodeId)
  }

  /** Another node gives a bucket to this one: an empty one to be filled. */
  async adopt(spec: TopicSpec, bucketId: number, seed: BucketSeed, from: string): Promise<ActorRef> {
    const key = keyOf(spec.topic, bucketId)
    // Somebody looks for it here just now, and will be sent to the node that gives it.
    while (this.#opening.has(key)) await this.#opening.get(key)?.catch(() => undefined)
    // What was lost on its way comes once more.
    if (this.#entries.get(key)?.arrivesFrom === from) await this.#forget(key)
    if (this.#isLeaving || this.#entries.has(key)) throw errors.bucketMoved(spec.topic, bucketId)
    this.#topics.learn(spec)
    const adopting = this.#spawn(spec, bucketId, seed, from)
    this.#opening.set(key, adopting)
    try {
      const entry = await adopting
      this.#entries.set(key, entry)
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
      entry.arrivesFrom = undefined
      if (entry.isPinned) await this.#pin(entry.spec, bucketId)
      return
    }
    await this.#forget(key)
  }

  /** A bucket that is not to be here. */
  async #forget(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    this.#entries.delete(key)
    if (entry !== undefined) await this.#system.stop(entry.ref)
  }

  async #membersChanged(): Promise<void> {
    if (this.#isEnding) return
    try {
      await this.#neighbours.look()
    } catch {
      // The system ends: whoever was there last gets what moves.
      return
    }
    // Nobody fills them any more.
    for (const [key, { arrivesFrom }] of [...this.#entries])
      if (arrivesFrom !== undefined && !this.#neighbours.isAlive(arrivesFrom)) await this.#forget(key)
    await this.#settle()
  }

  /** Those that belong to another node go there. */
  async #settle(): Promise<void> {
    const { nodeId } = this.#system
    let again = false
    for (const [key, entry] of [...this.#entries]) {
      const { spec, arrivesFrom, isLeaving } = entry
      const { home } = await backendOf(spec.backend)
      const owner = ownerOf(key, this.#neighbours.present)
      const isMoving = arrivesFrom !== undefined || isLeaving
      if (home === 'node' || isMoving || owner === undefined || owner === nodeId) continue
      if (this.#isEnding || this.#entries.get(key) !== entry) continue
      entry.isLeaving = true
      try {
        await this.#giveTo(entry, owner, home)
      } catch (error) {
        if (isPassing(error)) forgetManager(this.#system, owner)
        this.#context.log.debug({ err: error }, `bucket ${key} stays for now: ${messageOf(error)}`)
        again = true
      }
      entry.isLeaving = false
    }
    if (!again || this.#isEnding) return
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.#settle(), AGAIN_MS)
  }

  async #giveTo({ spec, bucketId, bucket, ref }: Entry, owner: string, home: BackendHome): Promise<void> {
    const { topic } = spec
    if (home === 'memory') {
      const heir = await managerOf(this.#system, owner)
      try {
        await withCall(bucket, FOREVER).moveTo(heir.ref)
      } catch (error) {
        if (!(await heir.has(topic, bucketId))) throw error
        // The nodes took each other for dead for a while, and it began again there.
        const { first: from } = await bucket.bounds()
        this.#system.happened({ name: 'queueGap', data: { topic, bucketId, from, to: 0, reason: 'lost' } })
      }
    }
    this.moved(topic, bucketId, owner)
    await this.#system.stop(ref)
  }

  // --- other nodes

  /** This node goes: it takes no more buckets. */
  get #isLeaving(): boolean {
    return this.#isEnding || this.#system.ending !== undefined
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
