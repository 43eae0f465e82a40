// What the topics are that a node knows of: their first writers said so.

import { errors } from '../errors/index.js'
import type { ActorSystem } from '../system/index.js'
import { backendOf } from './backend.js'
import { checkSame, newTopic, type TopicOptions, type TopicSpec } from './spec.js'

export class Topics {
  readonly #system: ActorSystem
  readonly #askOthers: (topic: string) => Promise<TopicSpec | undefined>
  readonly #known = new Map<string, TopicSpec>()
  /** Those that are being settled, one after another. */
  readonly #turns = new Map<string, Promise<unknown>>()

  /** askOthers: what another node knows of a topic. */
  constructor(system: ActorSystem, askOthers: (topic: string) => Promise<TopicSpec | undefined>) {
    this.#system = system
    this.#askOthers = askOthers
  }

  known(topic: string): TopicSpec | undefined {
    return this.#known.get(topic)
  }

  /** What another node says of a topic. Gives what it is here; throws ERR_PULSING_QUEUE_CONFLICT where that is another. */
  learn(spec: TopicSpec): TopicSpec {
    const known = this.#known.get(spec.topic)
    if (known === undefined) this.#known.set(spec.topic, spec)
    else checkSame(known, { numBuckets: spec.numBuckets, backend: spec.backend })
    return known ?? spec
  }

  /**
   * What a topic is: as it is known somewhere, else what is given makes it so.
   * @param create a writer's; a reader has to say numBuckets where nobody knows the topic
   */
  async settle(topic: string, given: TopicOptions, create: boolean): Promise<TopicSpec> {
    const before = this.#turns.get(topic) ?? Promise.resolve()
    const turn = before.then(() => this.#settle(topic, given, create))
    const over = turn.catch(() => undefined)
    this.#turns.set(topic, over)
    try {
      return await turn
    } finally {
      if (this.#turns.get(topic) === over) this.#turns.delete(topic)
    }
  }

  async #settle(topic: string, given: TopicOptions, create: boolean): Promise<TopicSpec> {
    const known = this.#known.get(topic) ?? (await this.#askOthers(topic))
    if (known !== undefined) {
      checkSame(known, given)
      this.#known.set(topic, known)
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
    this.#known.set(topic, spec)
    return spec
  }
}
