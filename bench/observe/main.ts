// npm run bench:observe [-- --runs 3]
// What a call costs where the system is observed and where it is not, in instructions: a clock would tell the machine's noise.

import { fileURLToPath } from 'node:url'
import { above0, given } from '../command.js'
import { countedBy, hasValgrind, NO_VALGRIND } from '../instructions.js'
import { median } from '../measure.js'

const [runs = 0] = above0(given({ runs: { type: 'string', default: '3' } }), 'runs')

/** What is not of a call, the compiler's work above all, is in both. */
const FEW = 300_000
const MANY = 1_300_000
/** Node does nothing on other threads, or by the clock, that it can do in turn. */
const PREDICTABLE = ['--single-threaded', '--predictable']
const CALLS = fileURLToPath(new URL('calls.js', import.meta.url))

/** seed: of the hashes, so that runs differ as processes do. */
async function perCall(seed: number, observed: readonly string[]): Promise<number> {
  const node = [...PREDICTABLE, `--random-seed=${seed}`, `--hash-seed=${seed}`]
  // V8 puts new code where other code was.
  const count = (calls: number) =>
    countedBy(['--smc-check=all-non-file'], process.execPath, ...node, CALLS, `${calls}`, ...observed)
  const few = await count(FEW)
  return ((await count(MANY)) - few) / (MANY - FEW)
}

if (!(await hasValgrind())) {
  console.error(NO_VALGRIND)
  process.exit(1)
}
const off: number[] = []
const on: number[] = []
for (let run = 1; run <= runs; run++) {
  const [without, observed] = await Promise.all([perCall(run, []), perCall(run, ['observed'])])
  off.push(without)
  on.push(observed)
  console.log(
    `run ${run} of ${runs}: ${without.toFixed(0)} instructions a call, observed ${observed.toFixed(0)}`,
  )
}
const more = (median(on) / median(off) - 1) * 100
console.log(
  `ask-local: ${median(off).toFixed(0)} instructions a call, observed ${median(on).toFixed(0)} (${more.toFixed(2)} %)`,
)
