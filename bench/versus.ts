// The engine and its peers in turn, pair by pair, so that what the machine does meanwhile meets both.

import { measureInChild } from './launch.js'
import { type Mode, median, type Result, resultOf, rounded } from './measure.js'
import type { Suite } from './peers/suites.js'
import { greaterIsBetter, type Program, type Scenario } from './scenario.js'

/** How many times better the engine is than a peer. */
export interface Compared {
  readonly result: Result
  /** The median over the pairs. */
  readonly ratio: number
  /** The least and the greatest of a pair. */
  readonly spread: readonly [number, number]
}

export interface Comparison {
  readonly scenario: Scenario
  readonly ours: Result
  readonly peers: readonly Compared[]
}

export interface Row {
  readonly program: Program
  readonly scenario: Scenario
}

export interface Contest {
  readonly rows: readonly Row[]
  readonly peers: readonly Program[]
  readonly suites: readonly Suite[]
  readonly pairs: number
  readonly mode: Mode
  /** Progress. */
  say(text: string): void
  /** A row that failed; the others go on. */
  fail(row: string, peer: string, error: unknown): void
}

/** A row that no peer has is measured so often at most. */
export const ALONE_PAIRS = 3

/** The values of one peer in one row, by pair; undefined where it has none. */
type Values = Map<string, (Result | undefined)[]>

/** Measures all rows `pairs` times, each second time in reverse. Rows that failed are left out. */
export async function compare(contest: Contest): Promise<Comparison[]> {
  const values = new Map<string, Values>(contest.rows.map(({ scenario }) => [scenario.name, new Map()]))
  const failed = new Set<string>()
  for (let pair = 0; pair < contest.pairs; pair++) await round(contest, pair, values, failed)
  return contest.rows.flatMap(({ program, scenario }) => {
    const all = values.get(scenario.name) as Values
    const ours = all.get(program.peer)
    if (ours === undefined || failed.has(scenario.name)) return []
    const peers = [...all]
      .filter(([peer]) => peer !== program.peer && !failed.has(`${scenario.name} ${peer}`))
      .map(([peer, theirs]) => compared(peer, scenario, ours, theirs))
    return [{ scenario, ours: summed(program.peer, scenario, ours), peers }]
  })
}

async function round(
  contest: Contest,
  pair: number,
  values: Map<string, Values>,
  failed: Set<string>,
): Promise<void> {
  const keep = (result: Result) => {
    const row = values.get(result.bench)
    if (row === undefined) return
    const list = row.get(result.peer) ?? []
    list[pair] = result
    row.set(result.peer, list)
  }
  const attempt = async (row: string, peer: string, work: () => Promise<Result[]>) => {
    if (failed.has(`${row} ${peer}`)) return
    contest.say(`pair ${pair + 1} of ${contest.pairs}: ${row}, ${peer}`)
    try {
      for (const result of await work()) keep(result)
    } catch (error) {
      failed.add(`${row} ${peer}`)
      if (peer === 'pulsing') failed.add(row)
      contest.fail(row, peer, error)
    }
  }
  const steps: (() => Promise<void>)[] = contest.suites.map(
    (suite) => () => attempt('all rows', suite.name, () => suite.run()),
  )
  // What a short suite has comes right beside it.
  const close = new Set(contest.suites.flatMap(({ rows }) => rows ?? []))
  const first = contest.rows.filter(({ scenario }) => close.has(scenario.name))
  const rest = contest.rows.filter(({ scenario }) => !close.has(scenario.name))
  for (const { program, scenario } of [...first, ...rest]) {
    const own = [program, ...contest.peers].flatMap((one) => {
      const found = one.scenarios.find(({ name }) => name === scenario.name)
      return found === undefined ? [] : [{ one, found }]
    })
    if (pair % 2 === 1) own.reverse()
    steps.push(async () => {
      const unmatched = own.length === 1 && values.get(scenario.name)?.size === 1
      if (unmatched && pair >= ALONE_PAIRS) return
      for (const { one, found } of own) {
        if (failed.has(scenario.name)) return
        await attempt(scenario.name, one.peer, async () => [await measureInChild(one, found, contest.mode)])
      }
    })
  }
  if (pair % 2 === 1) steps.reverse()
  for (const step of steps) await step()
}

function present(list: readonly (Result | undefined)[]): number[] {
  return list.flatMap((result) => (result === undefined ? [] : [result.value]))
}

function summed(peer: string, scenario: Scenario, list: readonly (Result | undefined)[]): Result {
  return resultOf(peer, scenario.name, scenario.unit, present(list))
}

function compared(
  peer: string,
  scenario: Scenario,
  ours: readonly (Result | undefined)[],
  theirs: readonly (Result | undefined)[],
): Compared {
  const ratios = theirs.flatMap((their, pair) => {
    const our = ours[pair]
    if (our === undefined || their === undefined) return []
    return [greaterIsBetter(scenario.unit) ? our.value / their.value : their.value / our.value]
  })
  return {
    result: summed(peer, scenario, theirs),
    ratio: rounded(median(ratios)),
    spread: [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))],
  }
}
