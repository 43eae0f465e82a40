// The programs in the pages run as they stand there, in a project that has the package installed.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href
const run = promisify(execFile)

/** Programs begin a system, a pool that they are compared with, or one another; what else stands in a page are modules. */
const PROGRAM = /\bpul\.(init|actorSystem)\(|new Piscina\(|process\.execPath/

/** What programs of that page may log: restarts are warnings. */
const LOGGED: Record<string, RegExp> = {
  'docs/supervision.md':
    /^(?:pulsing (?:warning: .+ is restarted in \d+ ms|error: thread 1 has ended, and is replaced): .*\n(?:(?!pulsing).*\n)*)*$/,
}

interface Block {
  /** The file that its first line names, or one of its own. */
  readonly file: string
  readonly code: string
}

/** Blocks of JavaScript and TypeScript that import the package, or begin with `// name.js`: these are that file. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/```([jt]s)\n(.*?)```/gs)].flatMap(([, kind, code], i) => {
    const name = /^\/\/ ([\w.-]+\.[jt]s)\n/.exec(code ?? '')?.[1]
    if (code === undefined || (name === undefined && !code.includes("from 'pulsing"))) return []
    return [{ file: name ?? `program-${i + 1}.${kind}`, code }]
  })
}

function project(t: ExecutionContext, blocks: readonly Block[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-page-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  for (const [name, at] of [
    ['pulsing', root],
    ['piscina', join(root, 'node_modules/piscina')],
    ['tsx', join(root, 'node_modules/tsx')],
  ] as const)
    symlinkSync(at, join(folder, 'node_modules', name), 'junction')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code)
  return folder
}

const pages = [
  'README.md',
  'docs/tutorial.md',
  'docs/semantics.md',
  'docs/streaming.md',
  'docs/queue.md',
  'docs/backpressure.md',
  'docs/cpu-bound-work.md',
  'docs/handling-errors.md',
  'docs/http-service.md',
  'docs/from-piscina.md',
  'docs/from-python.md',
  'docs/supervision.md',
  'docs/testing.md',
  'examples/README.md',
]

for (const page of pages) {
  const blocks = blocksOf(page)
  blocks.forEach(({ file, code }, i) => {
    const isStartedByAnother = blocks.some((other) => other.code.includes(`'${file}'`))
    if (!PROGRAM.test(code) || isStartedByAnother) return
    // One after another: together they would ask more of a small machine than any of them does.
    test.serial(
      `block ${i + 1} of ${page}, ${file}, runs as it stands, and complains of nothing unforeseen`,
      async (t) => {
        const args = file.endsWith('.ts') ? ['--import', tsx, file] : [file]
        // With what stands above it: a page may change a file as it goes on.
        const cwd = project(t, blocks.slice(0, i + 1))
        const { stdout, stderr } = await run(process.execPath, args, { cwd })
        t.regex(stderr, LOGGED[page] ?? /^$/)
        for (const [, said] of code.matchAll(/^ *console\.log\(.*\) \/\/ (.*)$/gm))
          t.true(stdout.includes(said as string), `${file} prints "${said}"; it printed:\n${stdout}`)
      },
    )
  })
}
