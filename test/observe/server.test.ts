import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { get } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { type ActorSystem, PulsingBusinessError, queue, type SystemOptions, tell } from 'pulsing'
import { event, rejection, start, until } from '../bed.js'
import { Mortal } from '../fixtures/mortal.js'
import { Observed } from '../fixtures/observed.js'

const TOKEN = 'a-token-of-some-length'

async function observed(t: ExecutionContext, options: Partial<SystemOptions> = {}): Promise<ActorSystem> {
  const system = await start({ observe: { port: 0 }, ...options })
  t.teardown(() => system.shutdown())
  return system
}

interface Seen {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the JSON holds
  readonly json: any
}

async function seen(url: string, headers: Record<string, string> = {}): Promise<Seen> {
  const response = await fetch(url, { headers })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined }
}

function figure(text: string, name: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

test('each call is counted by class and method, errors by kind, and timed', async (t) => {
  const system = await observed(t)
  const actor = (await system.spawn(Observed, { name: 'seen', placement: { slot: 1 } })).asType(Observed)
  for (let i = 0; i < 200; i++) await actor.quick()
  await Promise.all([actor.slow(30), actor.slow(30), actor.slow(30)])
  await rejection(actor.refuses())
  await rejection(actor.fails())
  const ref = await system.resolve('seen')
  for (let i = 0; i < 5000; i++) ref.tell(i)
  t.is(await actor.received(), 5000)
  const { status, text } = await seen(`${system.observeUrl}/metrics`)
  t.is(status, 200)
  const calls = (method: string) => figure(text, `pulsing_calls_total{class="Observed",method="${method}"}`)
  t.is(calls('quick'), 200)
  t.is(calls('slow'), 3)
  t.is(calls('receive'), 5000)
  const failed = (method: string, kind: string) =>
    figure(text, `pulsing_call_errors_total{class="Observed",method="${method}",kind="${kind}"}`)
  t.is(failed('refuses', 'business'), 1)
  t.is(failed('fails', 'system'), 1)
  const took = (name: string) => figure(text, `pulsing_call_duration_seconds_${name}`)
  t.is(took('bucket{class="Observed",method="slow",le="0.025"}'), 0)
  t.is(took('count{class="Observed",method="slow"}'), 3)
  t.true((took('sum{class="Observed",method="slow"}') as number) >= 0.085)
  // Short ones are sampled, and each that is timed stands for those before it.
  const quick = took('count{class="Observed",method="quick"}') as number
  t.true(quick > 100 && quick <= 200, `${quick} of 200`)
})

for (const [where, placement] of [
  ['of this thread', 'host'],
  ['of another thread', { slot: 1 }],
] as const)
  test(`what waits ${where}, and for how long, is seen while it waits and afterwards`, async (t) => {
    const system = await observed(t)
    const actor = (await system.spawn(Observed, { placement, maxConcurrency: 1, name: 'serial' })).asType(
      Observed,
    )
    const url = system.observeUrl as string
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const gate = await system.spawn(new Gate(opened))
    const calls = [actor.pass(gate), actor.quick(), actor.quick(), actor.quick()]
    const waiting = async () => (await seen(`${url}/api/actors?filter=serial`)).json.actors[0]
    await until(async () => (await waiting()).waiting === 3 && (await waiting()).backlogMs > 20)
    const { text } = await seen(`${url}/metrics`)
    t.is(figure(text, 'pulsing_mailbox_messages{class="Observed"}'), 3)
    t.true((figure(text, 'pulsing_mailbox_backlog_seconds{class="Observed"}') as number) >= 0.02)
    t.true((figure(text, 'pulsing_asks_under_way{thread="0"}') as number) >= 4)
    open()
    await Promise.all(calls)
    const after = await seen(`${url}/metrics`)
    const waited = (name: string, method: string) =>
      figure(
        after.text,
        `pulsing_call_wait_seconds_${name.replace('}', `class="Observed",method="${method}"}`)}`,
      )
    t.true((waited('sum{}', 'pass') as number) < (waited('sum{}', 'quick') as number))
    t.true((waited('sum{}', 'quick') as number) >= 0.02)
    t.is(figure(after.text, 'pulsing_mailbox_messages{class="Observed"}'), undefined)
    t.is((await waiting()).backlogMs, 0)
  })

test('events, calls and their errors are published on channels, on the thread where they are', async (t) => {
  const heard: [name: string, message: Record<string, unknown>][] = []
  const names = ['deadLetter', 'call', 'callError']
  const stops = names.map((name) => {
    const keep = (message: unknown) => void heard.push([name, message as Record<string, unknown>])
    subscribe(`pulsing:${name}`, keep)
    return () => unsubscribe(`pulsing:${name}`, keep)
  })
  t.teardown(() => {
    for (const stop of stops) stop()
  })
  const system = await observed(t)
  const ref = await system.spawn(new Channelled())
  const actor = ref.asType(Channelled)
  for (let i = 0; i < 600; i++) await actor.work()
  await rejection(actor.fail())
  await system.stop(ref)
  tell(actor).work()
  const own = heard.filter(([, message]) => message.class === 'Channelled')
  const works = own.filter(([name, { method }]) => name === 'call' && method === 'work')
  t.is(
    works.reduce((sum, [, { calls }]) => sum + Number(calls), 0),
    600,
  )
  t.true(works.every(([, { durationMs }]) => Number(durationMs) >= 0))
  t.like(own.find(([name]) => name === 'callError')?.[1], { method: 'fail', kind: 'business' })
  await until(() => heard.some(([name, { nodeId }]) => name === 'deadLetter' && nodeId === system.nodeId))
})

/** Of this test alone, on its thread. */
class Channelled {
  work(): void {}

  fail(): void {
    throw new PulsingBusinessError(409, 'not now')
  }
}

test('dead letters are counted by their reason', async (t) => {
  const system = await observed(t)
  const actor = (await system.spawn(Observed, { placement: { slot: 1 } })).asType(Observed)
  await system.stop(actor)
  const lost = event(system, 'deadLetter')
  tell(actor).quick()
  await lost
  const { text } = await seen(`${system.observeUrl}/metrics`)
  t.is(figure(text, 'pulsing_dead_letters_total{reason="stopped"}'), 1)
})

test('actors are found by name and class, the first of all threads, and the rest is counted', async (t) => {
  const system = await observed(t, { threads: 2 })
  const refs = await Promise.all(
    Array.from({ length: 30 }, () => system.spawn(Observed, { placement: 'spread' })),
  )
  await system.spawn(Observed, { name: 'here/Special' })
  const url = system.observeUrl as string
  const { json } = await seen(`${url}/api/actors?top=5&by=age`)
  t.is(json.actors.length, 5)
  t.is(json.found, refs.length + 1)
  t.deepEqual(json.missing, [])
  const ages = json.actors.map((one: { ageMs: number }) => one.ageMs)
  t.deepEqual(
    ages,
    [...ages].sort((a, b) => b - a),
  )
  const found = await seen(`${url}/api/actors?filter=special`)
  t.is(found.json.actors[0].name, 'here/Special')
  t.is(found.json.found, 1)
  t.is((await seen(`${url}/api/actors?top=0`)).status, 400)
  t.is((await seen(`${url}/api/actors?by=name`)).status, 400)
})

test('a thread that is stuck is shown as one, and the others all the same', async (t) => {
  const system = await observed(t, { threads: 2 })
  const stuck = (await system.spawn(Observed, { placement: { slot: 1 } })).asType(Observed)
  const spinning = stuck.spin(2500)
  const { json } = await seen(`${system.observeUrl}/api/threads`)
  t.deepEqual(
    json.map((one: { answers: boolean }) => one.answers),
    [true, false, true],
  )
  await spinning
  const after = await seen(`${system.observeUrl}/api/threads`)
  t.true(after.json.every((one: { answers: boolean }) => one.answers))
})

test('what happens is told as it happens, without the messages of actors', async (t) => {
  const system = await observed(t, { threads: 1 })
  const mortal = (await system.spawn(Mortal, { placement: { slot: 1 } })).asType(Mortal)
  let text = ''
  const request = get(`${system.observeUrl}/api/events`, (response) => {
    response.on('data', (data) => {
      text += data
    })
  })
  t.teardown(() => request.destroy())
  await until(() => text.includes('events of the system'))
  const died = event(system, 'threadDied')
  await mortal.exit(1).catch(() => undefined)
  await died
  await until(() => text.includes('data: {"name":"threadDied"'))
  t.regex(
    text,
    /data: \{"name":"threadDied","at":\d+,"left":0,"text":"thread 1 died at .*","data":\{"slot":1/,
  )
})

test('buckets of queues are shown; other paths and methods are errors that say what there is', async (t) => {
  const system = await observed(t)
  const url = system.observeUrl as string
  t.deepEqual((await seen(`${url}/api/queues`)).json, [])
  const writer = await queue.of(system).write('orders', { numBuckets: 1 })
  await writer.put([{ id: 1 }, { id: 2 }])
  t.like((await seen(`${url}/api/queues`)).json[0], { topic: 'orders', bucketId: 0, records: 2 })
  t.is(figure((await seen(`${url}/metrics`)).text, 'pulsing_queue_records{topic="orders",bucket="0"}'), 2)
  t.regex((await seen(`${url}/nothing`)).json.error.message, /There is: \/, \/health/)
  t.is((await fetch(url, { method: 'POST' })).status, 405)
  t.deepEqual((await seen(`${url}/ready`)).json, { ready: true })
  t.is((await seen(`${url}/api/system`)).json.nodeId, system.nodeId)
})

test('a token is asked for, wrong ones are limited, and without one other names of this machine are refused', async (t) => {
  const system = await observed(t, { observe: { port: 0, token: TOKEN } })
  const url = system.observeUrl as string
  t.is((await seen(`${url}/metrics`)).status, 401)
  t.is((await seen(`${url}/metrics`, { authorization: `Bearer ${TOKEN}` })).status, 200)
  const basic = Buffer.from(`me:${TOKEN}`).toString('base64')
  t.is((await seen(`${url}/metrics`, { authorization: `Basic ${basic}` })).status, 200)
  t.is((await seen(`${url}/health`)).status, 200)
  for (let i = 0; i < 10; i++) t.is((await seen(url, { authorization: `Bearer ${i}` })).status, 401)
  t.is((await seen(url, { authorization: `Bearer ${TOKEN}` })).status, 429)
  const open = await observed(t)
  const named = await new Promise<number | undefined>((resolve) =>
    get(`${open.observeUrl}/metrics`, { headers: { host: 'evil.example' } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }),
  )
  t.is(named, 403)
})

test('what can not be observed so is an error, and nothing is left of the system', async (t) => {
  const taken = await observed(t)
  const port = Number(new URL(taken.observeUrl as string).port)
  t.is((await rejection(start({ observe: { port } }))).code, 'ERR_PULSING_ADDR_IN_USE')
  t.is(
    (await rejection(start({ observe: { port: 0, host: '203.0.113.1', token: TOKEN } }))).code,
    'ERR_PULSING_ADDR_INVALID',
  )
  for (const observe of [
    { port: 0, host: '0.0.0.0' },
    { port: -1 },
    {},
    { port: 0, token: 'short' },
    { port: 0, more: 1 },
    5,
  ])
    t.is(
      (await rejection(start({ observe: observe as never }))).code,
      'ERR_PULSING_INVALID_OPTION',
      JSON.stringify(observe),
    )
  const plain = await start()
  t.teardown(() => plain.shutdown())
  t.is(plain.observeUrl, undefined)
})

/** Answers when it is open. */
class Gate {
  readonly #opened: Promise<void>

  constructor(opened: Promise<void>) {
    this.#opened = opened
  }

  receive(): Promise<void> {
    return this.#opened
  }
}

/** Stops when it is told to. */
class Lingering {
  readonly #leaving: Promise<void>

  constructor(leaving: Promise<void>) {
    this.#leaving = leaving
  }

  onStop(): Promise<void> {
    return this.#leaving
  }
}

test('it is not ready any more while it shuts down, and is not seen after that', async (t) => {
  const system = await observed(t)
  const url = system.observeUrl as string
  let leave = () => {}
  await system.spawn(
    new Lingering(
      new Promise((resolve) => {
        leave = resolve
      }),
    ),
  )
  const over = system.shutdown()
  const { status, json } = await seen(`${url}/ready`)
  t.is(status, 503)
  t.deepEqual(json, { ready: false, why: 'the system is shutting down' })
  t.is((await seen(`${url}/health`)).status, 200)
  leave()
  await over
  await t.throwsAsync(seen(`${url}/health`))
})

test('children of an actor are found by its id, and those that nobody spawned', async (t) => {
  const system = await observed(t)
  const parent = await system.spawn(Observed, { name: 'parent', placement: { slot: 1 } })
  await parent.asType(Observed).bear(3)
  const url = system.observeUrl as string
  const ids = async (query: string) => {
    const { json } = await seen(`${url}/api/actors?${query}`)
    return json.actors.map((one: { name: string | null }) => one.name).sort()
  }
  const id = encodeURIComponent(parent.actorId.toString())
  t.deepEqual(await ids(`parent=${id}`), ['child-0', 'child-1', 'child-2'])
  t.deepEqual(await ids('parent=none'), ['parent'])
  t.is((await seen(`${url}/api/actors?parent=nobody`)).status, 400)
})

test('what happened last is told to who comes later', async (t) => {
  const system = await observed(t)
  const mortal = (await system.spawn(Mortal, { placement: { slot: 1 } })).asType(Mortal)
  const died = event(system, 'threadDied')
  await mortal.exit(1).catch(() => undefined)
  await died
  const { json } = await seen(`${system.observeUrl}/api/recent`)
  t.deepEqual(
    json.map(({ name }: { name: string }) => name),
    ['threadDied'],
  )
})

test('the page is sent packed to who can unpack it, and may load nothing from elsewhere', async (t) => {
  const system = await observed(t)
  const headers = await new Promise<Record<string, unknown>>((resolve) =>
    get(system.observeUrl as string, (response) => {
      response.resume()
      resolve(response.headers)
    }),
  )
  t.is(headers['content-encoding'], 'identity')
  const response = await fetch(`${system.observeUrl}/page.js`)
  t.is(response.headers.get('content-encoding'), 'gzip')
  t.true((await response.text()).length > 50_000)
  t.regex(String(headers['content-security-policy']), /default-src 'none'; script-src 'self'/)
})

test('a path that is no address is one that is not there', async (t) => {
  const system = await observed(t)
  const status = await new Promise((resolve) =>
    get(system.observeUrl as string, { path: '//' }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }),
  )
  t.is(status, 404)
})
