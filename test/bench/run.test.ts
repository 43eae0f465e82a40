import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const runner = fileURLToPath(new URL('../../bench/run.js', import.meta.url))
const fixture = fileURLToPath(new URL('fixtures/run.js', import.meta.url))

interface Ran {
  code: number | null
  lines: string[]
  errors: string
}

async function run(script: string, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((settle) => child.on('close', settle)),
  ])
  return { code, lines: stdout.split('\n').filter((line) => line !== ''), errors }
}

test('a row of the engine is one line of JSON with the median of its runs', async (t) => {
  const { code, lines, errors } = await run(runner, '--quick', '--json', '--only', 'ask-local,tell-cross')
  t.is(code, 0, errors)
  const results = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  t.deepEqual(
    results.map(({ bench }) => bench),
    ['ask-local', 'tell-cross'],
  )
  for (const result of results) {
    t.deepEqual(Object.keys(result), ['peer', 'bench', 'value', 'unit', 'runs'])
    const { peer, value, unit } = result
    const runs = result.runs as number[]
    t.is(peer, 'pulsing')
    t.is(unit, 'ops/s')
    t.true(runs.length >= 3)
    t.is(value, [...runs].sort((a, b) => a - b)[runs.length >> 1])
    t.true(runs.every((figure) => figure > 0))
  }
})

test('a wrong answer fails its row and the run, and the other rows go on', async (t) => {
  const { code, lines, errors } = await run(fixture, '--quick', '--json', '--only', 'right,wrong')
  t.is(code, 1)
  t.regex(errors, /wrong, pulsing: failed: [\s\S]*wrong answer: the count is 6, not 5/)
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { bench: string }).bench),
    ['right'],
  )
})

test('a row whose process crashes fails', async (t) => {
  const { code, lines, errors } = await run(fixture, '--quick', '--json', '--only', 'crash')
  t.is(code, 1)
  t.regex(errors, /crash, pulsing: failed: its process ended with SIGABRT/)
  t.deepEqual(lines, [])
})

test('without --json there is a table', async (t) => {
  const { code, lines } = await run(fixture, '--quick', '--only', 'right')
  t.is(code, 0)
  t.regex(lines[0] ?? '', /^row +median +least - most$/)
  t.regex(lines[1] ?? '', /^right +\d/)
})

const faults: [what: string, args: string[], sentence: RegExp][] = [
  [
    'a row that does not exist',
    ['--only', 'right,left'],
    /^There is no row left: there are right, wrong, crash\.\n$/,
  ],
  ['an unknown option', ['--fast'], /^Unknown option '--fast'/],
  ['a value that is no number', ['--versus', '--pairs', 'some'], /^--pairs is some/],
  ['an option that needs another', ['--peers', 'folder'], /^--peers needs --versus beside it\.\n$/],
  [
    'a peer that does not exist',
    ['--versus', '--peer', 'none'],
    /^There is no peer none: there are observed, no-pool, plain-workers, postMessage, /,
  ],
  ['a folder without peers', ['--versus', '--peers', 'none'], /^The folder none has none of erlang\/run\.sh/],
]
for (const [what, args, sentence] of faults) {
  test(`${what} is an error in one sentence and exit code 2`, async (t) => {
    const { code, lines, errors } = await run(fixture, ...args)
    t.is(code, 2)
    t.deepEqual(lines, [])
    t.regex(errors, sentence)
    t.is(errors.trimEnd().split('\n').length, 1)
  })
}
