// Which node has the records of each bucket that stays with its node, as far as this one knows. The backend keeps it too: who is
// started while that node is away must not begin the bucket anew.

import type { Logger } from '../options/index.js'
import type { ActorSystem } from '../system/index.js'
import { type BucketInfo, backendOf, type Whereabouts } from './backend.js'
import { keyOf } from './bucket-id.js'
import type { TopicSpec } from './spec.js'

export interface Pin extends Whereabouts {
  readonly spec: TopicSpec
  readonly bucketId: number
}

export class Pins {
  readonly #system: ActorSystem
  readonly #infoOf: (spec: TopicSpec, bucketId: number) => BucketInfo
  readonly #log: Logger
  readonly #known = new Map<string, Pin>()

  constructor(system: ActorSystem, infoOf: (spec: TopicSpec, bucketId: number) => BucketInfo, log: Logger) {
    this.#system = system
    this.#infoOf = infoOf
    this.#log = log
  }

  all(): Pin[] {
    return [...this.#known.values()]
  }

  /** Whether they are here. */
  async hasRecords(spec: TopicSpec, bucketId: number): Promise<boolean> {
    const backend = await backendOf(spec.backend)
    return (await backend.has?.(this.#infoOf(spec, bucketId))) ?? false
  }

  /** What is known of it: from others, or kept from before. */
  async of(spec: TopicSpec, bucketId: number): Promise<Pin | undefined> {
    const key = keyOf(spec.topic, bucketId)
    const known = this.#known.get(key)
    if (known !== undefined || !this.#system.isNode) return known
    const kept = await (await backendOf(spec.backend)).whereabouts?.(this.#infoOf(spec, bucketId))
    if (kept === undefined) return undefined
    const pin = { ...kept, spec, bucketId }
    // Somebody may have told it meanwhile.
    if (!this.#isNews(pin)) return this.#known.get(key)
    this.#known.set(key, pin)
    return pin
  }

  /** The bucket is on that node now. Gives what others have to be told. */
  async set(spec: TopicSpec, bucketId: number, nodeId: string): Promise<Pin> {
    const before = await this.of(spec, bucketId)
    if (before?.nodeId === nodeId) return before
    const pin = { spec, bucketId, nodeId, turn: before === undefined ? 0 : before.turn + 1 }
    await this.learn([pin])
    return pin
  }

  /** What another node says; what is older than what is known is no news. */
  async learn(pins: readonly Pin[]): Promise<void> {
    for (const pin of pins) {
      const { spec, bucketId, nodeId, turn } = pin
      try {
        // What was kept from before may be newer.
        await this.of(spec, bucketId)
        if (!this.#isNews(pin)) continue
        this.#known.set(keyOf(spec.topic, bucketId), pin)
        if (!this.#system.isNode) continue
        await (await backendOf(spec.backend)).setWhereabouts?.(this.#infoOf(spec, bucketId), { nodeId, turn })
      } catch (error) {
        this.#log.warn({ err: error }, `where bucket ${bucketId} of ${spec.topic} is could not be kept`)
      }
    }
  }

  #isNews({ spec, bucketId, nodeId, turn }: Pin): boolean {
    const known = this.#known.get(keyOf(spec.topic, bucketId))
    return known === undefined || turn > known.turn || (turn === known.turn && nodeId > known.nodeId)
  }
}
