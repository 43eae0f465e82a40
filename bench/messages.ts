// The messages of the rows and the ways they are sent, the same for the engine and its peers.

/** The small object of the rows. */
export interface Add {
  id: number
  op: string
  n: number
}

/** With which the small object takes some 100 bytes. */
export const TEXT = 'a line of a log, as it is passed on to whoever collects them all, whole'

/** A question that is answered with `n + 1`. */
export type Ask = (message: Add) => PromiseLike<unknown>

/** Questions under way at a time. */
const LANES = 1000

function checkAnswer(answer: unknown, i: number): void {
  if (answer !== i + 1) throw new Error(`wrong answer: ${answer} to question ${i}, not ${i + 1}`)
}

/** One question after the other. Gives the milliseconds it took. */
export async function askInSequence(ask: Ask, count: number): Promise<number> {
  const begun = performance.now()
  for (let i = 0; i < count; i++) {
    checkAnswer(await ask({ id: i, op: 'add', n: i }), i)
  }
  return performance.now() - begun
}

/** One question after the other. Gives the microseconds that half of them take at most. */
export async function askMedian(ask: Ask, count: number): Promise<number> {
  const took = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const begun = performance.now()
    checkAnswer(await ask({ id: i, op: 'add', n: i }), i)
    took[i] = performance.now() - begun
  }
  return (took.sort()[count >> 1] as number) * 1000
}

/** A thousand questions under way, until `count` are answered. Gives the milliseconds it took. */
export async function askPipelined(ask: Ask, count: number): Promise<number> {
  let next = 0
  const lane = async () => {
    while (next < count) {
      const i = next++
      checkAnswer(await ask({ id: i, op: 'add', n: i }), i)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: LANES }, lane))
  return performance.now() - begun
}
