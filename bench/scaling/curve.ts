// What is measured over and over, with one thing growing.

import type { Axis } from '../plot.js'
import type { Scenario } from '../scenario.js'

export interface CurvePoint {
  readonly series: string
  readonly x: number
  readonly scenario: Scenario
}

export interface Curve {
  /** Of its picture. */
  readonly name: string
  readonly title: string
  /** What is measured, in a sentence or two. */
  readonly text: string
  readonly x: Axis
  readonly y: Axis
  readonly points: readonly CurvePoint[]
}

/** A module exports `curves` and, for the process that measures one point of them, `scenarios`. */
export interface CurveModule {
  readonly curves: readonly Curve[]
  readonly scenarios: readonly Scenario[]
}

/** Powers of `base`, from the first to the last. */
export function powers(base: number, first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => base ** (first + i))
}
