// Who works and who is looked at while the engine is under a steady load.

import * as pul from 'pulsing'
import type { Tally } from '../actors/counter.js'
import type { EchoProxy } from '../actors/echo.js'

const SPAWNED = 2
const STREAMED = 40

/** Calls another thread, and tells it. */
export const Worker = pul.remote(
  import.meta.url,
  class Worker {
    readonly #echo: EchoProxy
    readonly #counter: pul.ActorRef
    #told = 0

    constructor(echo: EchoProxy, counter: pul.ActorRef) {
      this.#echo = echo
      this.#counter = counter
    }

    /** Gives how many operations it did. */
    async turn(each: number): Promise<number> {
      const answers: PromiseLike<number>[] = []
      for (let n = 0; n < each; n++) {
        answers.push(this.#echo.add({ id: n, op: 'add', n }))
        const full = this.#counter.tell({ id: n, op: 'add', n: 1 })
        if (full !== undefined) await full
        this.#told++
      }
      for (const [n, answer] of (await Promise.all(answers)).entries())
        if (answer !== n + 1) throw new Error(`wrong answer: ${answer} to ${n}`)
      return each * 2
    }

    /** Whether all that it told has come. */
    async told(): Promise<boolean> {
      const { count } = (await this.#counter.ask({ id: 0, op: 'get', n: 0 })) as Tally
      const isAll = count === this.#told
      this.#told = 0
      return isAll
    }
  },
)

export const Passing = pul.remote(
  import.meta.url,
  class Passing {
    greet(name: string): string {
      if (name === '') throw new pul.PulsingBusinessError(400, 'nobody to greet')
      return `hello ${name}`
    }

    async *count(to: number): AsyncGenerator<number> {
      for (let i = 0; i < to; i++) yield i
    }
  },
)

/** On each thread one: what its heap holds. */
export const Gauge = pul.remote(
  import.meta.url,
  class Gauge {
    bytes(): number {
      globalThis.gc?.()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
  },
)

/** Makes actors, has each greet and fail, and stops them. Gives how many operations that was. */
export async function comeAndGo(): Promise<number> {
  const passing = await Promise.all(Array.from({ length: SPAWNED }, () => Passing.spawn()))
  for (const one of passing) {
    if ((await one.greet('you')) !== 'hello you') throw new Error('wrong answer: another greeting')
    let failed = false
    await one.greet('').catch(() => {
      failed = true
    })
    if (!failed) throw new Error('wrong answer: nobody was greeted')
    let items = 0
    for await (const _ of one.count(STREAMED)) items++
    if (items !== STREAMED) throw new Error(`wrong answer: ${items} items`)
    await pul.getSystem().stop(one)
  }
  return SPAWNED * (4 + STREAMED)
}
