// How figures are shown.

import type { Result } from './measure.js'
import type { Unit } from './scenario.js'
import type { Compared, Comparison } from './versus.js'

function scaled(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M/s`
  if (value >= 1e3) return `${(value / 1e3).toPrecision(3)} k/s`
  return `${value.toPrecision(3)} /s`
}

/** 41200000 ops/s is `41.2 M/s`. */
export function shown(value: number, unit: Unit): string {
  switch (unit) {
    case 'ops/s':
      return scaled(value)
    case 'bytes':
      return `${Math.round(value)} bytes`
    case 'ratio':
      return `${value.toFixed(2)} x`
    case 'ms':
      return `${value.toFixed(2)} ms`
    case 'us':
      return `${value.toFixed(1)} us`
    case 's/min':
      return `${value.toFixed(3)} s/min`
  }
}

/** The least and the greatest of the runs. */
export function spreadOf({ runs, unit }: Result): string {
  return `${shown(Math.min(...runs), unit)} - ${shown(Math.max(...runs), unit)}`
}

const times = (ratio: number) => `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3)} x`

export function ratioOf({ ratio, spread: [least, most] }: Compared): string {
  return `${times(ratio)} (${times(least)} - ${times(most)})`
}

/** Columns as wide as their widest cell. */
export function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function tableOf(results: readonly Result[]): string {
  const lines = results.map((result) => [result.bench, shown(result.value, result.unit), spreadOf(result)])
  return table([['row', 'median', 'least - most'], ...lines])
}

export function tableOfComparisons(comparisons: readonly Comparison[]): string {
  const lines = comparisons.flatMap(({ ours, peers }) => [
    [ours.bench, ours.peer, shown(ours.value, ours.unit), spreadOf(ours), ''],
    ...peers.map((peer) => [
      '',
      peer.result.peer,
      shown(peer.result.value, peer.result.unit),
      spreadOf(peer.result),
      ratioOf(peer),
    ]),
  ])
  return table([
    ['row', 'peer', 'median', 'least - most', 'pulsing is better by (least - most of a pair)'],
    ...lines,
  ])
}

/** The lines of a comparison: a peer's has the ratio as well, above 1 where the engine is better. */
export function jsonLines({ ours, peers }: Comparison): string[] {
  return [ours, ...peers.map(({ result, ratio, spread }) => ({ ...result, ratio, spread }))].map((line) =>
    JSON.stringify(line),
  )
}
