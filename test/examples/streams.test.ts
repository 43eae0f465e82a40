// The example that streams, run as a user runs it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { run } from '../bed.js'

const main = fileURLToPath(new URL('../../examples/05-streams/main.js', import.meta.url))

test('lines of a file are streamed: the first few, or all with the count', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'streams-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'lines.txt')
  await writeFile(
    path,
    Array.from({ length: 5000 }, (_, i) => `${i % 3 === 0 ? 'fizz' : ''} ${i + 1}\n`).join(''),
  )
  const some = await run(main, { args: ['fizz', path, '3'] })
  t.deepEqual(some, { ...some, code: 0, stdout: '1: fizz 1\n4: fizz 4\n7: fizz 7\n', stderr: '' })
  const all = (await run(main, { args: ['fizz', path, '9999'] })).stdout.trim().split('\n')
  t.is(all.length, 1668)
  t.is(all.at(-2), '4999: fizz 4999')
  t.is(all.at(-1), '5000 lines, and no more of them with "fizz"')
})

test('a file that is not there, and missing arguments, are one sentence and exit code 2', async (t) => {
  const none = await run(main, { args: ['word', '/nowhere/at/all'] })
  t.is(none.code, 2)
  t.regex(none.stderr, /^\/nowhere\/at\/all can't be read: ENOENT.*\n$/)
  const wrong = await run(main, { args: ['word'] })
  t.is(wrong.code, 2)
  t.regex(wrong.stderr, /^Give a word, a file.*\n$/)
})
