// A thousand actors on all threads, and whatever can break: test/chaos. `npm run chaos` runs it for as long as one likes.

import test from 'ava'
import { compiled, run } from './bed.js'

const program = compiled('../chaos/main.js')

test.serial(
  '5.5: through ten seconds of chaos each message is accounted for, and all comes back',
  async (t) => {
    const ended = await run(program, { args: ['--seconds', '10', '--seed', '1'], nodeArgs: ['--expose-gc'] })
    t.is(ended.code, 0, ended.stdout + ended.stderr)
    const summary = JSON.parse(ended.stdout.trim().split('\n').at(-1) as string)
    t.log(ended.stdout.trim().split('\n').at(-1))
    t.true(summary.rounds >= 3)
    t.true(summary.deaths >= 1)
    t.true(summary.restarts >= 100)
  },
)

for (const args of [
  ['--seed', 'abc'],
  ['--plant', 'flowers'],
  ['--minute', '1'],
  ['--seconds', '-1'],
])
  test(`chaos with ${args.join(' ')} says what is wrong, and begins nothing`, async (t) => {
    const ended = await run(program, { args })
    t.is(ended.code, 2)
    t.is(ended.stdout, '')
    t.true(ended.stderr.includes(args[0] as string))
    t.false(ended.stderr.includes('    at '))
  })

const findings = {
  loss: /was answered, but not handled|has not begun, and is lost/,
  double: /has begun 2 times/,
  swap: /began out of order/,
}

for (const [plant, found] of Object.entries(findings))
  test.serial(`a planted ${plant} of messages is found`, async (t) => {
    const args = ['--rounds', '1', '--seed', '5', '--plant', plant]
    const ended = await run(program, { args, nodeArgs: ['--expose-gc'] })
    t.is(ended.code, 1)
    t.regex(ended.stderr, found)
    t.regex(ended.stderr, /Again: npm run chaos -- --seed 5 --from 0/)
  })
