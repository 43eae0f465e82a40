// The producer that is faster than its consumer, run as a user runs it.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const main = fileURLToPath(new URL('../../examples/04-backpressure/main.js', import.meta.url))
const run = promisify(execFile)
const RECORDS = 300

interface Row {
  readonly overflow: string
  readonly stored: number
  readonly refused: number
  readonly dropped: number
  readonly waits: number
}

/** The rows that console.table printed. */
function rows(printed: string): Row[] {
  return [...printed.matchAll(/'([a-z-]+)' +│ (\d+) +│ (\d+) +│ (\d+) +│ (\d+)/g)].map((row) => ({
    overflow: row[1] as string,
    stored: Number(row[2]),
    refused: Number(row[3]),
    dropped: Number(row[4]),
    waits: Number(row[5]),
  }))
}

test('each policy accounts for every record: wait stores all, fail refuses, the others drop', async (t) => {
  const { stdout, stderr } = await run(process.execPath, [main, String(RECORDS)])
  t.is(stderr, '')
  const [wait, fail, newest, oldest] = rows(stdout) as [Row, Row, Row, Row]
  t.like(wait, { overflow: 'wait', stored: RECORDS, refused: 0, dropped: 0 })
  t.true(wait.waits > 0)
  t.like(fail, { overflow: 'fail', dropped: 0, waits: 0 })
  t.true(fail.refused > 0)
  t.like(newest, { overflow: 'drop-newest', refused: 0, waits: 0 })
  t.true(newest.dropped > 0)
  t.like(oldest, { overflow: 'drop-oldest', refused: 0, waits: 0 })
  t.true(oldest.dropped > 0)
  for (const { stored, refused, dropped } of [fail, newest, oldest]) t.is(stored + refused + dropped, RECORDS)
})

test('a number of records that is none is an error in one sentence, and exit code 2', async (t) => {
  const failed = await t.throwsAsync(run(process.execPath, [main, 'many']))
  t.like(failed, { code: 2, stderr: '"many" is no number of records: give a whole number above 0.\n' })
})
