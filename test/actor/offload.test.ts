import anyTest, { type TestFn } from 'ava'
import { type ActorSystem, init, shutdown } from 'pulsing'
import { keepingLogger, rejection, until } from '../bed.js'
import { Offloader } from '../fixtures/offloader.js'

const test = anyTest as TestFn
let system: ActorSystem
const url = new URL('../fixtures/offloaded.js', import.meta.url).href

test.before(async () => {
  system = await init({ threads: 1, logger: keepingLogger() })
})
test.after.always(() => shutdown())

/** It counts while it runs; true when it does no more. */
async function hasEnded(running: SharedArrayBuffer): Promise<boolean> {
  const turns = new Int32Array(running)
  const before = Atomics.load(turns, 0)
  await new Promise((settle) => setTimeout(settle, 20))
  return Atomics.load(turns, 0) === before
}

for (const placement of ['host', { slot: 1 }] as const) {
  const where = placement === 'host' ? 'on the host' : 'on an engine thread'

  test(`section 2: offload runs an exported function in a thread of its own, ${where}`, async (t) => {
    const offloader = await Offloader.options({ placement }).spawn()
    t.is(await offloader.run(url, [21]), 42)
    t.is(await offloader.run(`${url}#sum`, [1, 2, 3]), 6)
    t.is(await offloader.run(`${url}#sum`), 0)
    t.not(await offloader.run(`${url}#thread`), await offloader.thread())
  })

  test(`section 2: an aborted signal ends an offloaded function in the middle of its loop, ${where}`, async (t) => {
    const offloader = await Offloader.options({ placement }).spawn()
    const running = new SharedArrayBuffer(4)
    const error = await rejection(offloader.loop(`${url}#forever`, running))
    t.is(error.message, 'enough')
    await until(() => hasEnded(running))
    t.is(await offloader.run(url, [1]), 2)
  })

  test(`section 2: a passed timeout ends it too, ${where}`, async (t) => {
    const offloader = await Offloader.options({ placement }).spawn()
    const running = new SharedArrayBuffer(4)
    const error = await rejection(offloader.run(`${url}#forever`, [running], { timeoutMs: 300 }))
    t.is(error.code, 'ERR_PULSING_ASK_TIMEOUT')
    t.regex(error.message, /forever of file:.*300 ms/)
    await until(() => hasEnded(running))
  })

  test(`section 2: it ends with the actor, ${where}`, async (t) => {
    const offloader = await Offloader.options({ placement }).spawn()
    const running = new SharedArrayBuffer(4)
    const ended = rejection(offloader.run(`${url}#forever`, [running]))
    await until(() => Atomics.load(new Int32Array(running), 0) > 0)
    await system.stop(offloader)
    t.is((await ended).code, 'ERR_PULSING_ACTOR_STOPPED')
    await until(() => hasEnded(running))
  })

  test(`section 2: what it throws is thrown, and what can't run says why, ${where}`, async (t) => {
    const offloader = await Offloader.options({ placement }).spawn()
    const thrown = await rejection(offloader.run(`${url}#fail`))
    t.is(thrown.code, 400)
    t.is(thrown.message, 'out of range')
    const unknown = await rejection(offloader.run(`${url}#seven`))
    t.regex(
      unknown.message,
      /an exported function of it \(not seven, but: default, fail, forever, sum, thread\)/,
    )
    t.is((await rejection(offloader.run(`${url}x`))).code, 'ERR_PULSING_MODULE_LOAD_FAILED')
    const codes = (await offloader.hostile()) as unknown[]
    const [code, message] = codes.pop() as [string, string]
    t.is(code, 'ERR_PULSING_NOT_SERIALIZABLE')
    t.regex(message, /args/)
    t.deepEqual(codes, [
      ...Array.from({ length: 4 }, () => 'ERR_PULSING_INVALID_ARGUMENT'),
      'ERR_PULSING_INVALID_OPTION',
    ])
  })
}
