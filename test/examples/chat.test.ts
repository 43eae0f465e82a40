import { fileURLToPath } from 'node:url'
import test from 'ava'
import { run } from '../bed.js'

const main = fileURLToPath(new URL('../../examples/09-chat/main.js', import.meta.url))

test('two people at two nodes hear each other in one room', async (t) => {
  const { code, stdout, stderr } = await run(main)
  t.is(code, 0, stderr)
  t.deepEqual(stdout.trim().split('\n').slice(-2), [
    'Bob hears Ann, who is at north: Is anybody there?',
    'Ann hears Bob, who is at south: I am, in the south.',
  ])
})
