// Many actors that stay, and what they take.

import * as pul from 'pulsing'

const Inhabitant = pul.remote(
  import.meta.url,
  class Inhabitant {
    readonly #number: number

    constructor(number: number) {
      this.#number = number
    }

    number(): number {
      return this.#number
    }
  },
)

interface Memory {
  heap: number
  resident: number
}

function memory(): Memory {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('this row needs node --expose-gc')
  for (let i = 0; i < 3; i++) collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

/** Makes them on its own thread and keeps their proxies. */
export const City = pul.remote(
  import.meta.url,
  class City {
    readonly #inhabitants: unknown[][] = []

    /**
     * Makes `count` actors that each answer once. Gives how many bytes each takes: the growth of this thread's heap and of
     * what hangs on it, or that of the process's resident memory, whichever is more.
     */
    async settle(count: number): Promise<number> {
      const inhabitants: unknown[] = new Array(count).fill(undefined)
      this.#inhabitants.push(inhabitants)
      const before = memory()
      for (let i = 0; i < count; i++) {
        const inhabitant = await Inhabitant.spawn(i)
        if ((await inhabitant.number()) !== i) throw new Error('wrong answer: another actor answered')
        inhabitants[i] = inhabitant
      }
      await new Promise<void>((resolve) => setImmediate(resolve))
      const after = memory()
      return Math.max(after.heap - before.heap, after.resident - before.resident) / count
    }
  },
)
