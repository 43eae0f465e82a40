// The service: a light route that the host answers by itself, and a heavy one that a pool of actors does on other cores.
import { createServer, type Server, type ServerResponse } from 'node:http'
import * as pul from 'pulsing'
import { Primes } from './primes.js'

export interface ServiceOptions {
  /** Actors that count: one a core is enough, since a count takes its thread whole. */
  readonly instances: number
  /** Counts that may wait for a free actor; the next are refused, so that a crowd does not wait for ever. */
  readonly waiting: number
  /** Milliseconds after which a caller is told that it took too long. */
  readonly timeoutMs: number
}

/** An HTTP server that does not listen yet. pul.init() comes first. */
export async function createService(options: ServiceOptions): Promise<Server> {
  const { instances, waiting, timeoutMs } = options
  const primes = await Primes.options({
    name: 'primes',
    instances,
    mailboxCapacity: waiting,
    overflow: 'fail',
  }).spawn()

  return createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://service')
    if (url.pathname === '/health') {
      answer(response, 200, { up: true, pid: process.pid })
      return
    }
    if (url.pathname !== '/primes') {
      answer(response, 404, { error: 'try /health, or /primes?below=1000000' })
      return
    }
    // A client that hangs up is waited for no longer.
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const below = Number(url.searchParams.get('below') ?? Number.NaN)
    try {
      const call = pul.withCall(primes, { timeoutMs, signal: gone.signal })
      answer(response, 200, await call.count(below))
    } catch (error) {
      if (!gone.signal.aborted) answer(response, statusOf(error), { error: messageOf(error) })
    }
  })
}

/** Errors have a class and a code, on whatever thread they were thrown. */
function statusOf(error: unknown): number {
  if (error instanceof pul.PulsingBusinessError) return error.code
  if (error instanceof pul.PulsingTimeoutError) return 504
  if (error instanceof pul.PulsingRuntimeError && error.code === 'ERR_PULSING_MAILBOX_FULL') return 503
  return 500
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(body)}\n`)
}
