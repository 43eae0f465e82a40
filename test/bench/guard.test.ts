import test from 'ava'
import { lossesIn, type Ratios } from '../../bench/guard.js'
import type { Comparison } from '../../bench/versus.js'

const record: Ratios = { row: { peer: { ratio: 10, least: 8, most: 12 } } }

/** Of one row beside one peer. */
function measured(ratio: number, least: number, most: number, row = 'row', peer = 'peer'): Comparison[] {
  const peers = [{ result: { peer }, ratio, spread: [least, most] }]
  return [{ scenario: { name: row }, peers }] as unknown as Comparison[]
}

test('a row has lost where its best pair is clearly worse than its worst was', (t) => {
  t.deepEqual(lossesIn(measured(10, 8, 12), record), [])
  t.deepEqual(lossesIn(measured(6, 4, 7.5), record), [], 'noise')
  t.deepEqual(lossesIn(measured(20, 19, 21), record), [], 'a gain')
  const [loss, ...others] = lossesIn(measured(6, 5, 7), record)
  t.is(loss, 'row is 6 times peer, 7 in its best pair; it was 10, 8 in its worst')
  t.deepEqual(others, [])
})

test('what was not recorded has not lost', (t) => {
  t.deepEqual(lossesIn(measured(0.1, 0.1, 0.1, 'new'), record), [])
  t.deepEqual(lossesIn(measured(0.1, 0.1, 0.1, 'row', 'newcomer'), record), [])
})
