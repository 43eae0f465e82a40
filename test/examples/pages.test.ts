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

interface Block {
  /** The file that its first line names, or one of its own. */
  readonly file: string
  readonly code: string
}

/** Blocks of JavaScript and TypeScript that import the package; one that begins with `// name.js` is that file. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/```([jt]s)\n(.*?)```/gs)].flatMap(([, kind, code], i) => {
    if (code === undefined || !code.includes("from 'pulsing")) return []
    return [{ file: /^\/\/ ([\w-]+\.[jt]s)\n/.exec(code)?.[1] ?? `program-${i + 1}.${kind}`, code }]
  })
}

function project(t: ExecutionContext, blocks: readonly Block[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-page-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  for (const [name, at] of [
    ['pulsing', root],
    ['tsx', join(root, 'node_modules/tsx')],
  ] as const)
    symlinkSync(at, join(folder, 'node_modules', name), 'junction')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code)
  return folder
}

for (const page of ['README.md', 'docs/semantics.md', 'docs/streaming.md', 'examples/README.md']) {
  const blocks = blocksOf(page)
  for (const { file, code } of blocks) {
    if (!/\bpul\.init\(/.test(code)) continue // a module of another program
    test(`${file} of ${page} runs as it stands, and complains of nothing`, async (t) => {
      const args = file.endsWith('.ts') ? ['--import', tsx, file] : [file]
      const { stdout, stderr } = await run(process.execPath, args, { cwd: project(t, blocks) })
      t.is(stderr, '')
      for (const [, said] of code.matchAll(/^console\.log\(.*\) \/\/ (.*)$/gm))
        t.true(stdout.includes(said as string), `${file} prints "${said}"; it printed:\n${stdout}`)
    })
  }
}
