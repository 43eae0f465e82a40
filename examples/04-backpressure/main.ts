// node dist/examples/04-backpressure/main.js [records]        2,000 unless given
//
// A producer that is faster than its consumer, under each of the four overflow policies of a mailbox. Whatever the policy,
// memory stays bounded, and every record is accounted for: stored, refused at the send, or a dead letter.
import { setTimeout as sleep } from 'node:timers/promises'
import * as pul from 'pulsing'
import { Store } from './store.js'

const records = Number(process.argv[2] ?? 2000)
if (!Number.isInteger(records) || records < 1) {
  console.error(`"${process.argv[2]}" is no number of records: give a whole number above 0.`)
  process.exit(2)
}

const nothing = () => undefined
const quiet: pul.Logger = { debug: nothing, info: nothing, warn: nothing, error: console.error }

interface Result {
  readonly overflow: pul.Overflow
  readonly stored: number
  readonly refused: number
  readonly dropped: number
  /** Times that the producer had to wait. */
  readonly waits: number
}

async function run(system: pul.ActorSystem, overflow: pul.Overflow): Promise<Result> {
  const before = system.stats().deadLetters
  const store = await Store.options({ mailboxCapacity: 100, overflow }).spawn()
  let refused = 0
  let waits = 0
  for (let record = 0; record < records; record++) {
    try {
      const accepted = pul.tell(store).write(record) // undefined where there was room
      if (accepted === undefined) continue
      waits++
      await accepted // the one line that is back-pressure
    } catch (error) {
      if (!isFull(error)) throw error
      refused++ // a real producer would keep the record, or tell whoever it has it from
    }
  }

  const { stored } = await reportOf(store)
  await system.stop(store)
  // Counted, since listeners of 'deadLetter' are told of the first thousand of a burst only; a moment later than it happens.
  let dropped = system.stats().deadLetters - before
  while (stored + refused + dropped < records) {
    await sleep(5)
    dropped = system.stats().deadLetters - before
  }
  return { overflow, stored, refused, dropped, waits }
}

/** An ask stands in line with the records, so its answer comes after them; a full mailbox may refuse it as well. */
async function reportOf(store: pul.ActorProxy<InstanceType<typeof Store>>): Promise<{ stored: number }> {
  for (;;) {
    try {
      return await store.report()
    } catch (error) {
      if (!isFull(error)) throw error
      await sleep(5)
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof pul.PulsingRuntimeError && error.code === 'ERR_PULSING_MAILBOX_FULL'
}

const system = await pul.init({ threads: 1, logger: quiet })
const results: Result[] = []
for (const overflow of ['wait', 'fail', 'drop-newest', 'drop-oldest'] as const)
  results.push(await run(system, overflow))
console.table(results)
await pul.shutdown()
