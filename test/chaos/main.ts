// npm run chaos -- [--minutes 30 | --seconds 10 | --rounds 100] [--seed 7] [--from 0] [--plant loss|double|swap]
// Each round is what the seed and its number say, so that a run goes on where another ended: --from its last round.

import { existsSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Plant } from './actors.js'
import { Shake } from './shake.js'

const OPTIONS = {
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  seed: { type: 'string' },
  from: { type: 'string' },
  plant: { type: 'string' },
} as const
const PLANTS = ['loss', 'double', 'swap']

function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(2)
}

function given() {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (error) {
    return refuse((error as Error).message)
  }
}

const values = given()

function number(name: Exclude<keyof typeof OPTIONS, 'plant'>, otherwise: number): number {
  const text = values[name]
  if (text === undefined) return otherwise
  if (!/^\d+(\.\d+)?$/.test(text)) refuse(`--${name} takes a number from 0, not ${text}.`)
  return Number(text)
}

const seed = number('seed', 1)
const first = number('from', 0)
const most = number('rounds', Number.POSITIVE_INFINITY)
const ms = values.seconds === undefined ? number('minutes', 1) * 60_000 : number('seconds', 0) * 1000
if (values.plant !== undefined && !PLANTS.includes(values.plant))
  refuse(`--plant takes ${PLANTS.join(', ')}, not ${values.plant}.`)
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
const shake = await Shake.start({ seed, plant: values.plant as Plant })
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
