// Puts what was made late in the place of what stood for it, in a copied message. Only cycles and aliases that could not
// be made at once need it.

import { REF } from '../symbols.js'
import { isShared } from './share.js'

/** Stands for an object that is not there yet. */
export class Stand {
  readonly position: number
  constructor(position: number) {
    this.position = position
  }
}

/** No copy of ours: what it holds is not to be touched. */
function isForeign(object: object): boolean {
  return ArrayBuffer.isView(object) || (object as { [REF]?: unknown })[REF] !== undefined || isShared(object)
}

export class Patch {
  readonly stands: Stand[] = []
  readonly #by = new Map<unknown, object>()

  replace(old: object, by: object): void {
    this.#by.set(old, by)
  }

  /** In all that can be reached from the value. Gives the value, or what takes its place. */
  apply(root: unknown): unknown {
    const by = this.#by
    const now = (value: unknown) => by.get(value) ?? value
    const result = now(root)
    const done = new Set<unknown>()
    const left: unknown[] = [result]
    while (left.length > 0) {
      const at = left.pop()
      if (typeof at !== 'object' || at === null || done.has(at) || isForeign(at)) continue
      done.add(at)
      if (at instanceof Map) {
        const entries = [...at]
        const stale = entries.some(([key, value]) => by.has(key) || by.has(value))
        if (stale) at.clear()
        for (const [key, value] of entries) {
          if (stale) at.set(now(key), now(value))
          left.push(now(key), now(value))
        }
      } else if (at instanceof Set) {
        const values = [...at]
        const stale = values.some((value) => by.has(value))
        if (stale) at.clear()
        for (const value of values) {
          if (stale) at.add(now(value))
          left.push(now(value))
        }
      } else this.#properties(at, left)
    }
    return result
  }

  #properties(object: object, left: unknown[]): void {
    for (const key of Reflect.ownKeys(object)) {
      const property = Object.getOwnPropertyDescriptor(object, key)
      if (property === undefined || !('value' in property)) continue
      const by = this.#by.get(property.value)
      if (by !== undefined) Object.defineProperty(object, key, { ...property, value: by })
      left.push(by ?? property.value)
    }
  }
}
