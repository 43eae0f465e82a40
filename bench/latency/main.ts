// npm run bench:latency -- [--seconds 10]
// Measures latencies, each case in a process of its own, and writes docs/latency.md and its pictures.

import { fileURLToPath } from 'node:url'
import { above0, given } from '../command.js'
import { runProgram } from '../launch.js'
import { machine, pageOf, write, writePicture } from '../pages.js'
import { lines, type Point } from '../plot.js'
import type { Measured } from './cases.js'

const CHILD = fileURLToPath(new URL('child.js', import.meta.url))

const [seconds = 0] = above0(given({ seconds: { type: 'string', default: '10' } }), 'seconds')

async function measured(name: string): Promise<Measured[]> {
  const limitMs = (seconds * 10 + 60) * 1000
  const { stdout, stderr, ended } = await runProgram(
    process.execPath,
    [CHILD, name, String(seconds)],
    limitMs,
  )
  if (ended !== 0) throw new Error(`${name} ended with ${ended}\n${stderr}`)
  console.error(`measured ${name}`)
  return JSON.parse(stdout) as Measured[]
}

function us(value: number): string {
  return value >= 1000 ? `${(value / 1000).toPrecision(3)} ms` : `${value.toPrecision(3)} us`
}

type Row = readonly [series: string, measured: Measured]

function table(what: string, rows: readonly Row[]): string {
  const cells = rows.map(
    ([series, { what: how, spread }]) =>
      `| ${series} | ${how} | ${us(spread.p50Us)} | ${us(spread.p99Us)} | ${us(spread.p999Us)} | ${us(spread.maxUs)} | ${spread.count.toLocaleString('en')} |`,
  )
  return [`| | ${what} | p50 | p99 | p99.9 | most | of |`, '|---|---|---|---|---|---|---|', ...cells].join(
    '\n',
  )
}

/** x: one in so many is later. */
function picture(name: string, rows: readonly Row[]): Promise<string> {
  const points: Point[] = rows.flatMap(([series, { what, spread }]) =>
    spread.curve.map(([share, y]) => ({ series: `${series}, ${what}`, x: 1 / (1 - share), y })),
  )
  const x = { title: 'one in so many takes longer', isLog: true, values: [1, 2, 10, 100, 1000, 10_000] }
  return lines(x, { title: 'microseconds', isLog: true }, points).then((svg) => writePicture(name, svg))
}

const label = (series: string, all: readonly Measured[]): Row[] => all.map((one) => [series, one])

const asks = [
  ...label('pulsing', await measured('ask-host')),
  ...label('postMessage', await measured('ask-worker')),
]
const timers = [
  ...label('engine thread', await measured('timer-engine')),
  ...label('plain worker', await measured('timer-worker')),
]
const host = label('main thread', await measured('timer-host'))

write(
  'latency.md',
  pageOf('Latency', `npm run bench:latency -- --seconds ${seconds}`, [
    machine(),
    '## A call from the main thread to an engine thread',
    [
      'Calls at a steady rate, at shares of what the same process can do with 10 under way; beside them messages to a plain worker and',
      'back, at shares of what that can do. Each counts from when it was due, so that one that waits for others is seen to be late.',
    ].join('\n'),
    `![Latency of a call](${await picture('latency-ask-host', asks)})`,
    table('share of its throughput', asks),
    '## A timer on a busy thread',
    [
      'How late a timer of a millisecond is, on a thread that works off messages of 20 microseconds each: a tenth of its time is left,',
      'or none, since 1,000 messages are always under way.',
    ].join('\n'),
    `![Lateness of a timer](${await picture('latency-timers', timers)})`,
    table('load', timers),
    '## The main thread of a service',
    'How late a timer of a millisecond is on the main thread, while each engine thread computes for it, 6 ms a call.',
    table('engine threads', host),
  ]),
)
console.error('wrote docs/latency.md')
