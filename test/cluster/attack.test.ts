// Two nodes that ask each other while one of them is attacked: npm run attack does it for as long as one likes.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { run } from '../bed.js'

const program = join(dirname(fileURLToPath(import.meta.url)), 'attack', 'main.js')

test.serial(
  '6.2, 6.3: under attack every ask of an honest node is answered, and what is refused is counted',
  async (t) => {
    const ended = await run(program, { args: ['--seconds', '2', '--silent', '2000'] })
    t.is(ended.code, 0, ended.stdout + ended.stderr)
    const results = ended.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.is(results.length, 2)
    for (const { how, attacked, refused, dropped, rssMb } of results) {
      t.log(how, JSON.stringify({ attacked, refused, dropped, rssMb }))
      t.true(attacked.asks > 100 && attacked.attempts > 1000)
      t.deepEqual(attacked.failed, {})
      t.true(refused > 500 && dropped > 100)
      t.true(rssMb < 400)
    }
  },
)

for (const args of [
  ['--seconds', '0'],
  ['--rate', 'x'],
  ['--quick', '1'],
])
  test(`attack with ${args.join(' ')} says what is wrong, and begins nothing`, async (t) => {
    const ended = await run(program, { args })
    t.is(ended.code, 2)
    t.true(ended.stderr.includes(args[0] as string))
  })
