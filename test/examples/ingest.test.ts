import { join } from 'node:path'
import test from 'ava'
import { root, run } from '../bed.js'

test('a thread dies in the middle of an ingest, and nothing is lost', async (t) => {
  const file = join(root, 'dist', 'examples', '07-ingest', 'main.js')
  // A file that is not there is made, of so many lines.
  const ended = await run(file, { args: ['', '40000'] })
  t.is(ended.code, 0, ended.stdout + ended.stderr)
  t.regex(ended.stdout, /thread 1 has died/)
  t.regex(ended.stdout, /40000 lines, 40000 results, \d+ of them worked out twice/)
  t.regex(ended.stdout, /nothing is lost/)
})
