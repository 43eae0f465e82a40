// Descriptions of classes, known to nodes by a hash of their text.

import { createHash } from 'node:crypto'
import { isDescription } from '../actor/index.js'
import type { Port } from '../engine/index.js'

/** What other nodes may have this one know of. */
const MOST_LEARNT = 10_000
const MOST_TEXT = 256 * 1024

export class Classes {
  readonly #port: Port
  /** By hash: the number of the class in this process. */
  readonly #ids = new Map<string, number>()
  readonly #hashes = new Map<number, string>()
  #learnt = 0

  constructor(port: Port) {
    this.#port = port
  }

  /** '' for no class. */
  hashOf(classId: number): string {
    if (classId <= 0) return ''
    let hash = this.#hashes.get(classId)
    if (hash === undefined) {
      hash = createHash('sha256').update(this.#text(classId)).digest('base64url').slice(0, 16)
      this.#hashes.set(classId, hash)
      this.#ids.set(hash, classId)
    }
    return hash
  }

  /** Undefined where this node has not heard of it. */
  textOf(hash: string): string | undefined {
    const id = this.#ids.get(hash)
    return id === undefined ? undefined : this.#text(id)
  }

  /** 0 where it is not known. */
  idOf(hash: string): number {
    return this.#ids.get(hash) ?? 0
  }

  /** Names of its methods, from the one with number 1 on. */
  methodsOf(classId: number): readonly string[] {
    return classId <= 0 ? [] : (JSON.parse(this.#text(classId)) as { methods: string[] }).methods
  }

  /** Another node says what the hash stands for. False where that can't be. */
  learn(hash: unknown, text: unknown): boolean {
    if (typeof hash !== 'string' || typeof text !== 'string' || text.length > MOST_TEXT) return false
    if (this.#ids.has(hash)) return true
    if (createHash('sha256').update(text).digest('base64url').slice(0, 16) !== hash) return false
    if (!isDescription(text) || this.#learnt >= MOST_LEARNT) return false
    const id = this.#port.intern(`c${text}`)
    if (id < 0) return false
    this.#learnt++
    this.#ids.set(hash, id)
    this.#hashes.set(id, hash)
    return true
  }

  #text(classId: number): string {
    return this.#port.text(classId).slice(1)
  }
}
