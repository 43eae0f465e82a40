import test from 'ava'
import type { Measured } from '../../bench/latency/cases.js'
import { run } from './programs.js'

test('each latency case gives its figures', async (t) => {
  const names = ['ask-host', 'ask-worker', 'timer-engine', 'timer-worker', 'timer-host']
  for (const name of names) {
    const { code, out, err } = await run('latency/child.js', name, '0.1')
    t.is(code, 0, err)
    for (const { what, spread } of JSON.parse(out) as Measured[]) {
      t.not(what, '')
      // So short a time may be over before a plain worker comes to its timers.
      if (name === 'timer-worker' && spread.count === 0) continue
      t.true(spread.count > 0 && spread.p50Us > 0 && spread.p50Us <= spread.maxUs, `${name}, ${what}`)
    }
  }
})

test('a soak that is over at once ends well', async (t) => {
  const { code, err } = await run('soak/main.js', '--minutes', '0.005', '--rate', '2000')
  t.is(code, 0, err)
})
