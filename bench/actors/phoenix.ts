// The actors of the restart rows: one that fails when it is asked to, and one that asks it to.

import * as pul from 'pulsing'

export const Phoenix = pul.remote(
  import.meta.url,
  class Phoenix {
    #calls = 0

    fail(): never {
      throw new Error('to be made again')
    }

    exit(): never {
      process.exit(1)
    }

    /** Calls of this instance. */
    calls(): number {
      return ++this.#calls
    }
  },
  { restartPolicy: 'on-failure', maxRestarts: Number.POSITIVE_INFINITY, minBackoffMs: 0 },
)

export type PhoenixProxy = pul.ActorProxy<InstanceType<typeof Phoenix>>

/** One failure after another, each with the first answer after it, and a rest of so many milliseconds that do not count. */
export async function failAndAsk(
  fail: () => PromiseLike<unknown>,
  calls: () => PromiseLike<number>,
  count: number,
  restMs = 0,
): Promise<number> {
  let rested = 0
  const begun = performance.now()
  for (let i = 0; i < count; i++) {
    if (restMs > 0) {
      const since = performance.now()
      await new Promise((resolve) => setTimeout(resolve, restMs))
      rested += performance.now() - since
    }
    let failed = false
    try {
      await fail()
    } catch {
      failed = true
    }
    if (!failed || (await calls()) !== 1) throw new Error('wrong answer: not the first of a new instance')
  }
  return performance.now() - begun - rested
}

export const Supervisor = pul.remote(
  import.meta.url,
  class Supervisor {
    #child: PhoenixProxy | undefined

    async onStart(_id: pul.ActorId, context: pul.ActorContext): Promise<void> {
      this.#child = (await context.spawn(Phoenix)).asType(Phoenix)
    }

    run(count: number): Promise<number> {
      const child = this.#child as PhoenixProxy
      return failAndAsk(
        () => child.fail(),
        () => child.calls(),
        count,
      )
    }
  },
)
