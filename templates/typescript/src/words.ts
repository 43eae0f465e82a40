// The actor: it counts words, on another core. Engine threads import this file alone.

import * as pul from 'pulsing'

export const Words = pul.remote(
  import.meta.url,
  class Words {
    readonly #seen = new Map<string, number>()

    /** Counts the words of a text, and gives how many it had. */
    count(text: string): number {
      const words = text.toLowerCase().match(/\p{L}+/gu) ?? []
      for (const word of words) this.#seen.set(word, (this.#seen.get(word) ?? 0) + 1)
      return words.length
    }

    /** The words that were seen most. */
    top(most = 10): [string, number][] {
      return [...this.#seen].sort((a, b) => b[1] - a[1]).slice(0, most)
    }
  },
  { restartPolicy: 'on-failure' },
)
