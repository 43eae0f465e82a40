// Indexes every text file below a folder with a pipeline of actors on all cores. npm start runs it.
//
//   npm start -- [folder] [--top N] [--threads N] [--verify] [--json]
//
// What is counted
//   Files     Regular files below the folder, at any depth. Links are not followed, and so can't loop; like sockets, pipes
//             and devices they are counted as skipped. (The folder given may itself be a link.) What can't be opened or
//             read is counted, reported and skipped; a file that fails midway counts as far as it was read.
//   Text      A file without a NUL byte in its first 8,192 bytes. An empty file is text.
//   Word      Bytes, whatever their encoding: a run, as long as it goes, of ASCII letters, digits, _ and the bytes from
//             0x80 on (so that words of UTF-8 stay whole), A-Z taken as a-z, of 2 to 64 bytes. Longer runs are counted as
//             overlong, and are no words.
//             tr -cs 'A-Za-z0-9_\200-\377' '\n' | tr A-Z a-z | grep -aE '^.{2,64}$'   (LC_ALL=C) says the same.
//   Extension From the last dot of a file's name on, A-Z taken as a-z; none where that dot is the first or last character.
//
// How
//   Walker (host) -> a Reader a thread -> a Tokenizer a thread -> two Shards a thread
//   The walker deals out paths, 64 at a time, to the readers that have least to do. A reader fills chunks of 256 KiB with
//   the text of many small files or of a part of a large one, never ending within a word, and moves each, without a copy,
//   to a tokenizer on whichever thread has room for it, so that one large file keeps all cores busy. A tokenizer counts in
//   a table of its own; when that is full, and at the end, it sends the counts to the shards, by a hash of the word: one
//   message a shard for some ten thousand words.
//
// Memory
//   A reader has a fixed number of chunks and waits until one comes back; a tokenizer gives it back when the shards have
//   taken its counts; the walker holds at most 131,072 paths. So what is under way is bounded, however large the folder or
//   a file. What grows is the shards' table, with the number of different words, and the list of extensions. --verify needs
//   all different words in memory, three times.
//
// --verify runs plain.ts, a single-threaded program that shares no module with the pipeline, in a process of its own. It
// compares every count, then runs both by turns to compare their times.

import { opendirSync } from 'node:fs'
import * as pul from 'pulsing'
import { Job } from './job.js'
import { type Options, optionsOf, USAGE, UsageError } from './options.js'
import { reportJson, reportLines, verifiedLines } from './report.js'
import { verify } from './verify.js'

const interrupted = new AbortController()
let exitCode = 0

/** The first Ctrl-C stops the job, the second one the process. */
function listen(): void {
  const codes = { SIGINT: 130, SIGTERM: 143 }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(codes[signal])
      exitCode = codes[signal]
      interrupted.abort()
    })
}

function checkFolder(folder: string): void {
  try {
    opendirSync(folder).closeSync()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const name = JSON.stringify(folder)
    if (code === 'ENOENT') throw new UsageError(`There is no folder ${name}.`)
    if (code === 'ENOTDIR') throw new UsageError(`${name} is not a folder.`)
    throw new UsageError(`The folder ${name} can't be opened (${code}).`)
  }
}

async function run(options: Options): Promise<void> {
  const print = (lines: readonly string[]) => {
    if (!options.isJson) console.log(lines.join('\n'))
  }
  const system = await pul.init({ threads: options.threads })
  try {
    const job = await Job.start(system, options.threads)
    const outcome = await job.run(options.folder, interrupted.signal)
    const top = await job.top(options.top)
    const report = { options, outcome, top, isStopped: interrupted.signal.aborted }
    print(reportLines(report))
    if (options.isVerified && !report.isStopped) {
      const verified = await verify(system, options, job, outcome, interrupted.signal)
      if (verified !== undefined && verified.count > 0) exitCode = 1
      if (options.isJson) console.log(reportJson({ ...report, isStopped: verified === undefined }, verified))
      else
        print(
          verified === undefined
            ? ['Stopped before the counts were verified.']
            : verifiedLines(report, verified),
        )
    } else if (options.isJson) console.log(reportJson(report))
  } finally {
    await pul.shutdown()
  }
}

// A reader of the output that has seen enough, as `head`, is no failure.
process.stdout.on('error', () => process.exit(exitCode))
try {
  const options = optionsOf(process.argv.slice(2))
  if (options.isHelp) console.log(USAGE)
  else {
    checkFolder(options.folder)
    listen()
    await run(options)
  }
} catch (error) {
  console.error((error as Error).message)
  exitCode = error instanceof UsageError ? 2 : 1
}
process.exitCode = exitCode
