import test from 'ava'
import { lossesIn, type Ratios } from '../../bench/guard.js'
import { dearer } from '../../bench/instructions.js'
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

test('a native path that takes more instructions has lost, where the compiler is the same', (t) => {
  const then = { compiler: 'g++ 12', paths: { tell: 100, ask: 200 } }
  const now = (tell: number, compiler = 'g++ 12') => ({ compiler, paths: { tell, ask: 200, other: 900 } })
  t.deepEqual(dearer(now(101), then), { losses: [], notes: [] })
  t.deepEqual(dearer(now(110), then).losses, ['The native path tell takes 110 instructions; it took 100'])
  t.deepEqual(dearer(now(110, 'g++ 13'), then).losses, [])
  t.regex(dearer(now(110, 'g++ 13'), then).notes[0] ?? '', /not compared/)
  t.regex(dearer(now(110), undefined).notes[0] ?? '', /--record/)
})
