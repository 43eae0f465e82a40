// Reads a large file of payments into a queue on disk, works it out in actors on other threads, each with its share of the buckets,
// kills one of their threads in the middle, and shows that nothing was lost: npm run example:ingest [file] [lines]

import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { init, queue, shutdown } from 'pulsing'
import { kept, type Line, type Result, Worker } from './worker.js'

const WORKERS = 2
const BATCH = 500

const folder = mkdtempSync(join(tmpdir(), 'pulsing-ingest-'))
const [given, count = '200000'] = process.argv.slice(2)
const file = given || join(folder, 'payments.csv')

/** account,amount */
async function makeFile(lines: number): Promise<void> {
  const to = createWriteStream(file)
  for (let n = 0; n < lines; n++) {
    const line = `account-${(n * 7919) % 1000},${((n % 997) / 100).toFixed(2)}\n`
    if (!to.write(line)) await once(to, 'drain')
  }
  to.end()
  await finished(to)
}

/** At most every 200 ms, and not where nobody looks. */
let shownMs = 0
function show(text: string): void {
  if (!process.stdout.isTTY || performance.now() - shownMs < 200) return
  shownMs = performance.now()
  process.stdout.write(`\r${text}\x1b[K`)
}

if (!existsSync(file)) await makeFile(Number(count))
const system = await init({ threads: WORKERS })
system.on('threadDied', ({ slot, actor }) =>
  console.log(`\nthread ${slot} has died in ${actor}: its worker is made again`),
)

const lines = await queue.write<Line>('lines', { bucketColumn: 'account', numBuckets: 8, ...kept(folder) })
await queue.write<Result>('results', { bucketColumn: 'account', ...kept(folder) })
const workers = await Promise.all(
  Array.from({ length: WORKERS }, (_, rank) =>
    Worker.options({ placement: { slot: rank + 1 }, restartPolicy: 'always' }).spawn(rank, WORKERS, folder),
  ),
)

let written = 0
let expected = 0
const reading = (async () => {
  let batch: Line[] = []
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [account = '', text = ''] = line.split(',')
    expected += Math.round(Number(text) * 100)
    batch.push({ account, n: written++, text })
    if (batch.length < BATCH) continue
    await lines.put(batch)
    batch = []
  }
  await lines.put(batch)
  await lines.flush()
})()
const done = reading.then(() => true)

const results = await queue.read<Result>('results')
const seen = new Set<number>()
let cents = 0
let twice = 0
let crashed = false
let all = false
void done.then(() => {
  all = true
})
while (!all || seen.size < written) {
  for (const { n, cents: one } of await results.get({ limit: 5000, wait: true, timeoutMs: 100 })) {
    if (seen.has(n)) twice++
    else {
      seen.add(n)
      cents += one
    }
  }
  show(`${written} lines put, ${seen.size} worked out`)
  if (!crashed && seen.size > 20_000) {
    crashed = true
    workers[0]?.crash().catch(() => undefined)
  }
}
await reading

console.log(`\n${written} lines, ${seen.size} results, ${twice} of them worked out twice`)
console.log(
  `sum ${(cents / 100).toFixed(2)}, expected ${(expected / 100).toFixed(2)}: ${cents === expected ? 'nothing is lost' : 'WRONG'}`,
)
await shutdown()
rmSync(folder, { recursive: true, force: true })
if (cents !== expected) process.exitCode = 1
