// The ten-line example, as it stands in the README and in its files.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const run = promisify(execFile)

async function printed(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, args, { cwd: root })
  return stdout + stderr
}

/** The same program, however its lines are broken. */
function unformatted(program: string): string {
  return program.replace(/\s+/g, '').replaceAll(',)', ')')
}

test('the example in JavaScript prints what the counter gives', async (t) => {
  t.is(await printed('examples/02-hello/hello.js'), '6\n')
})

test('the example in TypeScript prints the same, compiled', async (t) => {
  t.is(await printed('dist/examples/02-hello/hello.js'), '6\n')
})

test('the example in TypeScript prints the same under tsx, class and program in one file', async (t) => {
  t.is(await printed('--import', 'tsx', 'examples/02-hello/hello.ts'), '6\n')
})

test('the README begins with the example that stands in its file', (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [first] = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code as string)
  t.is(
    unformatted(first as string),
    unformatted(readFileSync(join(root, 'examples/02-hello/hello.js'), 'utf8')),
  )
})
