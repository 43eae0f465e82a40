// Each node's broker of topics: it knows who has subscribed on its node, and gives each what is published (contract 7.4).

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
import { Subscriber, type Taken } from './subscriber.js'

/** A subscriber that fails so often in a row is dropped. */
const MOST_FAILURES = 3

interface Subscribed {
  readonly ref: ActorRef
  readonly proxy: ActorProxy<Subscriber>
  failures: number
}

/** What became of a message on one node. */
export interface Delivered {
  /** Subscribers when it came. */
  readonly subscribed: number
  readonly reached: number
  readonly failed: number
  /** Of those that failed: they did not answer in time. */
  readonly slow: number
  /** What those that were reached answered. */
  readonly answers: readonly unknown[]
}

export class Broker {
  #context!: ActorContext
  readonly #topics = new Map<string, Map<ActorRef, Subscribed>>()

  onStart(_id: ActorId, context: ActorContext): void {
    this.#context = context
  }

  onSignal({ ref }: Terminated): void {
    for (const topic of this.#topics.keys()) this.unsubscribe(topic, ref)
  }

  async subscribe(topic: string, ref: ActorRef): Promise<void> {
    await this.#context.watch(ref)
    const all = this.#topics.get(topic) ?? new Map<ActorRef, Subscribed>()
    all.set(ref, { ref, proxy: ref.asType(Subscriber), failures: 0 })
    this.#topics.set(topic, all)
  }

  unsubscribe(topic: string, ref: ActorRef): void {
    const all = this.#topics.get(topic)
    all?.delete(ref)
    if (all?.size === 0) this.#topics.delete(topic)
  }

  /** waits: false, it is sent and no more; else until each has answered, or for so many milliseconds. any: until one has. */
  async deliver(
    topic: string,
    message: unknown,
    waits: boolean,
    any: boolean,
    timeoutMs: number,
  ): Promise<Delivered> {
    const all = [...(this.#topics.get(topic)?.values() ?? [])]
    if (!waits) {
      for (const one of all) void this.#give(topic, one, message, Number.POSITIVE_INFINITY)
      return { subscribed: all.length, reached: all.length, failed: 0, slow: 0, answers: [] }
    }
    const answers: unknown[] = []
    let slow = 0
    let failed = 0
    const given = all.map(async (one) => {
      const taken = await this.#give(topic, one, message, timeoutMs)
      if (taken.isTaken) answers.push(taken.answer)
      else failed++
      if (taken.isSlow) slow++
      return taken.isTaken
    })
    if (any) await firstOf(given)
    else await Promise.all(given)
    return { subscribed: all.length, reached: answers.length, failed, slow, answers }
  }

  async #give(topic: string, one: Subscribed, message: unknown, timeoutMs: number): Promise<Given> {
    let given: Given
    try {
      const { isTaken, answer } = (await withCall(one.proxy, { timeoutMs }).take(message)) as Taken
      given = { isTaken, answer, isSlow: false }
    } catch (error) {
      const isSlow = (error as { code?: unknown }).code === 'ERR_PULSING_ASK_TIMEOUT'
      given = { isTaken: false, answer: undefined, isSlow }
    }
    one.failures = given.isTaken ? 0 : one.failures + 1
    if (one.failures < MOST_FAILURES || this.#topics.get(topic)?.get(one.ref) !== one) return given
    this.unsubscribe(topic, one.ref)
    this.#context.log.warn(
      { topic },
      `a subscriber of ${topic} failed ${MOST_FAILURES} times in a row, and is dropped`,
    )
    void Promise.resolve(one.proxy.dropped()).catch(() => undefined)
    return given
  }
}

interface Given extends Taken {
  readonly isSlow: boolean
}

/** Until one is true, or all are over. */
function firstOf(all: readonly Promise<boolean>[]): Promise<void> {
  return new Promise((resolve) => {
    for (const one of all)
      void one.then((is) => {
        if (is) resolve()
      })
    void Promise.all(all).then(() => resolve())
  })
}

export const TopicBroker: RemoteClass<typeof Broker> = remote(import.meta.url, Broker, {
  type: 'TopicBroker',
})
