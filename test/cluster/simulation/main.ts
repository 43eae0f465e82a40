// npm run simulate -- [--nodes 100] [--seed 7 | --seeds 1..100] [--minutes 10] [--plant mute|no-heal|old-self|chatter|lost-names]
// A run is what its seed says; one that fails says what, and how to see it again.

import { parseArgs } from 'node:util'
import {
  deathBoundS,
  healBoundS,
  namesBoundS,
  type Plant,
  QUIET_RATE,
  Simulation,
  Violation,
} from './simulation.js'

const OPTIONS = {
  nodes: { type: 'string' },
  seed: { type: 'string' },
  seeds: { type: 'string' },
  minutes: { type: 'string' },
  plant: { type: 'string' },
} as const
const PLANTS = ['mute', 'no-heal', 'old-self', 'chatter', 'lost-names']

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

function whole(name: 'nodes' | 'seed' | 'minutes', least: number, most: number, otherwise: number): number {
  const text = values[name] ?? String(otherwise)
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most)
    refuse(`--${name} takes a whole number from ${least} to ${most}, not ${text}.`)
  return number
}

const nodes = whole('nodes', 5, 5000, 100)
const minutes = whole('minutes', 1, 1000, 10)
const seed = whole('seed', 0, 2 ** 31, 1)
const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? `${seed}..${seed}`)
if (range === null) refuse(`--seeds takes two numbers as in 1..100, not ${values.seeds}.`)
const [, first, last] = range.map(Number) as [number, number, number]
if (values.plant !== undefined && !PLANTS.includes(values.plant))
  refuse(`--plant takes ${PLANTS.join(', ')}, not ${values.plant}.`)

console.log(
  JSON.stringify({
    bounds: {
      deathKnownS: Math.round(deathBoundS(nodes)),
      healedS: Math.round(healBoundS(nodes)),
      namesS: Math.round(namesBoundS(nodes)),
      messagesANodeASecond: QUIET_RATE,
    },
  }),
)
let failed = 0
for (let one = first; one <= last; one++) {
  const begun = performance.now()
  try {
    const summary = new Simulation({ nodes, seed: one, minutes, plant: values.plant as Plant }).run()
    console.log(JSON.stringify({ ...summary, tookS: Math.round((performance.now() - begun) / 100) / 10 }))
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    failed++
    const plant = values.plant === undefined ? '' : ` --plant ${values.plant}`
    console.error(
      `${error.message}. Again: npm run simulate -- --nodes ${nodes} --seed ${one} --minutes ${minutes}${plant}`,
    )
  }
}
console.log(`${last - first + 1 - failed} seeds passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
