import { getEventListeners } from 'node:events'
import anyTest, { type TestFn } from 'ava'
import { type ActorSystem, callSignal, init, shutdown, tell, withCall } from 'pulsing'
import { keepingLogger, rejection, thrown, until } from '../bed.js'
import { Gate, Recorder } from '../fixtures/actors.js'
import { Patient, Receiving } from '../fixtures/patient.js'

const test = anyTest as TestFn
let system: ActorSystem

test.before(async () => {
  system = await init({ threads: 2, logger: keepingLogger() })
})
test.after.always(() => shutdown())

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on one thread' : 'across threads'

  test(`3.4: an aborted signal aborts the call's own, ${where}`, async (t) => {
    const patient = await Patient.options({ placement }).spawn()
    const abort = new AbortController()
    const reason = new Error('enough')
    const call = rejection(withCall(patient, { signal: abort.signal }).wait())
    await until(async () => (await patient.seen()).begun === 1)
    abort.abort(reason)
    t.is(await call, reason)
    await until(async () => (await patient.seen()).aborted.length === 1)
    t.deepEqual((await patient.seen()).aborted, ['AbortError'])
  })

  test(`3.4: a passed timeout aborts the call's signal, and that of no other call, ${where}`, async (t) => {
    const patient = await Patient.options({ placement }).spawn()
    const other = rejection(patient.wait())
    // On a busy machine calls are given up before they began, at worst all of them.
    await until(async () => {
      const calls = Array.from({ length: 200 }, () => rejection(withCall(patient, { timeoutMs: 30 }).wait()))
      for (const error of await Promise.all(calls)) t.is(error.code, 'ERR_PULSING_ASK_TIMEOUT')
      return (await patient.seen()).begun > 1
    })
    await until(async () => {
      const { begun, aborted } = await patient.seen()
      return aborted.length === begun - 1
    })
    await system.stop(patient)
    t.is((await other).code, 'ERR_PULSING_ACTOR_STOPPED')
  })

  test(`3.4: a stop aborts the signals of what is under way, tells too, ${where}`, async (t) => {
    const recorder = await Recorder.options({ placement: 'host' }).spawn()
    const patient = await Patient.options({ placement }).spawn()
    tell(patient).waitAndTell(recorder)
    const asked = rejection(patient.waitAndTell(recorder))
    await until(async () => (await patient.seen()).begun === 2)
    await system.stop(patient)
    await asked
    await until(async () => (await recorder.count()) === 4)
    const stopped = 'ERR_PULSING_ACTOR_STOPPED'
    t.deepEqual(await recorder.list(), ['begun', 'begun', stopped, stopped])
  })

  test(`3.4: calls that wait for their turn and are given up never begin, ${where}`, async (t) => {
    const gate = await Gate.options({ placement: 'host' }).spawn()
    const recorder = await Recorder.options({ placement, maxConcurrency: 1 }).spawn()
    const held = recorder.hold(gate)
    await until(async () => (await gate.waiting()) === 1)
    const bytes = new Uint8Array(10_000)
    const dropped = Array.from({ length: 150 }, () =>
      rejection(withCall(recorder, { timeoutMs: 5 }).push(bytes)),
    )
    const kept = recorder.push('kept')
    for (const error of await Promise.all(dropped)) t.is(error.code, 'ERR_PULSING_ASK_TIMEOUT')
    await gate.open()
    await Promise.all([held, kept])
    t.deepEqual(await recorder.list(), ['kept'])
    await until(() => system.stats().engine.blocks === 0)
  })

  test(`3.4: receive has a signal too, ${where}`, async (t) => {
    const ref = await system.spawn(Receiving, { placement })
    t.is((await rejection(ref.ask('wait', { timeoutMs: 200 }))).code, 'ERR_PULSING_ASK_TIMEOUT')
    t.is(await ref.ask('count'), 1)
  })

  test(`3.4: a call has one signal, which can be had until its first await, ${where}`, async (t) => {
    const patient = await Patient.options({ placement }).spawn()
    t.true(await patient.same())
    t.deepEqual(await patient.late(), ['ERR_PULSING_NOT_IN_CALL', false])
  })
}

test('3.4: a call of a pool that is given up is aborted, or never begins, wherever it is', async (t) => {
  const recorder = await Recorder.options({ placement: 'host' }).spawn()
  const pool = await Patient.options({ instances: 3 }).spawn()
  const seen = async (what: string, times: number) => {
    await until(async () => (await recorder.list()).filter((one) => one === what).length >= times)
  }
  const abort = new AbortController()
  const call = () => rejection(withCall(pool, { signal: abort.signal }).waitAndTell(recorder))
  const begun = Array.from({ length: 3 }, call)
  await seen('begun', 3)
  const waiting = Array.from({ length: 10 }, call)
  const late = await rejection(withCall(pool, { timeoutMs: 20 }).waitAndTell(recorder))
  t.is(late.code, 'ERR_PULSING_ASK_TIMEOUT')
  abort.abort()
  await Promise.all([...begun, ...waiting])
  await seen('AbortError', 3)
  // The instances are free, and take what comes now: nothing of what waited stands before it.
  const again = new AbortController()
  const next = rejection(withCall(pool, { signal: again.signal }).waitAndTell(recorder))
  await seen('begun', 4)
  again.abort()
  await next
  await seen('AbortError', 4)
  t.is(await recorder.count(), 8)
})

test('3.4: one signal serves any number of calls, and leaves no listener behind', async (t) => {
  const warnings: string[] = []
  const onWarning = (warning: Error) => warnings.push(warning.name)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const patient = await Patient.options({ placement: { slot: 1 } }).spawn()
  const abort = new AbortController()
  const { signal } = abort
  for (let i = 0; i < 3; i++) t.true(await withCall(patient, { signal }).same())
  t.is(getEventListeners(signal, 'abort').length, 0)
  const calls = Array.from({ length: 50 }, () => rejection(withCall(patient, { signal }).wait()))
  await until(async () => (await patient.seen()).begun === 50)
  abort.abort('enough')
  t.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 50 }, () => 'enough'),
  )
  await until(async () => (await patient.seen()).aborted.length === 50)
  t.deepEqual(warnings, [])
  t.is(getEventListeners(signal, 'abort').length, 0)
})

test('callSignal outside of a call is an error that says where to call it', (t) => {
  const error = thrown(() => callSignal())
  t.is(error.code, 'ERR_PULSING_NOT_IN_CALL')
  t.regex(error.message, /before its first await/)
})
