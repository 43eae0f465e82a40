// An HTTP service with a light route and one that computes, and what its users see of both at once. The load comes from a process
// of its own.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Answered, Load } from './load.js'
import { check, perSecond, type Running, type Scenario } from './scenario.js'

/** What the route computes: some 6 ms of one core. */
export const HEAVY = { size: 15, first: 0, second: 2, solutions: 3110 } as const

/** Under way at a time. */
const HEAVY_UNDER_WAY = 8
const LIGHT_EVERY_MS = 5

export type Heavy = () => PromiseLike<number> | number

/** heavy: what answers the route that computes. */
export async function withService(heavy: Heavy, close: () => unknown, value: Value): Promise<Running> {
  const server = createServer(async ({ url }, response) => {
    try {
      response.end(url === '/heavy' ? String(await heavy()) : 'light')
    } catch (error) {
      response.statusCode = 500
      response.end(String(error))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    run: async (durationMs) => value(await loaded({ port, durationMs, ...LOAD }), durationMs),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await close()
    },
  }
}

const LOAD = { heavyUnderWay: HEAVY_UNDER_WAY, lightEveryMs: LIGHT_EVERY_MS, wanted: String(HEAVY.solutions) }

async function loaded(load: Load): Promise<Answered> {
  const child = fork(fileURLToPath(new URL('./load.js', import.meta.url)), [JSON.stringify(load)])
  const exit = once(child, 'exit')
  const [answered] = (await Promise.race([
    once(child, 'message'),
    exit.then(([code]) => Promise.reject(new Error(`the load ended with ${code}`))),
  ])) as [Answered]
  await exit
  check('the answers that are wrong', answered.wrong, 0)
  return answered
}

type Value = (answered: Answered, durationMs: number) => number

export function serviceRows(open: (value: Value) => Promise<Running>): readonly Scenario[] {
  const sizes = { quick: 2000, full: 8000 }
  return [
    {
      name: 'service',
      unit: 'ops/s',
      operation: `an HTTP request that takes some 6 ms of one core, ${HEAVY_UNDER_WAY} under way, beside a light one each ${LIGHT_EVERY_MS} ms`,
      sizes,
      open: () => open(({ heavy }, durationMs) => perSecond(heavy, durationMs)),
    },
    {
      name: 'service-light-p99',
      unit: 'ms',
      operation: 'what 99 % of those light requests take at most',
      sizes,
      open: () => open(({ lightP99Ms }) => lightP99Ms),
    },
  ]
}
