// node dist/bench/child.js <module> <row> quick|full
// Measures one row in a process of its own and prints its line. Useful by itself under a profiler:
//   node --cpu-prof --cpu-prof-dir=profile dist/bench/child.js dist/bench/scenarios/tell-local.js tell-local quick

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Mode, measure } from './measure.js'
import { loadProgram } from './programs.js'

const [given = '', row = '', mode = 'quick'] = process.argv.slice(2)
const url = given.startsWith('file:') ? given : pathToFileURL(resolve(given)).href
const { peer, scenarios } = await loadProgram(url)
const scenario = scenarios.find(({ name }) => name === row)
if (scenario === undefined) throw new Error(`${given} has no row ${row}.`)
try {
  console.log(JSON.stringify(await measure(peer, scenario, mode as Mode)))
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
