// The command line.

import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export interface Options {
  readonly folder: string
  readonly top: number
  readonly threads: number
  readonly isVerified: boolean
  readonly isJson: boolean
  readonly isHelp: boolean
}

export const USAGE = `usage: npm start -- [folder] [options]

Indexes every text file below a folder, on all cores: the project's own node_modules unless one is given.

  --top N       show the N most frequent words (20)
  --threads N   engine threads (the cores that the process may use); 0 does everything on the main thread
  --verify      compare every count with a plain single-threaded program, and the time it takes
  --json        print one JSON object instead of the report
  --help        print this

Exit code: 0 done, 1 failed or a count differs, 2 wrong arguments, 130 stopped by Ctrl-C.`

/** A mistake in the command line, in one sentence. */
export class UsageError extends Error {}

export function optionsOf(args: readonly string[]): Options {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]}; --help lists the options.`)
  }
  const { values, positionals } = parsed
  if (positionals.length > 1) throw new UsageError(`One folder at a time, not ${positionals.length}.`)
  if (positionals[0] === '') throw new UsageError('The name of the folder is empty.')
  return {
    folder: positionals[0] ?? ownModules(),
    top: whole('--top', values.top, 20, 0, 100_000),
    threads: whole('--threads', values.threads, Math.min(63, availableParallelism()), 0, 63),
    isVerified: values.verify === true,
    isJson: values.json === true,
    isHelp: values.help === true,
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      top: { type: 'string' },
      threads: { type: 'string' },
      verify: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
}

function whole(name: string, text: string | undefined, unset: number, least: number, most: number): number {
  if (text === undefined) return unset
  if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
  throw new UsageError(`${name} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}.`)
}

function ownModules(): string {
  const path = fileURLToPath(new URL('../../../node_modules', import.meta.url))
  return relative('', path) || '.'
}
