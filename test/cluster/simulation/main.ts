// npm run simulate -- [--nodes 100] [--seed 7 | --seeds 1..100] [--minutes 10] [--plant mute|no-heal|old-self|chatter|lost-names]
// A run is what its seed says; one that fails says what, and how to see it again.

import { CommandLine, refuse } from '../../command-line.js'
import {
  deathBoundS,
  healBoundS,
  namesBoundS,
  type Plant,
  QUIET_RATE,
  Simulation,
  Violation,
} from './simulation.js'

const PLANTS = ['mute', 'no-heal', 'old-self', 'chatter', 'lost-names'] as const
const given = new CommandLine(['nodes', 'seed', 'seeds', 'minutes', 'plant'])
const nodes = given.number('nodes', 100, { least: 5, most: 5000, whole: true })
const minutes = given.number('minutes', 10, { least: 1, most: 1000, whole: true })
const seed = given.number('seed', 1, { most: 2 ** 31, whole: true })
const range = /^(\d+)\.\.(\d+)$/.exec(given.text('seeds') ?? `${seed}..${seed}`)
if (range === null) refuse(`--seeds takes two numbers as in 1..100, not ${given.text('seeds')}.`)
const [, first, last] = range.map(Number) as [number, number, number]
const plant: Plant | undefined = given.word('plant', PLANTS)

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
    const summary = new Simulation({ nodes, seed: one, minutes, plant }).run()
    console.log(JSON.stringify({ ...summary, tookS: Math.round((performance.now() - begun) / 100) / 10 }))
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    failed++
    const planted = plant === undefined ? '' : ` --plant ${plant}`
    console.error(
      `${error.message}. Again: npm run simulate -- --nodes ${nodes} --seed ${one} --minutes ${minutes}${planted}`,
    )
  }
}
console.log(`${last - first + 1 - failed} seeds passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
