// The example of a cluster, run as a user runs it.

import { fileURLToPath } from 'node:url'
import test from 'ava'
import { run } from '../bed.js'

const main = fileURLToPath(new URL('../../examples/06-cluster/main.js', import.meta.url))

test('three nodes answer by turns, one is killed, and the others go on', async (t) => {
  const { code, stdout, stderr } = await run(main)
  const lines = stdout.trim().split('\n')
  t.is(code, 0, stderr)
  t.regex(
    lines.find((line) => line.startsWith('members')) ?? '',
    /ada alive, bob alive, cyd alive, main alive/,
  )
  const served = lines.filter((line) => line.startsWith('10 calls'))
  t.is(served.length, 2)
  t.regex(served[0] as string, /ada \d, bob \d, cyd \d/)
  t.regex(served[1] as string, /ada 5, cyd 5/)
})
