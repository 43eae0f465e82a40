// What a peer may ask of this node besides calling its actors (contract 6.3).

import { ActorId, type ActorRef, refOf } from '../actor/index.js'
import type { Target } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { ActorSystem, ExportedClass, LocalThread } from '../system/index.js'
import type { Classes } from './classes.js'
import { CLASS_TEXT, DESCRIBE, LOOK_UP, REFER, SPAWN, STILL_THERE, STOP } from './frames.js'
import { type ActorAddress, isWord } from './link.js'
import type { Tokens } from './tokens.js'

/** Actors that may be asked after at a time. */
export const MOST_ASKED_AFTER = 5000

export interface ServedOptions {
  readonly local: LocalThread
  readonly system: ActorSystem
  readonly classes: Classes
  readonly tokens: Tokens
  readonly exported: readonly ExportedClass[]
}

export class Served {
  readonly #options: ServedOptions

  constructor(options: ServedOptions) {
    this.#options = options
  }

  /** The answer to a peer's request. Rejects with what the peer is told. */
  async serve(operation: string, argument: unknown): Promise<unknown> {
    switch (operation) {
      case LOOK_UP:
        return this.#lookUp(argument)
      case REFER:
        return this.#refer(argument)
      case SPAWN:
        return this.#spawn(argument)
      case STOP: {
        const target = this.#named(argument)
        if (target === undefined) return false
        await this.#options.system.stop(this.#refOf(target), {
          drain: (argument as { drain?: unknown }).drain === true,
        })
        return true
      }
      case DESCRIBE: {
        const target = this.#named(argument)
        if (target === undefined) return undefined
        const { ref: _, ...found } = await this.#options.system.describe(this.#refOf(target))
        return found
      }
      case CLASS_TEXT:
        return typeof argument === 'string' ? this.#options.classes.textOf(argument) : undefined
      case STILL_THERE:
        return this.#whoIsGone(argument)
      default:
        throw errors.notReadable(this.#options.local.nodeId, `there is no request ${operation}`)
    }
  }

  #refOf(target: Target): ActorRef {
    return refOf(this.#options.local, target)
  }

  #lookUp(name: unknown): ActorRef | undefined {
    const { thread } = this.#options.local
    const found = typeof name === 'string' && name.length <= 255 ? thread.port.findName(name) : undefined
    return found === undefined ? undefined : this.#refOf(thread.targetAt(...found))
  }

  /** A named actor's: others are called by whoever was sent their reference alone. */
  #refer(text: unknown): ActorRef | undefined {
    if (typeof text !== 'string') return undefined
    const { thread } = this.#options.local
    const id = ActorId.parse(text)
    const found = thread.port
      .listNames()
      .find(
        ([slot, index, generation]) => slot === id.slot && index === id.index && generation === id.generation,
      )
    return found === undefined
      ? undefined
      : this.#refOf(thread.targetAt(found[0], found[1], found[2], found[3]))
  }

  async #spawn(argument: unknown): Promise<ActorRef> {
    const { local, exported, system } = this.#options
    const { key, type, options } = (argument ?? {}) as { key?: unknown; type?: unknown; options?: unknown }
    const found = exported.find((one) => one.key === key) ?? exported.filter((one) => one.type === type)[0]
    if (found === undefined) throw errors.classNotExported(String(type).slice(0, 100), local.nodeId)
    const { nodeId: _, ...given } = (options ?? {}) as Record<string, unknown>
    return system.spawnExported(found, given)
  }

  /** The actor of this node that an address names, where its token admits. */
  #named(argument: unknown): Target | undefined {
    const { slot, index, generation, token } = (argument ?? {}) as Partial<ActorAddress>
    const { local, tokens } = this.#options
    if (!isWord(slot) || !isWord(index) || !isWord(generation)) return undefined
    if (!tokens.admits(slot, index, generation, token)) return undefined
    return local.thread.targetAt(slot, index, generation | 0, 0)
  }

  /** Of a list of addresses, the places of those whose actors are gone. */
  #whoIsGone(list: unknown): number[] {
    if (!Array.isArray(list) || list.length > MOST_ASKED_AFTER) return []
    return list.flatMap((one, i) => {
      const target = this.#named(one)
      return target === undefined || !this.#options.local.thread.isThere(target) ? [i] : []
    })
  }
}
