// The test that docs/testing.md shows for each runner passes there, and fails where the actor is wrong.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Ended, root, run } from '../bed.js'

const page = readFileSync(join(root, 'docs', 'testing.md'), 'utf8')

function block(file: string): string {
  const code = new RegExp(`\`\`\`js\\n(// ${file.replaceAll('.', '\\.')}\\n[^]*?)\`\`\``).exec(page)?.[1]
  if (code === undefined) throw new Error(`docs/testing.md has no block ${file}`)
  return code
}

function project(t: ExecutionContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-runner-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'pulsing'), 'junction')
  for (const name of ['ava', 'vitest'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  return folder
}

const runners: Record<string, (cwd: string, file: string) => Promise<Ended>> = {
  node: (cwd, file) => run('--test', { args: [file], cwd }),
  ava: (cwd, file) => run(join(root, 'node_modules/ava/entrypoints/cli.mjs'), { args: [file], cwd }),
  vitest: (cwd, file) =>
    run(join(root, 'node_modules/vitest/vitest.mjs'), {
      args: ['run', '--root', cwd],
      cwd,
      env: { VITEST: '', FILE: file },
    }),
}

for (const [name, runner] of Object.entries(runners))
  test.serial(`the same test runs in ${name}, and fails where the actor is wrong`, async (t) => {
    const file = `basket.${name}.test.js`
    const files = {
      [file]: block(`basket.${name}.js`),
      'basket.js': block('basket.js'),
      'ava.config.js': `export default { files: ['*.ava.test.js'] }`,
    }
    const good = await runner(project(t, files), file)
    t.is(good.code, 0, good.stdout + good.stderr)
    t.regex(good.stdout, /\b1 (test )?passed|pass 1|1 passed/)
    const wrong = { ...files, 'basket.js': files['basket.js']?.replace('60_000', '90_000') as string }
    const bad = await runner(project(t, wrong), file)
    t.not(bad.code, 0, bad.stdout)
    t.regex(bad.stdout + bad.stderr, /charge was not heard within 2000 ms/)
  })
