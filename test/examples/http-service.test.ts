// The HTTP service: its server in this process, and the program as a user runs it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import * as pul from 'pulsing'
import { createService, type ServiceOptions } from '../../examples/03-http-service/service.js'

const main = fileURLToPath(new URL('../../examples/03-http-service/main.js', import.meta.url))
const LONG = '/primes?below=1000000'

let server: Server | undefined

async function service(options: Partial<ServiceOptions> = {}): Promise<string> {
  await pul.init({ threads: 1 })
  server = await createService({ instances: 1, waiting: 100, timeoutMs: 60_000, ...options })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function get(url: string, signal?: AbortSignal): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, signal === undefined ? {} : { signal })
  return { status: response.status, body: await response.json() }
}

test.afterEach.always(async () => {
  server?.closeAllConnections()
  server?.close()
  await pul.shutdown()
})

test.serial('the light route answers while an actor counts, which it does on another thread', async (t) => {
  const url = await service()
  const order: string[] = []
  const heavy = get(url + LONG).then((answer) => {
    order.push('heavy')
    return answer
  })
  const light = await get(`${url}/health`)
  order.push('light')
  t.is(light.status, 200)
  const { status, body } = await heavy
  t.is(status, 200)
  t.like(body, { below: 1_000_000, primes: 78_498 })
  t.not((body as { thread: number }).thread, 0)
  t.deepEqual(order, ['light', 'heavy'])
})

test.serial('what the caller did wrong is a 400 that says what', async (t) => {
  const url = await service()
  for (const below of ['?below=ten', '?below=-1', '?below=1e9', '']) {
    const { status, body } = await get(`${url}/primes${below}`)
    t.is(status, 400, below)
    t.like(body, { error: 'below has to be a whole number from 0 to 50000000' })
  }
  t.is((await get(`${url}/nothing`)).status, 404)
})

test.serial(
  'a count that takes longer than the service waits is a 504, and the service goes on',
  async (t) => {
    const url = await service({ timeoutMs: 50 })
    t.is((await get(url + LONG)).status, 504)
    t.is((await get(`${url}/health`)).status, 200)
  },
)

test.serial('more counts than may wait are a 503', async (t) => {
  const url = await service({ waiting: 1 })
  const all = await Promise.all(
    Array.from({ length: 40 }, () => get(url + LONG.replace('1000000', '200000'))),
  )
  const statuses = new Set(all.map(({ status }) => status))
  t.deepEqual([...statuses].sort(), [200, 503])
})

test.serial('a client that hangs up harms nobody', async (t) => {
  const url = await service()
  const leaving = new AbortController()
  const left = get(url + LONG, leaving.signal)
  await get(`${url}/health`)
  leaving.abort()
  await t.throwsAsync(left, { any: true, name: 'AbortError' })
  t.is((await get(`${url}/primes?below=10`)).status, 200)
})

const onPosix = process.platform === 'win32' ? test.skip : test.serial

onPosix('the program serves until it is told to end, and ends with code 0', async (t) => {
  const child = spawn(process.execPath, [main, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  let url: string | undefined
  while (url === undefined) {
    out += String((await once(child.stdout, 'data'))[0])
    url = /http:\/\/localhost:\d+/.exec(out)?.[0]
  }
  t.is((await get(`${url}/primes?below=100`)).status, 200)
  child.kill('SIGTERM')
  t.deepEqual(await once(child, 'exit'), [0, null])
})

test.serial(
  'the program says in one sentence what is wrong with its port, and ends with code 2',
  async (t) => {
    const child = spawn(process.execPath, [main, 'abc'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    t.is(said, '"abc" is no port: give a number from 0 to 65535.\n')
    t.is(code, 2)
  },
)
