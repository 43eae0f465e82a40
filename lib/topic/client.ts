// Publishing and subscribing, as a thread does it. A message goes to the broker of each node, and from there to its subscribers.

import { type ActorRef, withCall } from '../actor/index.js'
import { errors } from '../errors/index.js'
import { check, milliseconds, oneOf } from '../options/index.js'
import { type ActorSystem, NodeActors, presentIn } from '../system/index.js'
import { type Broker, type Delivered, TopicBroker } from './broker.js'
import { Subscriber } from './subscriber.js'

export { TopicBroker } from './broker.js'

const brokers = new NodeActors<Broker>(() => TopicBroker, 'system/topics', 'spread')

/**
 * How long publish waits (contract 7.4): not at all, until each subscriber has answered or its time is over, until all have, or
 * until one has.
 */
export type PublishMode = 'fire-and-forget' | 'best-effort' | 'wait-all' | 'wait-any'

/** Options of `publisher.publish`. */
export interface PublishOptions {
  /** `fire-and-forget` unless set. */
  readonly mode?: PublishMode | undefined
  /** Milliseconds for a subscriber to answer, 5000 unless set. */
  readonly timeoutMs?: number | undefined
}

/** What became of a message. */
export interface PublishResult extends Delivered {
  /** As its mode asks: all were reached, one was, or it was sent. */
  readonly success: boolean
}

const MODES: readonly PublishMode[] = ['fire-and-forget', 'best-effort', 'wait-all', 'wait-any']
const PUBLISH = { mode: oneOf(...MODES), timeoutMs: milliseconds }
const TIMEOUT_MS = 5000
/** What a broker may take beyond what its subscribers may. */
const MORE_MS = 5000
/** A subscriber whose broker has died tries so often to find the next. */
const MOST_TRIES = 100
const TRY_AGAIN_MS = 50

/**
 * Publishes to a topic. Made by `pul.topic.write(name)`.
 * @template T the type of the messages
 */
export class TopicPublisher<T = unknown> {
  readonly topic: string
  readonly #system: ActorSystem
  /** Messages go out in the order of the calls. */
  #sending: Promise<unknown> = Promise.resolve()

  /** @internal Made by pul.topic.write. */
  constructor(system: ActorSystem, topic: string) {
    this.#system = system
    this.topic = topic
  }

  /**
   * Gives a message to those that have subscribed by now, once each, in the order of the calls.
   * @param message a copy of it goes to each
   * @param options.mode `fire-and-forget` (default), `best-effort`, `wait-all`, `wait-any`
   * @param options.timeoutMs milliseconds for a subscriber to answer, 5000 unless set
   * @returns how many were subscribed, reached and failed, and what they answered
   * @throws ERR_PULSING_NOT_SERIALIZABLE, ERR_PULSING_MESSAGE_TOO_LARGE, ERR_PULSING_INVALID_OPTION
   */
  async publish(message: T, options: PublishOptions = {}): Promise<PublishResult> {
    check('', options, PUBLISH)
    const { mode = 'fire-and-forget', timeoutMs = TIMEOUT_MS } = options
    const sent = this.#sending.then(() => this.#send(message, mode, timeoutMs))
    this.#sending = sent.catch(() => undefined)
    const { all: given } = await sent
    const all = mode === 'wait-any' ? await untilOne(given) : await Promise.all(given)
    const sum = (of: (one: Delivered) => number) => all.reduce((total, one) => total + of(one), 0)
    const [subscribed, reached] = [sum((one) => one.subscribed), sum((one) => one.reached)]
    const success = mode === 'wait-all' ? reached === subscribed : mode === 'wait-any' ? reached > 0 : true
    return {
      success,
      subscribed,
      reached,
      failed: sum((one) => one.failed),
      slow: sum((one) => one.slow),
      answers: all.flatMap((one) => [...one.answers]),
    }
  }

  /** What each node makes of it: one that can't be reached has no subscribers any more. */
  async #send(message: T, mode: PublishMode, timeoutMs: number): Promise<Sent> {
    const system = this.#system
    const nodes = await nodesOf(system)
    const found = await Promise.all(nodes.map((nodeId) => brokers.of(system, nodeId).catch(() => undefined)))
    const waits = mode !== 'fire-and-forget'
    const forAnswer = { timeoutMs: waits ? timeoutMs + MORE_MS : Number.POSITIVE_INFINITY }
    const all = found.map(async (broker, i): Promise<Delivered> => {
      if (broker === undefined) return NOTHING
      try {
        const call = withCall(broker, forAnswer)
        return await call.deliver(this.topic, message, waits, mode === 'wait-any', timeoutMs)
      } catch (error) {
        if (!isGone(error)) throw error
        brokers.forget(system, nodes[i] as string)
        return NOTHING
      }
    })
    return { all }
  }
}

interface Sent {
  readonly all: Promise<Delivered>[]
}

const NOTHING: Delivered = { subscribed: 0, reached: 0, failed: 0, slow: 0, answers: [] }

const GONE = new Set([
  'ERR_PULSING_ACTOR_STOPPED',
  'ERR_PULSING_CONNECTION_LOST',
  'ERR_PULSING_NODE_NOT_FOUND',
  'ERR_PULSING_THREAD_DIED',
])

function isGone(error: unknown): boolean {
  return GONE.has(String((error as { code?: unknown }).code))
}

async function nodesOf(system: ActorSystem): Promise<string[]> {
  if (!system.isNode) return [system.nodeId]
  return presentIn(await system.members())
}

/** What was said when one had reached somebody, or when all had said what they had to. */
function untilOne(given: readonly Promise<Delivered>[]): Promise<Delivered[]> {
  return new Promise((resolve, reject) => {
    const so: Delivered[] = []
    for (const one of given)
      one.then((delivered) => {
        so.push(delivered)
        if (delivered.reached > 0 || so.length === given.length) resolve([...so])
      }, reject)
  })
}

/**
 * Reads what is published to a topic, from when it was made. Made by `pul.topic.read(name)`.
 * @template T the type of the messages
 */
export class TopicReader<T = unknown> {
  readonly topic: string
  readonly #system: ActorSystem
  readonly #subscriber: Subscriber
  #ref: ActorRef | undefined

  /** @internal Made by pul.topic.read. */
  constructor(system: ActorSystem, topic: string, buffer: number) {
    this.#system = system
    this.topic = topic
    this.#subscriber = new Subscriber(buffer, () => void this.#again())
  }

  /** @internal It is subscribed when it resolves. */
  async open(): Promise<this> {
    const system = this.#system
    this.#ref = await system.spawn(this.#subscriber)
    await this.#subscribe(this.#ref)
    return this
  }

  async #subscribe(ref: ActorRef): Promise<void> {
    const broker = await brokers.of(this.#system, this.#system.nodeId)
    await broker.subscribe(this.topic, ref)
    await this.#subscriber._watch(broker)
  }

  /** The thread of the broker has died: the next one has to hear of this. */
  async #again(): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES && this.#ref !== undefined; tries++) {
      brokers.forget(this.#system, this.#system.nodeId)
      try {
        return await this.#subscribe(this.#ref)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS))
      }
    }
  }

  /** Messages that came while its buffer was full. */
  get missed(): number {
    return this.#subscriber._missed
  }

  /** It failed three times in a row, so that nothing comes any more. */
  get isDropped(): boolean {
    return this.#subscriber._isDropped
  }

  /**
   * Calls back with each message, one after another; what the callback gives, or resolves to, is its answer to a publisher that
   * waits, and what it throws counts as a failure. In place of iterating.
   * @throws ERR_PULSING_INVALID_ARGUMENT
   */
  onMessage(callback: (message: T) => unknown): void {
    if (typeof callback !== 'function') throw errors.invalidArgument('callback', callback, 'a function')
    this.#subscriber._listen(callback as (message: unknown) => unknown)
  }

  /** Nothing comes any more; what is here can still be read. */
  async close(): Promise<void> {
    const ref = this.#ref
    this.#ref = undefined
    this.#subscriber._end()
    if (ref === undefined) return
    const broker = await brokers.of(this.#system, this.#system.nodeId)
    await broker.unsubscribe(this.topic, ref)
    await this.#system.stop(ref)
  }

  /** Message by message, until it is closed or dropped. Leaving the loop closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (
        let next = await this.#subscriber._next();
        next !== undefined;
        next = await this.#subscriber._next()
      )
        yield next.message as T
    } finally {
      await this.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
