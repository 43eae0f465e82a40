// npm run chaos -- [--minutes 30 | --seconds 10 | --rounds 100] [--seed 7] [--from 0] [--plant loss|double|swap]
// Each round is what the seed and its number say, so that a run goes on where another ended: --from its last round.

import { existsSync, readdirSync } from 'node:fs'
import { CommandLine } from '../command-line.js'
import type { Plant } from './actors.js'
import { Shake } from './shake.js'

const PLANTS = ['loss', 'double', 'swap'] as const
const given = new CommandLine(['minutes', 'seconds', 'rounds', 'seed', 'from', 'plant'])
const seed = given.number('seed', 1)
const first = given.number('from', 0)
const most = given.number('rounds', Number.POSITIVE_INFINITY)
const ms =
  given.text('seconds') === undefined
    ? given.number('minutes', 1) * 60_000
    : given.number('seconds', 0) * 1000
const plant: Plant = given.word('plant', PLANTS)
const SAY_EVERY_MS = 10_000

/** What must be back where it began. */
function rest(): { threads: number; handles: number; heapMb: number; rssMb: number } {
  gc()
  const { heapUsed, rss } = process.memoryUsage()
  return {
    threads: existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0,
    handles: process.getActiveResourcesInfo().filter((name) => name !== 'TTYWrap' && name !== 'PipeWrap')
      .length,
    heapMb: Math.round(heapUsed / 2 ** 20),
    rssMb: Math.round(rss / 2 ** 20),
  }
}

function gc(): void {
  const { gc: collect } = globalThis as { gc?: () => void }
  collect?.()
}

let interrupted = false
process.once('SIGINT', () => {
  interrupted = true
})

const before = rest()
const shake = await Shake.start({ seed, plant })
const { summary } = shake
const wrong: string[] = []
const begun = performance.now()
let said = begun
let round = first
/** When the tree had been shaken for a while: from then on memory may not grow. */
let settled = rest()
while (wrong.length === 0 && !interrupted && performance.now() - begun < ms && round - first < most) {
  wrong.push(...(await shake.round(round)).map((sentence) => `round ${round}: ${sentence}`))
  round++
  if (round - first === 20) settled = rest()
  if (performance.now() - said < SAY_EVERY_MS) continue
  said = performance.now()
  console.log(
    `seed ${seed}, ${Math.round((said - begun) / 1000)} s, to round ${round}: ${JSON.stringify(summary)}`,
  )
}
const grown = rest()
await shake.system.shutdown()
const after = rest()
const memory = { before, settled, grown, after }
if (after.threads > before.threads) wrong.push(`${after.threads - before.threads} threads are left`)
if (after.handles > before.handles) wrong.push(`${after.handles - before.handles} handles are left`)
// A tenth more is what a heap may differ by between two looks at it; what leaks, leaks without end.
if (grown.heapMb > settled.heapMb * 1.5 + 20)
  wrong.push(`the host's heap has grown from ${settled.heapMb} to ${grown.heapMb} MB`)
console.log(JSON.stringify({ seed, from: first, to: round, ...summary, memory }))
for (const sentence of wrong.slice(0, 20)) console.error(sentence)
if (wrong.length > 0) {
  console.error(`${wrong.length} findings. Again: npm run chaos -- --seed ${seed} --from ${round - 1}`)
  process.exitCode = 1
} else if (interrupted) console.log(`To go on: npm run chaos -- --seed ${seed} --from ${round}`)
