// What was measured last, and whether it is less now: ratios to peers in the same run, since figures by themselves are the machine's.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { rounded } from './measure.js'
import { UsageError } from './options.js'
import type { Comparison } from './versus.js'

/** The ratio to a peer: the median of its pairs, and the least and the greatest. */
export interface Recorded {
  readonly ratio: number
  readonly least: number
  readonly most: number
}

/** By row, then by peer. */
export type Ratios = Readonly<{ [row: string]: Readonly<{ [peer: string]: Recorded }> }>

/** A loss is real where the best pair of now is so much worse than the worst of then. */
const MARGIN = 0.9

const FILE = new URL('../../bench/recorded.json', import.meta.url)

/** Throws a UsageError where there is none. */
export function readRecord(): Ratios {
  if (existsSync(FILE)) return JSON.parse(readFileSync(FILE, 'utf8')) as Ratios
  throw new UsageError('Nothing is recorded yet: npm run bench -- --record measures, and writes it down.')
}

/** What was measured of a row takes the place of what was recorded of it. */
function withRows(before: Ratios, comparisons: readonly Comparison[]): Ratios {
  const rows = comparisons
    .filter(({ peers }) => peers.length > 0)
    .map(({ scenario, peers }) => {
      const entries = peers.map(({ result, ratio, spread: [least, most] }) => [
        result.peer,
        { ratio, least, most },
      ])
      return [scenario.name, Object.fromEntries(entries)]
    })
  return { ...before, ...Object.fromEntries(rows) } as Ratios
}

export function writeRecord(comparisons: readonly Comparison[]): void {
  const record = withRows(existsSync(FILE) ? readRecord() : {}, comparisons)
  writeFileSync(FILE, `${JSON.stringify(record, undefined, 2)}\n`)
}

/** A sentence for each row that has lost against a peer. */
export function lossesIn(comparisons: readonly Comparison[], record: Ratios): string[] {
  return comparisons.flatMap(({ scenario, peers }) =>
    peers.flatMap(({ result: { peer }, ratio, spread: [, most] }) => {
      const before = record[scenario.name]?.[peer]
      if (before === undefined || most >= before.least * MARGIN) return []
      return [
        `${scenario.name} is ${ratio} times ${peer}, ${rounded(most)} in its best pair; it was ${before.ratio}, ${before.least} in its worst`,
      ]
    }),
  )
}
