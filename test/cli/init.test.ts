// What init writes is installed from this folder, tested, type-checked and run.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type ExecutionContext } from 'ava'
import { root, run } from '../bed.js'
import { pulsing } from './bed.js'

async function made(t: ExecutionContext, template: string): Promise<string> {
  const parent = mkdtempSync(join(tmpdir(), 'pulsing-init-'))
  t.teardown(() => rmSync(parent, { recursive: true }))
  const { code, stderr } = await pulsing(['init', 'words', '--template', template], { cwd: parent })
  t.deepEqual([code, stderr], [0, ''])
  const folder = join(parent, 'words')
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@types'), { recursive: true })
  symlinkSync(root, join(modules, 'pulsing'), 'junction')
  for (const name of ['tsx', '@types/node'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction')
  return folder
}

/** Starts it as `npm start` does, and gives the two addresses that it says. */
async function started(
  t: ExecutionContext,
  folder: string,
  args: readonly string[],
): Promise<{ url: string; observeUrl: string; stop: () => Promise<unknown> }> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', OBSERVE_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) if (said.push(line) === 2) break
  const urls = said.map((line) => /http:\S+/.exec(line)?.[0] as string)
  const stop = () => {
    child.kill('SIGINT')
    return once(child, 'exit')
  }
  return { url: urls[0] as string, observeUrl: urls[1] as string, stop }
}

for (const [template, tests, main] of [
  ['javascript', ['--test'], ['src/main.js']],
  ['typescript', ['--import', 'tsx', '--test', 'test/service.test.ts'], ['--import', 'tsx', 'src/main.ts']],
] as const) {
  test(`the service in ${template} passes its test, and runs`, async (t) => {
    const folder = await made(t, template)
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    t.is(manifest.name, 'words')
    t.regex(manifest.dependencies.pulsing, /^\^\d/)
    if (template === 'typescript') {
      const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
      const { code, stdout } = await run(tsc, { cwd: folder })
      t.deepEqual([code, stdout], [0, ''])
    }
    const tested = await run(tests[0], { args: tests.slice(1), cwd: folder })
    t.is(tested.code, 0, tested.stdout + tested.stderr)
    t.regex(tested.stdout, /pass 2/)
    const { url, observeUrl, stop } = await started(t, folder, main)
    await fetch(`${url}/texts`, { method: 'POST', body: 'one two two' })
    t.deepEqual(await (await fetch(`${url}/words`)).json(), [
      ['two', 2],
      ['one', 1],
    ])
    t.is((await fetch(`${observeUrl}/health`)).status, 200)
    t.deepEqual(await stop(), [null, 'SIGINT'])
  })
}

test('it writes into a new or empty folder alone', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'pulsing-init-'))
  t.teardown(() => rmSync(parent, { recursive: true }))
  writeFileSync(join(parent, 'mine'), 'mine')
  for (const name of ['.', 'mine', 'No Name'])
    t.is((await pulsing(['init', name], { cwd: parent })).code, 2, name)
  t.false(existsSync(join(parent, 'No Name')))
  t.is(readFileSync(join(parent, 'mine'), 'utf8'), 'mine')
})
