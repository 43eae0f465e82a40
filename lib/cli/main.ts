#!/usr/bin/env node
// The command line: what there is, and how a command ends.

import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { Command, CommanderError, Option } from 'commander'
import type { ActorCommandOptions } from './actor.js'
import type { CallOptions } from './call.js'
import { EXIT, failureOf } from './failure.js'
import { type InitOptions, initProject, TEMPLATES } from './init.js'
import {
  inspectActors,
  inspectCluster,
  inspectMetrics,
  inspectQueues,
  inspectThreads,
  withActorsOptions,
  withObservedOptions,
} from './inspect.js'
import { whole, withNodeOptions } from './node-options.js'
import { type Output, outputOf, plain } from './output.js'
import { top } from './top.js'
import { watch } from './watch.js'

const { version } = createRequire(import.meta.url)('pulsing/package.json') as { version: string }

const EXIT_CODES = `
Exit codes:
  0  it is done
  1  it was tried, and failed
  2  the command is wrong; nothing was begun
  3  nobody answers there, or who does refuses
  128 + n  ended by signal n, as 130 by Ctrl-C
With --json, results go to standard output as JSON, one value a line, and errors to standard error.`

/** Ends the command in hand, which then tidies up; the process ends as by that signal. */
const interrupted = new AbortController()
let signalled: NodeJS.Signals | undefined

function interruptible(): AbortSignal {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      // Who is asked twice does not wait.
      if (signalled !== undefined) process.exit(128 + constants.signals[name])
      signalled = name
      interrupted.abort()
    })
  return interrupted.signal
}

const program = new Command('pulsing')
  .description('Actors on every core of a Node process, and on every node of a cluster.')
  .version(version)
  .showHelpAfterError('(pulsing <command> --help says more)')
  .addHelpText('after', EXIT_CODES)
  .exitOverride()

/** A command; all of them know --json. */
function command(
  name: string,
  description: string,
  examples: readonly string[],
  of: Command = program,
): Command {
  return of
    .command(name)
    .description(description)
    .option('--json', 'print JSON, one value a line')
    .addHelpText('after', `\nExamples:\n${examples.map((one) => `  pulsing ${one}`).join('\n')}`)
    .exitOverride()
}

const outputFor = ({ json = false }: { json?: boolean }): Output => outputOf(json)

withNodeOptions(
  command('actor', 'Runs a class of a module as an actor, until it ends or Ctrl-C.', [
    'actor ./counter.js#Counter --name counter -- 5',
    'actor ./counter.js#Counter --addr 0.0.0.0:8000 --passphrase-file secret -- --initial 5 --label "a b"',
  ])
    .argument('<file#Class>', 'a module, and the class that it exports')
    .argument(
      '[args...]',
      "behind --: the constructor's arguments, JSON where they are not plain; --name value by name",
    )
    .option('--name <name>', 'the name by which others find it')
    .option('--threads <n>', 'engine threads: as many as there are cores unless set', whole(0, 63))
    .option('--instances <n>', 'how many share the work behind the name', whole(1, 1_000_000))
    .addOption(
      new Option('--restart <policy>', 'when it is made again').choices(['never', 'on-failure', 'always']),
    )
    .option('--observe <port>', 'the port where the system shows itself', whole(0, 65_535))
    .option('--observe-host <address>', 'the address of that port: 127.0.0.1 unless set')
    .option('--observe-token-file <file>', 'its first line is the token that is asked for there'),
).action(async (what: string, words: string[], options: ActorCommandOptions) => {
  const { runActor } = await import('./actor.js')
  await runActor(what, words, options, outputFor(options as { json?: boolean }))
})

const inspect = program
  .command('inspect')
  .description('Shows what a system is at. It is asked by HTTP; no cluster is joined.')
  .exitOverride()

for (const [name, description, run] of [
  ['cluster', 'the nodes, and the connections with them', inspectCluster],
  ['threads', 'load, delay and memory of each thread', inspectThreads],
  ['queues', 'the buckets of queues on the node', inspectQueues],
  ['metrics', 'all figures, as Prometheus reads them', inspectMetrics],
] as const)
  withObservedOptions(
    command(
      name,
      description,
      [`inspect ${name}`, `inspect ${name} --url http://10.0.0.7:9464 --json`],
      inspect,
    ),
  ).action((options) => run(options, outputFor(options)))

withActorsOptions(
  withObservedOptions(
    command(
      'actors',
      'the first actors by their queue, time, restarts or age',
      ['inspect actors --top 5 --by time', 'inspect actors --filter Order --json'],
      inspect,
    ),
  ),
).action((options) => inspectActors(options, outputFor(options)))

withObservedOptions(
  command('watch', 'Prints what changes in a system, until Ctrl-C.', [
    'watch',
    'watch --interval 500 --json',
  ]),
)
  .option(
    '--interval <ms>',
    'how often counts are looked at; events come at once',
    whole(50, 3_600_000),
    2000,
  )
  .action((options) => watch(options, outputFor(options), interruptible()))

withObservedOptions(
  command('top', 'A live table of threads, methods and actors; keys sort it, q ends it.', [
    'top',
    'top --filter Order',
    'top --json --count 1',
  ]),
)
  .option('--interval <ms>', 'how often it looks', whole(50, 3_600_000), 1000)
  .option('--filter <text>', 'actors with that in their name, class or id', '')
  .option('--all', "the system's own actors too")
  .option('--count <n>', 'how often, then it ends', whole(1, 1_000_000_000))
  .action((options) => top(options, outputFor(options), interruptible()))

withNodeOptions(
  command(
    'call',
    'Calls a method of a named actor of a cluster; what it gives is printed as JSON, streams line by line.',
    [
      'call counter incr --seeds 127.0.0.1:8000 --passphrase-file secret',
      'call orders find 17 --seeds 10.0.0.7:8000 --timeout 5000',
      'call log follow --seeds 10.0.0.7:8000 -- --since 10',
    ],
  )
    .argument('<name>', "the actor's name")
    .argument('<method>', 'the method')
    .argument('[args...]', 'its arguments, JSON where they are not plain; behind --: --name value by name')
    .option('--timeout <ms>', 'how long an answer, or an item, may take', whole(1, 2_147_483_647), 30_000)
    .option('--tell', 'send it and wait for no answer')
    .option('--on-node <id>', 'the actor of that node, where several have one of the name'),
).action(async (name: string, method: string, words: string[], options: CallOptions) => {
  const { callMethod } = await import('./call.js')
  await callMethod(name, method, words, options, interruptible())
})

command('bench', "A quick look at what this machine does, beside Node's own.", [
  'bench',
  'bench --json',
]).action(async (options) => {
  const { bench } = await import('./bench.js')
  await bench(outputFor(options), interruptible())
})

command('init', 'Writes a small service with a test into a new folder.', [
  'init my-service',
  'init my-service --template javascript',
])
  .argument('<folder>', 'a folder that is not there, or is empty')
  .addOption(new Option('--template <language>', 'the language').choices(TEMPLATES).default(TEMPLATES[0]))
  .option(
    '--package <version>',
    'what to depend on: a version, or file:<path> of a packed one',
    `^${version}`,
  )
  .action((folder: string, options: InitOptions) =>
    initProject(folder, options, outputFor(options as { json?: boolean })),
  )

/** Whose the error is, it says in a sentence, and by the exit code. */
function ended(error: unknown): void {
  if (signalled !== undefined) return
  if (error instanceof CommanderError) {
    // It has said what was wrong already; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage
    return
  }
  const { code, message, exitCode, cause } = failureOf(error)
  process.exitCode = exitCode
  if (process.argv.includes('--json'))
    process.stderr.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`pulsing: ${plain(message)}\n`)
  if (process.env.PULSING_DEBUG === '1' && cause instanceof Error) process.stderr.write(`${cause.stack}\n`)
}

// Who reads no further ends it, as by head.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) =>
  process.exit(code === 'EPIPE' ? 0 : EXIT.failed),
)

await program.parseAsync().catch(ended)
if (signalled !== undefined) process.exitCode = 128 + constants.signals[signalled]
