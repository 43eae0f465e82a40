// The command line of the runner.

import { parseArgs } from 'node:util'

export interface Options {
  readonly json: boolean
  readonly quick: boolean
  readonly versus: boolean
  readonly hog: boolean
  readonly write: boolean
  readonly record: boolean
  readonly check: boolean
  readonly help: boolean
  /** Rows; all where undefined. */
  readonly only: readonly string[] | undefined
  /** Peers that take part; all where undefined. */
  readonly peer: readonly string[] | undefined
  readonly peers: string | undefined
  readonly prototype: string | undefined
  readonly pairs: number
}

/** What was asked for can't be done: one sentence, exit code 2. */
export class UsageError extends Error {}

export const HELP: string = `npm run bench [-- option...]

  --only row,row       these rows alone
  --quick              shorter runs
  --json               one JSON line a result, in place of the table
  --hog                beside a process that keeps one core busy
  --versus             each row in turn with the peers that have it, and the ratios
  --pairs n            how often in turn, 3 unless set
  --peer name,name     these peers alone
  --peers folder       with the peers of a folder that has erlang/run.sh, caf/run.sh, go/run.sh, or some of them
  --prototype folder   with the prototype built in a folder
  --write              writes docs/benchmarks.md: all of --versus, then the latency rows again with --hog
  --record             --versus, and the ratios are written to bench/recorded.json
  --check              --versus with the rows and peers that are recorded; a row that has lost fails
  --help               this text

The exit code is 1 where a row failed or has lost, 2 where the command is wrong.`

const OPTIONS = {
  json: { type: 'boolean' },
  quick: { type: 'boolean' },
  versus: { type: 'boolean' },
  hog: { type: 'boolean' },
  write: { type: 'boolean' },
  record: { type: 'boolean' },
  check: { type: 'boolean' },
  help: { type: 'boolean' },
  only: { type: 'string', multiple: true },
  peer: { type: 'string', multiple: true },
  peers: { type: 'string' },
  prototype: { type: 'string' },
  pairs: { type: 'string' },
} as const

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (error) {
    const first = (error as Error).message.split('. ')[0]
    throw new UsageError(`${first}: npm run bench -- --help says what there is.`)
  }
}

function list(option: string, given: readonly string[] | undefined): readonly string[] | undefined {
  const names = given?.flatMap((some) => some.split(',')).filter((name) => name !== '')
  if (names?.length === 0)
    throw new UsageError(`--${option} names nothing: npm run bench -- --help says what there is.`)
  return names
}

/** Throws a UsageError that names what is wrong. */
export function parseOptions(args: readonly string[]): Options {
  const given = parse(args)
  const pairs = Number(given.pairs ?? 3)
  if (!Number.isInteger(pairs) || pairs < 1) {
    throw new UsageError(`--pairs is ${given.pairs}: a whole number of at least 1 would do.`)
  }
  const versus = [given.versus, given.write, given.record, given.check].includes(true)
  if (given.check === true && (given.record ?? given.write) === true)
    throw new UsageError('--check compares with what --record has written: leave one of them out.')
  for (const name of ['pairs', 'peer', 'peers', 'prototype'] as const) {
    if (given[name] !== undefined && !versus) throw new UsageError(`--${name} needs --versus beside it.`)
  }
  if (given.write === true && given.hog === true) {
    throw new UsageError('--write measures with a busy core and without: leave --hog out.')
  }
  return {
    json: given.json === true,
    quick: given.quick === true,
    versus,
    hog: given.hog === true,
    write: given.write === true,
    record: given.record === true,
    check: given.check === true,
    help: given.help === true,
    only: list('only', given.only),
    peer: list('peer', given.peer),
    peers: given.peers,
    prototype: given.prototype,
    pairs,
  }
}
