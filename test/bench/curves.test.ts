import test from 'ava'
import { atRate, Latencies } from '../../bench/latency/spread.js'
import { lines, ratios } from '../../bench/plot.js'
import { powers } from '../../bench/scaling/curve.js'
import { run } from './programs.js'

test('a plot of lines is an SVG with a line a series, and what the axes are called', async (t) => {
  const points = [1, 10, 100].flatMap((x) => [
    { series: 'one', x, y: x },
    { series: 'two', x, y: 2 * x },
  ])
  const svg = await lines({ title: 'so many', isLog: true }, { title: 'so much', isLog: true }, points)
  t.regex(svg, /^<svg /)
  for (const word of ['so many', 'so much', 'one', 'two']) t.true(svg.includes(word), word)
  t.is([...svg.matchAll(/aria-roledescription="line mark"/g)].length, 2)
})

test('a plot of ratios is an SVG with a point for each peer of each row', async (t) => {
  const bars = [
    { row: 'a', peer: 'one', ratio: 2 },
    { row: 'a', peer: 'two', ratio: 0.5 },
    { row: 'b', peer: 'one', ratio: 30 },
  ]
  const svg = await ratios('times better', bars)
  t.is([...svg.matchAll(/aria-roledescription="point"/g)].length, 3)
  t.true(svg.includes('times better'))
})

test('latencies are counted, and said by how many are faster', (t) => {
  const latencies = new Latencies()
  for (let ms = 1; ms <= 1000; ms++) latencies.record(ms)
  const { count, p50Us, p99Us, p999Us, maxUs, curve } = latencies.spread()
  t.is(count, 1000)
  for (const [got, wanted] of [
    [p50Us, 500_000],
    [p99Us, 990_000],
    [p999Us, 999_000],
    [maxUs, 1_000_000],
  ] as const)
    t.true(Math.abs(got / wanted - 1) < 0.002, `${got} is not ${wanted}`)
  t.deepEqual(
    [...curve].sort(([, a], [, b]) => a - b),
    [...curve],
  )
})

test('what is due at a rate is due that often, and says when it was due', async (t) => {
  const due: number[] = []
  const begun = performance.now()
  await atRate(10_000, 50, (ms) => due.push(ms - begun))
  t.is(due.length, 500)
  t.true(due.every((ms, i) => i === 0 || Math.abs(ms - (due[i - 1] as number) - 0.1) < 1e-6))
  await t.throwsAsync(() => atRate(10, 1000, () => JSON.parse('{')), { instanceOf: SyntaxError })
})

test('wrong arguments are a sentence and exit code 2', async (t) => {
  t.deepEqual(powers(4, 2, 4), [16, 64, 256])
  for (const [script, args, sentence] of [
    ['scaling/main.js', ['--only', 'nothing'], /^There is no curve nothing: there are actors, /],
    ['latency/main.js', ['--seconds', 'none'], /^--seconds is none: a number above 0 would do\.\n$/],
    ['soak/main.js', ['--hours=1'], /^Unknown option '--hours': there are --minutes, --rate\.\n$/],
    ['soak/main.js', ['--minutes=0'], /^--minutes is 0: a number above 0 would do\.\n$/],
  ] as const) {
    const { code, err } = await run(script, ...args)
    t.is(code, 2)
    t.regex(err, sentence)
  }
})
