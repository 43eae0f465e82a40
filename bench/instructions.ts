// What paths of the native core cost, in instructions: the same on a busy machine as on an idle one, so a loss of a few per cent is
// seen. Counted by valgrind, where that is installed.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runProgram } from './launch.js'
import { ROOT } from './pages.js'

/** Of native/test/instructions.cc. */
const PATHS = ['tell', 'tell-alone', 'tell-many', 'ask', 'actor']
const TIMES = [10_000, 20_000] as const
const LIMIT_MS = 300_000
/** A compiler may put the same code a little differently. */
const MARGIN = 1.02

const FILE = new URL('bench/instructions.json', ROOT)
const PROGRAM = fileURLToPath(new URL('build/native-test/instructions', ROOT))

export interface Counts {
  /** Of another one the counts are others. */
  readonly compiler: string
  /** By path: instructions each time. */
  readonly paths: Readonly<Record<string, number>>
}

async function said(command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, ended } = await runProgram(command, args, LIMIT_MS, fileURLToPath(ROOT))
  if (ended !== 0) throw new Error(`${command} ended with ${ended}\n${stderr.trim()}`)
  return stdout + stderr
}

export const NO_VALGRIND = 'Instructions were not counted: install the Debian package valgrind.'

export async function hasValgrind(): Promise<boolean> {
  try {
    await said('valgrind', '--version')
    return true
  } catch {
    return false
  }
}

/** The instructions of a whole program. */
export async function countedBy(options: readonly string[], ...program: readonly string[]): Promise<number> {
  const text = await said(
    'valgrind',
    '--tool=callgrind',
    '--callgrind-out-file=/dev/null',
    ...options,
    ...program,
  )
  const [, count] = /Collected : (\d+)/.exec(text) ?? []
  if (count === undefined) throw new Error(`valgrind has counted nothing\n${text}`)
  return Number(count)
}

/** Builds the program, and counts. A sentence where that can't be done here. */
export async function countInstructions(say: (text: string) => void): Promise<Counts | string> {
  if (!(await hasValgrind())) return NO_VALGRIND
  await said('make', '-C', 'native/test', 'instructions')
  const [compiler = ''] = (await said(process.env.CXX ?? 'g++', '--version')).split('\n')
  const paths: Record<string, number> = {}
  for (const path of PATHS) {
    say(`counting instructions: ${path}`)
    const [few, many] = await Promise.all(TIMES.map((times) => countedBy([], PROGRAM, path, `${times}`)))
    paths[path] = Math.round(((many as number) - (few as number)) / (TIMES[1] - TIMES[0]))
  }
  return { compiler, paths }
}

export function recordedInstructions(): Counts | undefined {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Counts) : undefined
}

export function recordInstructions(counts: Counts): void {
  writeFileSync(FILE, `${JSON.stringify(counts, undefined, 2)}\n`)
}

/** A sentence for each path that costs more than it did; one where that can't be said. */
export function dearer(now: Counts, then: Counts | undefined): { losses: string[]; notes: string[] } {
  if (then === undefined)
    return { losses: [], notes: ['No instructions are recorded: --record counts them.'] }
  if (then.compiler !== now.compiler)
    return {
      losses: [],
      notes: [`Instructions were recorded of ${then.compiler}: those of ${now.compiler} are not compared.`],
    }
  const losses = Object.entries(now.paths).flatMap(([path, count]) => {
    const before = then.paths[path]
    if (before === undefined || count <= before * MARGIN) return []
    return [`The native path ${path} takes ${count} instructions; it took ${before}`]
  })
  return { losses, notes: [] }
}
