// Actors of the layers above that each node has one of, under one name: found from any thread of any node, made where there is none.

import type { ActorProxy } from '../actor/index.js'
import type { Placement } from '../options/index.js'
import type { ActorSystem } from './system.js'

type AnyConstructor<T> = abstract new (...args: never[]) => T

export class NodeActors<T extends object> {
  readonly #Class: () => AnyConstructor<T>
  readonly #name: string
  readonly #placement: Placement
  readonly #known = new WeakMap<ActorSystem, Map<string, Promise<ActorProxy<T>>>>()

  /** Class: asked for when it is first needed. name: one of the system's own. */
  constructor(Class: () => AnyConstructor<T>, name: string, placement: Placement) {
    this.#Class = Class
    this.#name = name
    this.#placement = placement
  }

  /** Throws ERR_PULSING_NODE_NOT_FOUND, and what a connection that is lost gives. */
  of(system: ActorSystem, nodeId: string): Promise<ActorProxy<T>> {
    let all = this.#known.get(system)
    if (all === undefined) {
      all = new Map()
      this.#known.set(system, all)
    }
    let one = all.get(nodeId)
    if (one !== undefined) return one
    one = this.#find(system, nodeId)
    all.set(nodeId, one)
    one.catch(() => this.forget(system, nodeId))
    return one
  }

  /** It could not be reached: the next time it is looked up again. */
  forget(system: ActorSystem, nodeId: string): void {
    this.#known.get(system)?.delete(nodeId)
  }

  async #find(system: ActorSystem, nodeId: string): Promise<ActorProxy<T>> {
    const name = this.#name
    const Class = this.#Class()
    const found = async () => (await system.resolve(name, { nodeId, filterAlive: false })).asType(Class)
    const isOf = (error: unknown, code: string) => (error as { code?: unknown }).code === code
    try {
      return await found()
    } catch (error) {
      if (!isOf(error, 'ERR_PULSING_ACTOR_NOT_FOUND')) throw error
    }
    try {
      const where = nodeId === system.nodeId ? {} : { nodeId }
      return (await system.spawn(Class, { ...where, name, placement: this.#placement })).asType(Class)
    } catch (error) {
      if (!isOf(error, 'ERR_PULSING_NAME_TAKEN')) throw error
      return found()
    }
  }
}
