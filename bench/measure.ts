// Takes the figure of one row, in this process.

import type { Scenario, Unit } from './scenario.js'

/** A line of the output. */
export interface Result {
  readonly peer: string
  readonly bench: string
  /** The median of the runs. */
  readonly value: number
  readonly unit: Unit
  readonly runs: readonly number[]
}

const RUNS = 3

/** Which of a scenario's sizes. */
export type Mode = 'quick' | 'full'

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle]!
  return (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A figure has no more digits than it deserves. */
export function rounded(value: number): number {
  return Number(value.toPrecision(5))
}

export function resultOf(peer: string, bench: string, unit: Unit, runs: readonly number[]): Result {
  return { peer, bench, value: rounded(median(runs)), unit, runs: runs.map(rounded) }
}

/** Runs the scenario once for the warm-up and three times for the figure. */
export async function measure(peer: string, scenario: Scenario, mode: Mode): Promise<Result> {
  const size = scenario.sizes[mode]
  const warmUp = Math.ceil(size * (scenario.warmUp ?? 0.5))
  const running = await scenario.open()
  try {
    if (warmUp > 0) await running.run(warmUp)
    const runs: number[] = []
    while (runs.length < RUNS) runs.push(await running.run(size))
    return resultOf(peer, scenario.name, scenario.unit, runs)
  } finally {
    await running.close()
  }
}
