// What a row of the benchmarks is.

/** s/min: CPU seconds in a minute. */
export type Unit = 'ops/s' | 'bytes' | 'ratio' | 'ms' | 'us' | 's/min'

/** A row: what is measured, in what unit, and how. */
export interface Scenario {
  readonly name: string
  readonly unit: Unit
  /** What one operation is: it stands in the help and on the page. */
  readonly operation: string
  /** What `run` is given. */
  readonly sizes: { readonly quick: number; readonly full: number }
  /** The share of a run that goes first, unmeasured; 0.5 unless set. */
  readonly warmUp?: number
  /** It is also measured beside a process that keeps one core busy. */
  readonly latency?: boolean
  /** What its process needs of Node. */
  readonly execArgv?: readonly string[]
  open(): Promise<Running>
}

/** A scenario that is ready to run. */
export interface Running {
  /** Does the work, checks its answer, and gives the value in the scenario's unit. */
  run(size: number): Promise<number>
  close(): Promise<void>
}

/** A module of scenarios, of the engine or of a peer. */
export interface Program {
  readonly peer: string
  /** The module, for the process that runs a row of it. */
  readonly url: string
  readonly scenarios: readonly Scenario[]
}

/** Whether a greater value is a better one. */
export function greaterIsBetter(unit: Unit): boolean {
  return unit === 'ops/s' || unit === 'ratio'
}

export function perSecond(operations: number, elapsedMs: number): number {
  return (operations / elapsedMs) * 1000
}

/** Fails the row where the work was not done as it should be. */
export function check(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`wrong answer: ${what} is ${got}, not ${wanted}`)
}
