import type * as pul from 'pulsing'
import { Queens } from '../actors/queens.js'
import { SOLUTIONS } from '../queens.js'
import { check, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'
import { THREADS } from '../threads.js'

/** Gives the milliseconds that it took. */
async function solve(queens: pul.ActorProxy<InstanceType<typeof Queens>>, size: number): Promise<number> {
  const begun = performance.now()
  const parts: Promise<number>[] = []
  for (let first = 0; first < size; first++) {
    for (let second = 0; second < size; second++) parts.push(queens.solutions(size, first, second))
  }
  const found = await Promise.all(parts)
  const elapsedMs = performance.now() - begun
  check(
    'the number of solutions',
    found.reduce((a, b) => a + b, 0),
    SOLUTIONS[size],
  )
  return elapsedMs
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'parallel-speedup',
    unit: 'ratio',
    operation:
      'the solutions of n queens, a call for each place of the first two, by a pool with an instance on each engine ' +
      'thread: how many times faster than by one actor',
    sizes: { quick: 14, full: 15 },
    warmUp: 1,
    open: () =>
      withSystem(async () => {
        const one = patient(await Queens.options(HERE).spawn())
        const pool = patient(await Queens.options({ instances: THREADS }).spawn())
        return async (size) => (await solve(one, size)) / (await solve(pool, size))
      }),
  },
  {
    name: 'queens-11',
    unit: 'ms',
    operation:
      'all solutions of 11 queens, a call for each place of the first two, by a pool with an instance on each engine thread',
    sizes: { quick: 1, full: 20 },
    open: () =>
      withSystem(async () => {
        const pool = patient(await Queens.options({ instances: THREADS }).spawn())
        return async (times) => {
          let sum = 0
          for (let i = 0; i < times; i++) sum += await solve(pool, 11)
          return sum / times
        }
      }),
  },
]
