// The actor that each node of the example has: a store of counts.

import { getSystem, remote } from 'pulsing'

export const Store = remote(
  import.meta.url,
  class Store {
    readonly #counts = new Map<string, number>()

    add(word: string): { count: number; node: string } {
      const count = (this.#counts.get(word) ?? 0) + 1
      this.#counts.set(word, count)
      return { count, node: getSystem().nodeId }
    }
  },
)
