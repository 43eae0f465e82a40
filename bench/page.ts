// docs/benchmarks.md, made of what was measured and nothing else.

import { machine, pageOf as page, versionOf, writePicture } from './pages.js'
import type { Suite } from './peers/suites.js'
import type { Bar } from './plot.js'
import { ratioOf, shown, spreadOf } from './report.js'
import { THREADS } from './threads.js'
import { ALONE_PAIRS, type Comparison } from './versus.js'

export interface Measured {
  readonly comparisons: readonly Comparison[]
  /** The latency rows beside a busy core. */
  readonly besideHog: readonly Comparison[]
  readonly suites: readonly Suite[]
  /** Rows that failed, and whose. */
  readonly failures: readonly string[]
  readonly pairs: number
  /** The arguments given. */
  readonly args: readonly string[]
}

/** A folder's name is of no use to the reader. */
function command(args: readonly string[]): string {
  const shownArgs = args.map((arg, i) => {
    if (args[i - 1] === '--peers' || args[i - 1] === '--prototype') return '<folder>'
    return arg.replace(/^(--peers|--prototype)=.*/, '$1=<folder>')
  })
  return `npm run bench -- ${shownArgs.join(' ')}`
}

function versions({ comparisons, suites }: Measured): string {
  const peers = new Set(comparisons.flatMap((one) => one.peers.map(({ result }) => result.peer)))
  const packages = [...peers].flatMap((name) => {
    const version = versionOf(name)
    return version === undefined ? [] : [`${name} ${version}`]
  })
  const programs = suites.filter(({ name }) => name !== 'prototype').map(({ version }) => version)
  return [`pulsing ${versionOf('pulsing')}`, `Node ${process.version}`, ...packages, ...programs].join(', ')
}

function ourTable(comparisons: readonly Comparison[]): string {
  const lines = comparisons.map(
    ({ ours, scenario }) =>
      `| ${ours.bench} | ${shown(ours.value, ours.unit)} | ${spreadOf(ours)} | ${scenario.operation} |`,
  )
  return ['| row | median | least - most | one operation |', '|---|---|---|---|', ...lines].join('\n')
}

function peerTable(comparisons: readonly Comparison[]): string {
  const lines = comparisons.flatMap(({ ours, peers }) =>
    peers.map((peer) => {
      const { result } = peer
      const own = shown(ours.value, ours.unit)
      return `| ${ours.bench} | ${result.peer} | ${shown(result.value, result.unit)} | ${own} | ${ratioOf(peer)} |`
    }),
  )
  const head = [
    '| row | peer | its median | pulsing | pulsing is better by (least - most of a pair) |',
    '|---|---|---|---|---|',
  ]
  return [...head, ...lines].join('\n')
}

const PROTOTYPE = [
  'The prototype is a throw-away of the same path between two threads, with fixed messages and without names, errors,',
  'bounds, supervision and clean-up: what that path can give at most.',
]

/** Peers that are no peers: parts of the engine, switched on, and what it is made of. */
const NOT_COMPARED = ['observed', 'prototype', 'plain-workers']

/** The picture of all ratios; undefined where there are none. */
async function pictureOf(comparisons: readonly Comparison[]): Promise<string | undefined> {
  const bars: Bar[] = comparisons.flatMap(({ ours, peers }) =>
    peers
      .filter(({ result }) => !NOT_COMPARED.includes(result.peer))
      .map(({ result, ratio }) => ({ row: ours.bench, peer: result.peer, ratio })),
  )
  if (bars.length === 0) return undefined
  const { ratios } = await import('./plot.js')
  const path = writePicture('benchmarks', await ratios('times better than the peer', bars))
  return `![How many times better than each peer, row by row](${path})`
}

/** Writes its picture beside it. */
export async function pageOf(record: Measured): Promise<string> {
  const picture = await pictureOf(record.comparisons)
  const { pairs, args, comparisons, besideHog, suites, failures } = record
  const sections = [
    machine([
      ['engine threads', String(THREADS)],
      ['versions', versions(record)],
    ]),
    [
      `Each figure is the median of ${pairs} measurements (${Math.min(pairs, ALONE_PAIRS)} where no peer has the row), each in a process of its own and`,
      'itself the median of three runs after a warm-up. The engine and its peers took turns, in pairs, each second pair in',
      'reverse; a ratio is that of one pair, so read the ratios rather than the figures. A row that gives a wrong answer',
      'fails and has no figure. Every row goes through the public API; where two actors are on two engine threads the main',
      'thread sleeps.',
    ].join('\n'),
    '## The rows',
    ourTable(comparisons),
    '## Beside its peers',
    ...(picture === undefined ? [] : [picture]),
    [
      'What is compared does the same work, each in its own usual way. The workers and pools are driven from the main thread.',
      'Erlang, CAF and Go send integers or small tuples. nact does not copy what it sends.',
      ...(suites.some(({ name }) => name === 'prototype') ? PROTOTYPE : []),
    ].join('\n'),
    peerTable(comparisons),
  ]
  if (failures.length > 0) sections.push(`Failed in this run: ${failures.join(', ')}.`)
  if (besideHog.length > 0) {
    sections.push(
      '## Beside a busy core',
      `The latency rows again, while another process keeps one core busy: medians of ${Math.min(pairs, ALONE_PAIRS)}.`,
      ourTable(besideHog),
      peerTable(besideHog),
    )
  }
  return page('Benchmarks', command(args), sections)
}
