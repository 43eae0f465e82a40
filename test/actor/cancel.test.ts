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
    const calls = Array.from({ length: 200 }, () => rejection(withCall(patient, { timeoutMs: 30 }).wait()))
    for (const error of await Promise.all(calls)) t.is(error.code, 'ERR_PULSING_ASK_TIMEOUT')
    // On a busy machine some were given up before they began.
    await until(async () => {
      const { begun, aborted } = await patient.seen()
      return begun > 1 && aborted.length === begun - 1
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
    await until(async () => (await recorder.count()) === 2)
    t.deepEqual(await recorder.list(), ['ERR_PULSING_ACTOR_STOPPED', 'ERR_PULSING_ACTOR_STOPPED'])
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
    t.is((await rejection(ref.ask('wait', { timeoutMs: 20 }))).code, 'ERR_PULSING_ASK_TIMEOUT')
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
  const abort = new AbortController()
  const calls = Array.from({ length: 10 }, () =>
    rejection(withCall(pool, { signal: abort.signal }).waitAndTell(recorder)),
  )
  const first = rejection(withCall(pool, { timeoutMs: 30 }).waitAndTell(recorder))
  t.is((await first).code, 'ERR_PULSING_ASK_TIMEOUT')
  abort.abort()
  await Promise.all(calls)
  // Three had begun, and say so; what waited behind them does not begin.
  await until(async () => (await recorder.count()) >= 3)
  const after = rejection(withCall(pool, { timeoutMs: 30 }).waitAndTell(recorder))
  await after
  await until(async () => (await recorder.count()) >= 4)
  t.true((await recorder.count()) <= 13)
})

test('callSignal outside of a call is an error that says where to call it', (t) => {
  const error = thrown(() => callSignal())
  t.is(error.code, 'ERR_PULSING_NOT_IN_CALL')
  t.regex(error.message, /before its first await/)
})
