// What the layers above may use of topics: `pul.topic`. What it is made of is loaded when it is first used.

import type { AnyClass } from '../actor/index.js'
import { errors, reading } from '../errors/index.js'
import { check, whole } from '../options/index.js'
import { ActorSystem, addBuiltIns, getSystem } from '../system/index.js'
import type { TopicPublisher, TopicReader } from './client.js'

export type { PublishMode, PublishOptions, PublishResult, TopicPublisher, TopicReader } from './client.js'

/** Options of `pul.topic.read`. */
export interface TopicReadOptions {
  /** Messages that may wait to be read, 1,024 unless set; one that comes then is missed. */
  readonly buffer?: number | undefined
}

const load = () => import('./client.js')

addBuiltIns(async () => [(await load()).TopicBroker as AnyClass])

function checkName(name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(name)) return name
  throw errors.invalidArgument('name', name, '1 to 128 characters of A-Za-z0-9._-')
}

/** Topics of a system (contract 7.4): what is published goes to those that have subscribed by then. */
export class Topic {
  readonly #system: () => ActorSystem

  /** @internal */
  constructor(system: () => ActorSystem) {
    this.#system = system
  }

  /**
   * Publishes to a topic, on all nodes.
   * @param name 1 to 128 characters of `A-Za-z0-9._-`
   * @throws ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_NOT_INITIALIZED
   */
  async write<T = unknown>(name: string): Promise<TopicPublisher<T>> {
    checkName(name)
    const { TopicPublisher } = await load()
    return new TopicPublisher<T>(this.#system(), name)
  }

  /**
   * Subscribes to a topic: from here on, what is published comes, in each publisher's order.
   * @param name as its publishers name it
   * @param options.buffer messages that may wait to be read, 1,024 unless set
   * @throws ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_INVALID_OPTION, ERR_PULSING_NOT_INITIALIZED
   */
  async read<T = unknown>(name: string, options: TopicReadOptions = {}): Promise<TopicReader<T>> {
    checkName(name)
    check('', options, { buffer: whole(1, 1_000_000) })
    const { TopicReader } = await load()
    return new TopicReader<T>(this.#system(), name, options.buffer ?? 1024).open()
  }

  /** The topics of a system that `actorSystem` made. Throws ERR_PULSING_INVALID_ARGUMENT. */
  of(system: ActorSystem): Topic {
    if (!reading('system', () => system instanceof ActorSystem))
      throw errors.invalidArgument('system', system, 'a system, as actorSystem gives it')
    return new Topic(() => system)
  }
}

/** Topics of the system that `init` made (contract 7.4), on any of its threads. */
export const topic: Topic = new Topic(getSystem)
