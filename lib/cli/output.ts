// What commands print: tables for people, and JSON, one value a line, for programs.

import { stripVTControlCharacters } from 'node:util'

/** What a command prints with. */
export interface Output {
  readonly isJson: boolean
  /** A value as JSON with --json; else the text that is made of it. */
  print<T>(value: T, text: (value: T) => string): void
}

export function outputOf(isJson: boolean): Output {
  return {
    isJson,
    print: (value, text) => {
      process.stdout.write(`${isJson ? (JSON.stringify(value) ?? 'null') : text(value)}\n`)
    },
  }
}

/** Names and messages are their users' own: what would steer a terminal is left out. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

/** What is not there is null in JSON. */
type Cell = string | number | undefined | null

/** Columns as wide as they need; numbers stand on the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const shown = rows.map((row) => row.map((cell) => plain(String(cell ?? '-'))))
  const isNumeric = head.map((_, i) => rows.some((row) => typeof row[i] === 'number'))
  const widths = head.map((name, i) =>
    Math.max(name.length, ...shown.map((row) => (row[i] as string).length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        isNumeric[i] === true ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number),
      )
      .join('  ')
      .trimEnd()
  return [line(head), ...shown.map(line)].join('\n')
}

const STEPS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
]

/** 1500 -> 1.5s, 90000 -> 1.5m. */
export function duration(ms: number): string {
  const [unitMs, unit] = STEPS.find(([most]) => ms >= most) ?? [1, 'ms']
  const value = ms / unitMs
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)}${unit}`
}

export function bytes(count: number): string {
  return count < 1024 * 1024 ? `${Math.round(count / 1024)}K` : `${(count / 1024 / 1024).toFixed(1)}M`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}%`
}
