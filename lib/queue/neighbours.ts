// The other nodes, as a node's manager of buckets knows them: who is there, and what their managers say.

import { errors } from '../errors/index.js'
import { type ActorSystem, type Member, presentIn } from '../system/index.js'
import type { ManagerProxy } from './manager.js'
import { forgetManager, managerOf } from './managers.js'

export class Neighbours {
  readonly #system: ActorSystem
  #members: readonly Member[] = []

  constructor(system: ActorSystem) {
    this.#system = system
  }

  /** Before whatever depends on who is there: some may have been heard of just now. */
  async look(): Promise<void> {
    this.#members = await this.#system.members()
  }

  /** The nodes that may own a bucket, this one among them. */
  get present(): string[] {
    return presentIn(this.#members)
  }

  /** Other nodes that may be given one. */
  get able(): string[] {
    const { nodeId: own } = this.#system
    return this.#members
      .filter(({ nodeId, status }) => nodeId !== own && status === 'alive')
      .map(({ nodeId }) => nodeId)
  }

  isAlive(nodeId: string): boolean {
    return this.#members.some((one) => one.nodeId === nodeId && one.status !== 'dead')
  }

  /**
   * Asks the managers of all other nodes that there are. Where a bucket depends on the answer, one that does not answer is waited
   * for: it throws ERR_PULSING_BUCKET_MOVED, which has its caller look again.
   */
  async ask<T>(
    question: (manager: ManagerProxy) => PromiseLike<T>,
    topic?: string,
    bucketId = 0,
  ): Promise<[nodeId: string, answer: T][]> {
    const others = this.#members.filter(
      ({ nodeId, status }) => nodeId !== this.#system.nodeId && status !== 'dead',
    )
    const answers = await Promise.all(
      others.map(async ({ nodeId }) => {
        try {
          return [nodeId, await question(await managerOf(this.#system, nodeId))] as [string, T]
        } catch {
          forgetManager(this.#system, nodeId)
          if (topic !== undefined && this.isAlive(nodeId)) throw errors.bucketMoved(topic, bucketId)
          return undefined
        }
      }),
    )
    return answers.filter((one) => one !== undefined)
  }
}
