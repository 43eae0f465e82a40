// Names of this node's actors, as the others are told of them.

import type { LocalThread } from '../system/index.js'
import type { Classes } from './classes.js'
import { addressOf } from './incoming.js'
import { type ActorAddress, isWord } from './link.js'
import type { Tokens } from './tokens.js'

/** What a name stands for, between nodes. */
export type NamedAddress = readonly [
  slot: number,
  index: number,
  generation: number,
  token: string,
  hash: string,
]

/** The address that a node gave a name; undefined where it is none. */
export function readAddress(value: unknown): ActorAddress | undefined {
  if (!Array.isArray(value) || value.length !== 5) return undefined
  const [slot, index, generation, token, hash] = value as unknown[]
  if (!isWord(slot) || !isWord(index) || !isWord(generation)) return undefined
  if (typeof token !== 'string' || typeof hash !== 'string') return undefined
  return { slot, index, generation, token, hash }
}

export class Names {
  readonly #local: LocalThread
  readonly #classes: Classes
  readonly #tokens: Tokens
  /** By name, its generation: no two actors of a slot have the same. */
  #published = new Map<string, string>()

  constructor(local: LocalThread, classes: Classes, tokens: Tokens) {
    this.#local = local
    this.#classes = classes
    this.#tokens = tokens
  }

  /** Says what has changed since it was called last. address: undefined where the name is free again. */
  publish(say: (name: string, address: NamedAddress | undefined) => void): void {
    const { thread } = this.#local
    const now = new Map<string, string>()
    for (const [on, at, of, classId, name] of thread.port.listNames()) {
      const [slot, index, generation] = addressOf({ slot: on, index: at, generation: of })
      const key = `${slot}.${index}.${generation}`
      now.set(name, key)
      if (this.#published.get(name) === key) continue
      const token = this.#tokens.of(slot, index, generation)
      say(name, [slot, index, generation, token, this.#classes.hashOf(classId)])
    }
    for (const name of this.#published.keys()) if (!now.has(name)) say(name, undefined)
    this.#published = now
  }
}
