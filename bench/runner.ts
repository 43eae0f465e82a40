// Runs what the command line asks for, and prints what came of it.

import { besideBusyCore } from './busy-core.js'
import { lossesIn, readRecord, writeRecord } from './guard.js'
import { countInstructions, dearer, recordedInstructions, recordInstructions } from './instructions.js'
import { measureInChild } from './launch.js'
import type { Mode, Result } from './measure.js'
import { HELP, type Options, UsageError } from './options.js'
import { pageOf } from './page.js'
import { write as writePage } from './pages.js'
import { peerSuites, prototypeSuite, SUITE_NAMES, type Suite } from './peers/suites.js'
import { PEER_NAMES, peerPrograms } from './programs.js'
import { jsonLines, shown, table, tableOf, tableOfComparisons } from './report.js'
import type { Program } from './scenario.js'
import { ALONE_PAIRS, type Comparison, compare, type Row } from './versus.js'

const say = (text: string) => console.error(text)

function rowsOf(programs: readonly Program[], only: readonly string[] | undefined): Row[] {
  const rows = programs.flatMap((program) => program.scenarios.map((scenario) => ({ program, scenario })))
  const unknown = only?.find((name) => !rows.some(({ scenario }) => scenario.name === name))
  if (unknown !== undefined) {
    throw new UsageError(
      `There is no row ${unknown}: there are ${rows.map(({ scenario }) => scenario.name).join(', ')}.`,
    )
  }
  return rows.filter(({ scenario }) => only?.includes(scenario.name) ?? true)
}

async function opponents({
  peer,
  peers,
  prototype,
}: Options): Promise<{ peers: Program[]; suites: Suite[] }> {
  const wanted = (name: string) => peer?.includes(name) ?? true
  const known = [...PEER_NAMES, ...SUITE_NAMES]
  const unknown = peer?.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`There is no peer ${unknown}: there are ${known.join(', ')}.`)
  try {
    const suites = peers === undefined ? [] : await peerSuites(peers, wanted)
    if (prototype !== undefined) suites.unshift(prototypeSuite(prototype))
    return { suites, peers: await peerPrograms(PEER_NAMES.filter(wanted)) }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Counts instructions, and records them or compares them with those that are recorded. */
async function nativeLosses({ record }: Options): Promise<string[]> {
  const counts = await countInstructions(say)
  if (typeof counts === 'string') {
    say(counts)
    return []
  }
  if (record) {
    recordInstructions(counts)
    return []
  }
  const { losses, notes } = dearer(counts, recordedInstructions())
  for (const note of notes) say(note)
  return losses
}

/** Runs the rows of these programs and gives the exit code. `args` are those that the options were made of. */
export async function run(
  options: Options,
  programs: readonly Program[],
  args: readonly string[],
): Promise<number> {
  const failures: string[] = []
  const fail = (row: string, peer: string, error: unknown) => {
    failures.push(`${row} (${peer})`)
    say(`${row}, ${peer}: failed: ${error instanceof Error ? error.message : String(error)}`)
  }
  const mode: Mode = options.quick ? 'quick' : 'full'
  if (options.help) {
    const known = rowsOf(programs, undefined).map(({ scenario }) => [
      `  ${scenario.name}`,
      scenario.operation,
    ])
    console.log(`${HELP}\n\nRows:\n${table(known)}`)
    return 0
  }
  const record = options.check ? readRecord() : {}
  const guarded = options.check ? Object.keys(record) : undefined
  const rows = rowsOf(programs, options.only ?? guarded)

  const alone = async (): Promise<Result[]> => {
    const results: Result[] = []
    for (const { program, scenario } of rows) {
      try {
        const result = await measureInChild(program, scenario, mode)
        results.push(result)
        if (options.json) console.log(JSON.stringify(result))
        else say(`${result.bench}: ${shown(result.value, result.unit)}`)
      } catch (error) {
        fail(scenario.name, program.peer, error)
      }
    }
    return results
  }

  if (!options.versus) {
    const results = await (options.hog ? besideBusyCore(alone) : alone())
    if (!options.json) console.log(tableOf(results))
    return failures.length > 0 ? 1 : 0
  }

  const { peers, suites } = await opponents(options)
  const contest = { peers, suites, pairs: options.pairs, mode, say, fail }
  const all = () => compare({ ...contest, rows })
  const print = (comparisons: readonly Comparison[]) => {
    if (options.json) for (const line of comparisons.flatMap(jsonLines)) console.log(line)
    else console.log(tableOfComparisons(comparisons))
  }
  const comparisons = await (options.hog ? besideBusyCore(all) : all())
  print(comparisons)
  if (options.record) writeRecord(comparisons)
  const losses = lossesIn(comparisons, record)
  if (options.record || options.check) losses.push(...(await nativeLosses(options)))
  for (const loss of losses) say(loss)
  failures.push(...losses)
  if (options.write) {
    const write = async (besideHog: readonly Comparison[]) =>
      writePage(
        'benchmarks.md',
        await pageOf({ comparisons, besideHog, suites, failures, pairs: options.pairs, args }),
      )
    await write([]) // what follows takes long too, and may be interrupted
    say('wrote docs/benchmarks.md; now beside a busy core')
    const latency = rows.filter(({ scenario }) => scenario.latency)
    const again = { ...contest, rows: latency, suites: [], pairs: Math.min(options.pairs, ALONE_PAIRS) }
    const besideHog = await besideBusyCore(() => compare(again))
    print(besideHog)
    await write(besideHog)
    say('wrote it again')
  }
  return failures.length > 0 ? 1 : 0
}
