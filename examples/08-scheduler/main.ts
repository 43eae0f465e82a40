// node dist/examples/08-scheduler/main.js [seconds]        three jobs, for three seconds unless given; Ctrl-C ends it
import { availableParallelism } from 'node:os'
import * as pul from 'pulsing'
import { Scheduler, Worker } from './scheduler.js'

const seconds = Number(process.argv[2] ?? 3)
if (!(seconds > 0)) {
  console.error(`"${process.argv[2]}" is no time: give a number of seconds.`)
  process.exit(2)
}

const system = await pul.init()
pul.handleSignals(system)
const workers = (await system.spawn(Worker, { instances: availableParallelism() })).asType(Worker)
const scheduler = await pul.spawn(Scheduler, { args: [workers], name: 'scheduler' })
await scheduler.add({ name: 'thumbnails', everyMs: 200, work: 2_000_000 })
await scheduler.add({ name: 'report', everyMs: 500, work: 20_000_000 })
await scheduler.add({ name: 'clean-up', everyMs: 1000, work: 1000 })
await new Promise((resolve) => setTimeout(resolve, seconds * 1000))

for (const name of ['thumbnails', 'report', 'clean-up']) await scheduler.remove(name)
const { ran, skipped } = await scheduler.report()
for (const name of ['thumbnails', 'report', 'clean-up']) {
  const own = ran.filter((one) => one.name === name)
  const failed = own.filter(({ error }) => error !== undefined)
  const again = own.filter(({ attempt, error }) => attempt > 1 && error === undefined)
  console.log(
    `${name}: ${own.length - failed.length} runs, ${failed.length} failures, ${again.length} of them made good`,
  )
}
console.log(`${skipped} times a job was not done when it was due again`)
await pul.shutdown()
