// Reads its share of the lines, works them out, and passes on what came of them. It is made again when its thread dies, and goes on
// where it had committed: lines after that are worked out twice, and known by their number.

import { type ActorContext, type ActorId, queue, remote } from 'pulsing'

export interface Line {
  readonly account: string
  readonly n: number
  readonly text: string
}

export interface Result {
  readonly account: string
  readonly n: number
  readonly cents: number
}

/** Where the queues of this run are kept. */
export const kept = (folder: string) => ({ backend: 'lmdb', backendOptions: { folder } })

export const Worker = remote(
  import.meta.url,
  class Worker {
    readonly #rank: number
    readonly #worldSize: number
    readonly #folder: string

    constructor(rank: number, worldSize: number, folder: string) {
      this.#rank = rank
      this.#worldSize = worldSize
      this.#folder = folder
    }

    async onStart(_id: ActorId, context: ActorContext): Promise<void> {
      const reader = await queue.read<Line>('lines', {
        rank: this.#rank,
        worldSize: this.#worldSize,
        group: 'ingest',
        ...kept(this.#folder),
      })
      const results = await queue.write<Result>('results', { bucketColumn: 'account', ...kept(this.#folder) })
      const { signal } = context
      const work = async () => {
        for (;;) {
          const lines = await reader.get({ limit: 200, wait: true, signal })
          await results.put(lines.map(({ account, n, text }) => ({ account, n, cents: centsOf(text) })))
          await reader.commit()
        }
      }
      work().catch((error) => {
        if (!signal.aborted) throw error
      })
    }

    /** As a fault would: the whole thread goes, with all that was under way on it. */
    crash(): never {
      process.exit(1)
    }
  },
)

function centsOf(text: string): number {
  return Math.round(Number(text) * 100)
}
