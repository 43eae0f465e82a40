// Where the buckets of a topic are, as a writer or a reader finds them: by asking whom they should belong to, and following where
// that sends it.

import { ownerOf } from '../cluster/index.js'
import { errors, messageOf } from '../errors/index.js'
import { type ActorSystem, presentIn } from '../system/index.js'
import { type BucketProxy, QueueBucket } from './bucket.js'
import { forgetManager, managerOf } from './managers.js'
import { isPassing } from './requests.js'
import type { TopicOptions, TopicSpec } from './spec.js'

/** Nodes that one look-up asks before it waits a little. */
const MOST_HOPS = 4
const LEAST_PAUSE_MS = 5
const MOST_PAUSE_MS = 200

export interface FoundBucket {
  readonly bucket: BucketProxy
  readonly epoch: string
  readonly nodeId: string
}

/** What a topic is. Errors as pul.queue.write. */
export async function findTopic(
  system: ActorSystem,
  topic: string,
  given: TopicOptions,
  create: boolean,
  timeoutMs: number,
): Promise<TopicSpec> {
  const { numBuckets, backend, backendOptions, retention } = given
  const options = Object.fromEntries(
    Object.entries({ numBuckets, backend, backendOptions, retention }).filter(
      ([, value]) => value !== undefined,
    ),
  )
  const look = async () => {
    const nodeId = (await ownerOfKey(system, topic)) ?? system.nodeId
    try {
      return await (await managerOf(system, nodeId)).topic(topic, options, create)
    } catch (error) {
      if (isPassing(error)) forgetManager(system, nodeId)
      throw error
    }
  }
  return patiently(timeoutMs, look, (why, cause) => errors.topicUnavailable(topic, why, cause))
}

export class Finder {
  readonly #system: ActorSystem
  readonly #spec: TopicSpec

  constructor(system: ActorSystem, spec: TopicSpec) {
    this.#system = system
    this.#spec = spec
  }

  /**
   * @param failed the epoch of a bucket that could not be reached, or ''
   * @param isGivenUp whether nobody waits for it any more
   * @throws ERR_PULSING_BUCKET_UNAVAILABLE, and what its backend throws when it is opened
   */
  async find(
    bucketId: number,
    failed: string,
    timeoutMs: number,
    isGivenUp = () => false,
  ): Promise<FoundBucket> {
    const unavailable = (why: string, cause: unknown) =>
      errors.bucketUnavailable(this.#spec.topic, bucketId, why, cause)
    return patiently(timeoutMs, () => this.#look(bucketId, failed), unavailable, isGivenUp)
  }

  async #look(bucketId: number, failed: string): Promise<FoundBucket> {
    const system = this.#system
    const key = `${this.#spec.topic}/${bucketId}`
    let nodeId = (await ownerOfKey(system, key)) ?? system.nodeId
    for (let hop = 0; hop < MOST_HOPS; hop++) {
      try {
        const opened = await (await managerOf(system, nodeId)).open(this.#spec, bucketId, failed)
        if ('bucket' in opened) {
          const bucket = opened.bucket.asType(QueueBucket) as BucketProxy
          return { bucket, epoch: opened.epoch, nodeId }
        }
        nodeId = opened.at
      } catch (error) {
        if (isPassing(error)) forgetManager(system, nodeId)
        throw error
      }
    }
    throw errors.bucketMoved(this.#spec.topic, bucketId)
  }
}

/** Again and again, with growing pauses, as long as it fails with what passes. unavailable: makes the error when time is up. */
async function patiently<T>(
  timeoutMs: number,
  attempt: () => Promise<T>,
  unavailable: (why: string, cause: unknown) => Error,
  isGivenUp = () => false,
): Promise<T> {
  const until = performance.now() + timeoutMs
  for (let pauseMs = LEAST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MOST_PAUSE_MS)) {
    try {
      return await attempt()
    } catch (error) {
      if (!isPassing(error)) throw error
      if (performance.now() + pauseMs > until || isGivenUp())
        throw unavailable(
          `it was not found within ${timeoutMs} ms (${messageOf(error)}); system.members() says which nodes there are`,
          error,
        )
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

async function ownerOfKey(system: ActorSystem, key: string): Promise<string | undefined> {
  if (!system.isNode) return system.nodeId
  return ownerOf(key, presentIn(await system.members()))
}
