// npm run chaos:queue -- [--backend memory|lmdb|jetstream] [--rounds 10] [--seed 7] [--from 0] [--plant loss|double|swap]
// Each round is what the seed and its number say.

import { rmSync } from 'node:fs'
import { serveNats } from '../../../bench/servers.js'
import { CommandLine } from '../../command-line.js'
import type { Backend, Plant } from './account.js'
import { Nodes } from './nodes.js'
import { Round, type Summary } from './round.js'

const given = new CommandLine(['backend', 'rounds', 'seed', 'from', 'plant'])
const backend: Backend = given.word('backend', ['memory', 'lmdb', 'jetstream']) ?? 'memory'
const plant: Plant = given.word('plant', ['loss', 'double', 'swap'])
const seed = given.number('seed', 1, { whole: true })
const first = given.number('from', 0, { whole: true })
const rounds = given.number('rounds', 10, { least: 1, whole: true })

const ends: (() => unknown)[] = []
const teardown = (end: () => unknown) => void ends.push(end)

async function optionsOf(): Promise<Record<string, unknown>> {
  if (backend === 'memory') return {}
  // Each node has a folder that it runs in.
  if (backend === 'lmdb') return { folder: 'queue' }
  const { port, close } = await serveNats()
  teardown(close)
  return { servers: `127.0.0.1:${port}` }
}

const summary: Summary = {
  puts: 0,
  reads: 0,
  kills: 0,
  leaves: 0,
  joins: 0,
  gaps: 0,
  mistaken: 0,
  failures: {},
}
const wrong: string[] = []
let round = first
const nodes = new Nodes({ teardown }, (said) => current?.heard(said))
let current: Round | undefined
try {
  const backendOptions = await optionsOf()
  for (let i = 0; i < 3; i++) await nodes.startOne()
  await nodes.agree()
  for (; round < first + rounds && wrong.length === 0; round++) {
    current = new Round(nodes, { seed, round, backend, backendOptions, plant }, summary)
    wrong.push(...(await current.run()).map((sentence) => `round ${round}: ${sentence}`))
  }
} catch (error) {
  wrong.push(`round ${round++}: ${(error as Error).stack}`)
} finally {
  for (const end of ends.reverse()) await end()
}
console.log(JSON.stringify({ backend, seed, from: first, to: round, ...summary }))
for (const sentence of wrong.slice(0, 20)) console.error(sentence)
if (wrong.length === 0) rmSync(nodes.folder, { recursive: true, force: true })
else {
  console.error(`What the nodes have logged is in ${nodes.folder}.`)
  console.error(
    `${wrong.length} findings. Again: npm run chaos:queue -- --backend ${backend} --seed ${seed} --from ${round - 1}`,
  )
  process.exitCode = 1
}
