// The report, for people and as JSON.

import type { Difference } from './compare.js'
import { count, megabytes, plural, seconds, shown } from './figures.js'
import type { Outcome } from './job.js'
import type { Options } from './options.js'
import type { Verified } from './verify.js'

const EXTENSIONS = 15
const PATHS = 5

export interface Report {
  readonly options: Options
  readonly outcome: Outcome
  readonly top: readonly [word: string, count: number][]
  readonly isStopped: boolean
}

/** What was counted, in lines. */
export function reportLines({ options, outcome, top, isStopped }: Report): string[] {
  const { totals, ms, threads, hostBusy, unreadablePaths } = outcome
  const lines = ['']
  if (isStopped) lines.push('Stopped before the end: this is what was counted so far.', '')
  if (top.length > 0) {
    lines.push(
      `The ${plural(top.length, 'most frequent word')} of ${count(totals.differentWords)} different ones:`,
    )
    lines.push(...table(top.map(([word, times]) => [shown(word), count(times)])), '')
  }
  const sizes = [...totals.extensions].sort(([a, x], [b, y]) => y.bytes - x.bytes || (a < b ? -1 : 1))
  if (sizes.length > 0) {
    lines.push('Sizes by extension:')
    const rows = sizes
      .slice(0, EXTENSIONS)
      .map(([name, size]) => [name === '' ? '(none)' : shown(name), size] as const)
    const rest = sizes.slice(EXTENSIONS).map(([, size]) => size)
    if (rest.length > 0) rows.push([`${plural(rest.length, 'other')}`, rest.reduce(add)])
    lines.push(
      ...table(rows.map(([name, size]) => [name, plural(size.files, 'file'), megabytes(size.bytes)])),
      '',
    )
  }
  lines.push('Load of each thread:')
  lines.push(
    ...table([
      ...threads.map((one) => [
        one.slot === 0 ? 'host' : `thread ${one.slot}`,
        `${Math.round(one.busy * 100)}% busy`,
        `read ${plural(one.files, 'file')}`,
        megabytes(one.readBytes),
        `counted ${megabytes(one.countedBytes)}`,
        `holds ${plural(one.differentWords, 'word')}`,
      ]),
      ...(threads[0]?.slot === 0 ? [] : [['host', `${Math.round(hostBusy * 100)}% busy`]]),
    ]),
    '',
  )
  const skipped = [
    [totals.binary, 'no text'],
    [totals.links, totals.links === 1 ? 'link' : 'links'],
    [totals.others, 'neither file nor folder'],
    [totals.unreadable, 'unreadable'],
  ] as const
  const skips = skipped.filter(([n]) => n > 0).map(([n, what]) => `${count(n)} ${what}`)
  if (skips.length > 0) lines.push(`Skipped: ${skips.join(', ')}.`)
  for (const { path, code } of unreadablePaths.slice(0, PATHS))
    lines.push(`  unreadable: ${shown(path)} (${code})`)
  if (totals.unreadable > Math.min(PATHS, unreadablePaths.length))
    lines.push(`  and ${count(totals.unreadable - Math.min(PATHS, unreadablePaths.length))} more`)
  const perSecond = (n: number) => n / (ms / 1000)
  lines.push(
    `${isStopped ? 'Stopped after' : 'Done:'} ${plural(totals.files, 'file')} in ${plural(totals.folders, 'folder')}, ` +
      `${megabytes(totals.bytes)}, ${plural(totals.words, 'word')}, in ${seconds(ms)} ` +
      `on ${options.threads === 0 ? 'the main thread' : plural(options.threads, 'thread')}: ` +
      `${count(Math.round(perSecond(totals.files)))} files/s, ${megabytes(perSecond(totals.bytes))}/s.`,
  )
  return lines
}

/** What --verify found, in lines; the last one says it all. */
export function verifiedLines(
  { options, outcome }: Report,
  { differences, count: all, pairs, speedUp }: Verified,
): string[] {
  const { totals } = outcome
  if (all > 0)
    return [
      ...differences.map(differenceLine),
      `Not the same: ${plural(all, 'count')} of the pipeline ${all === 1 ? 'differs' : 'differ'} from the plain program's` +
        `${all > differences.length ? `, of which ${differences.length} are above` : ''}. (Or the folder has changed meanwhile.)`,
    ]
  const times = (of: 'pipelineMs' | 'plainMs') => pairs.map((pair) => seconds(pair[of])).join(', ')
  return [
    `Both programs again, by turns, on files that the system has in memory, each from opening the folder to its last count:`,
    ...table([
      ['pipeline', times('pipelineMs')],
      ['plain program', times('plainMs')],
    ]),
    `Verified: the counts of ${plural(totals.differentWords, 'word')} and the sizes of ` +
      `${plural(totals.extensions.size, 'extension')}, ${plural(totals.files, 'file')} and ${megabytes(totals.bytes)} ` +
      `are the plain program's; the pipeline is ${speedUp.toFixed(2)} times as fast ` +
      `on ${options.threads === 0 ? 'the main thread' : plural(options.threads, 'thread')}` +
      `${pairs.length > 1 ? ` (median of ${pairs.length} pairs)` : ''}.`,
  ]
}

function differenceLine({ kind, name, pipeline, plain }: Difference): string {
  return `  ${kind} ${shown(name)}: ${count(pipeline)} in the pipeline, ${count(plain)} in the plain program`
}

export function reportJson({ options, outcome, top, isStopped }: Report, verified?: Verified): string {
  const { totals, ms, threads, hostBusy, unreadablePaths } = outcome
  const { extensions, ...figures } = totals
  const report = {
    folder: options.folder,
    isStopped,
    ...figures,
    ms,
    filesPerSecond: totals.files / (ms / 1000),
    bytesPerSecond: totals.bytes / (ms / 1000),
    top: top.map(([word, times]) => ({ word: shown(word), count: times })),
    extensions: [...extensions].map(([name, size]) => ({ extension: shown(name), ...size })),
    unreadablePaths: unreadablePaths.map(({ path, code }) => ({ path: shown(path), code })),
    threads,
    hostBusy,
    ...(verified === undefined
      ? {}
      : {
          verified: {
            isSame: verified.count === 0,
            differences: verified.count,
            first: verified.differences.map((one) => ({ ...one, name: shown(one.name) })),
            pairs: verified.pairs,
            speedUp: verified.speedUp,
          },
        }),
  }
  return JSON.stringify(report, undefined, 2)
}

function add(a: { files: number; bytes: number }, b: { files: number; bytes: number }) {
  return { files: a.files + b.files, bytes: a.bytes + b.bytes }
}

/** Columns: the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  return rows.map((row) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd(),
  )
}
