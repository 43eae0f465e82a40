import { fileURLToPath } from 'node:url'
import test from 'ava'
import { testSystem } from 'pulsing/testing'
import { Scheduler, Worker } from '../../examples/08-scheduler/scheduler.js'
import { run } from '../bed.js'

const main = fileURLToPath(new URL('../../examples/08-scheduler/main.js', import.meta.url))

test('jobs run at their times, are tried again, and not started twice', async (t) => {
  const kit = await testSystem()
  t.teardown(() => kit.close())
  const worker = await kit.probe(Worker)
  const failing = new Set([1, 2])
  let runs = 0
  let hold: Promise<void> | undefined
  worker.answer('run', async () => {
    if (failing.has(++runs)) throw new Error('no')
    await hold
  })
  const scheduler = await kit.spawn(Scheduler, { args: [worker.proxy] })
  await scheduler.add({ name: 'job', everyMs: 1000, work: 1 })
  await kit.clock.advance(1000)
  t.is(runs, 1)
  await kit.clock.advance(100)
  t.is(runs, 2)
  await kit.clock.advance(200)
  t.is(runs, 3)
  let free = () => {}
  hold = new Promise((resolve) => {
    free = resolve
  })
  await kit.clock.advance(2000)
  t.is(runs, 4)
  free()
  await kit.settle()
  const { ran, skipped } = await scheduler.report()
  t.deepEqual(
    ran.map(({ attempt, error }) => [attempt, error]),
    [
      [1, 'no'],
      [2, 'no'],
      [3, undefined],
      [1, undefined],
    ],
  )
  t.is(skipped, 1)
  t.true(await scheduler.remove('job'))
  await kit.clock.advance(5000)
  t.is(runs, 4)
})

test('it runs as a user runs it, and says what is no time', async (t) => {
  const { code, stdout, stderr } = await run(main, { args: ['1'] })
  t.deepEqual([code, stderr], [0, ''])
  t.regex(stdout, /^thumbnails: \d+ runs, \d+ failures, \d+ of them made good\n/)
  t.is((await run(main, { args: ['soon'] })).code, 2)
})
