// The server that shows a system. It only shows: nothing that is asked of it changes anything.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ActorId } from '../actor/index.js'
import { errors } from '../errors/index.js'
import type { ResolvedObserveOptions } from '../options/index.js'
import {
  ACTOR_ORDERS,
  type ActorOrder,
  type ActorSystem,
  type ActorsWanted,
  type Observer,
  ROOT,
} from '../system/index.js'
import { EventStream } from './event-stream.js'
import { Gate } from './gate.js'
import { metricsOf } from './metrics.js'
import { PAGE_POLICY, pageFile } from './page-files.js'
import { View } from './view.js'

const MOST_ACTORS = 1000
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

const PATHS: readonly string[] = [
  '/',
  '/health',
  '/ready',
  '/metrics',
  '/api/system',
  '/api/members',
  '/api/threads',
  '/api/actors',
  '/api/queues',
  '/api/recent',
  '/api/events',
]

const JSON_TYPE = 'application/json; charset=utf-8'

interface Answer {
  readonly status?: number
  readonly type: string
  readonly body: string | Uint8Array
  /** Of what it may load; nothing unless set. */
  readonly policy?: string
}

/** What can be asked for, by its path. */
type Routes = Readonly<Record<string, (query: URLSearchParams) => Answer | Promise<Answer>>>

/** Bad words in a query. */
class BadQuery extends Error {}

/** Throws ERR_PULSING_ADDR_IN_USE, ERR_PULSING_ADDR_INVALID. */
export async function openServer(
  system: ActorSystem,
  { host, port, token }: ResolvedObserveOptions,
): Promise<Observer> {
  const events = new EventStream(system)
  const routes = routesOf(system, events)
  const gate = new Gate(token)
  const server = createServer((request, response) => {
    answer(request, response, gate, routes, events).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, failure('internal', String(error)))
      else response.destroy()
    })
  })
  server.headersTimeout = server.requestTimeout = 10_000
  try {
    await listen(server, host, port)
  } catch (error) {
    const { code } = error as { code?: unknown }
    throw code === 'EADDRINUSE'
      ? errors.addrInUse(`${host}:${port}`, error)
      : errors.addrInvalid(`${host}:${port}`, error)
  }
  // What is shown keeps no process alive.
  server.unref()
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: async () => {
      events.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function routesOf(system: ActorSystem, events: EventStream): Routes {
  const view = new View(system)
  return {
    '/health': () => json({ status: 'ok' }),
    '/ready': async () => {
      const why = await whyNotReady(system)
      return why === undefined ? json({ ready: true }) : { ...json({ ready: false, why }), status: 503 }
    },
    '/metrics': async () => {
      const [seen, queues] = await Promise.all([view.system(true), view.queues()])
      const { text, type } = await metricsOf(seen, queues)
      return { type, body: text }
    },
    '/api/system': async () => json(await view.system()),
    '/api/members': async () => json(await view.members()),
    '/api/threads': async () => json(await view.threads()),
    '/api/queues': async () => json(await view.queues()),
    '/api/actors': async (query) => json(await view.actors(wantedOf(query))),
    '/api/recent': () => json(events.recent),
    '/api': () => json({ nodeId: system.nodeId, paths: PATHS }),
  }
}

async function whyNotReady(system: ActorSystem): Promise<string | undefined> {
  if (system.ending !== undefined) return 'the system is shutting down'
  const own = (await system.members()).find(({ nodeId }) => nodeId === system.nodeId)
  return own?.status === 'alive' || own === undefined ? undefined : `the node is ${own.status}`
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
  routes: Routes,
  events: EventStream,
): Promise<void> {
  const [, pathname = '', search = ''] = /^([^?]*)\??(.*)$/s.exec(request.url ?? '') ?? []
  // Probes of a scheduler have no token, and are told nothing else.
  const isProbe = pathname === '/health' || pathname === '/ready'
  const verdict = isProbe ? 'answered' : gate.judge(request)
  if (verdict === 'unauthorized') {
    response.setHeader('www-authenticate', 'Basic realm="pulsing", charset="UTF-8"')
    return send(response, 401, failure(verdict, 'Send the token: Authorization: Bearer <token>.'))
  }
  if (verdict === 'limited')
    return send(
      response,
      429,
      failure(verdict, 'Too many wrong tokens came from this address: try again in a minute.'),
    )
  if (verdict === 'forbidden')
    return send(
      response,
      403,
      failure(verdict, 'Ask for it as localhost or 127.0.0.1, or give observe a token.'),
    )
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(response, 405, failure('method', 'What is shown can only be read: use GET.'))
  if (pathname === '/api/events' && request.method === 'GET') {
    if (!events.isFull) return events.add(response, HEADERS)
    return send(response, 503, failure('busy', 'As many watch as may: close another first.'))
  }
  const file = await pageFile(pathname)
  if (file !== undefined) {
    const { type, body, encoding } = file.sentTo(request.headers['accept-encoding'])
    response.setHeader('content-encoding', encoding)
    response.setHeader('vary', 'accept-encoding')
    return send(response, 200, { type, body, policy: PAGE_POLICY })
  }
  const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined
  if (route === undefined) return send(response, 404, failure('not-found', `There is: ${PATHS.join(', ')}.`))
  try {
    const { status = 200, ...shown } = await route(new URLSearchParams(search))
    send(response, status, shown)
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error
    send(response, 400, failure('query', error.message))
  }
}

function send(response: ServerResponse, status: number, { type, body, policy }: Answer): void {
  response.writeHead(status, {
    ...HEADERS,
    ...(policy === undefined ? {} : { 'content-security-policy': policy }),
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

/** As JSON: what is undefined is null, so that what is there is the same in each. */
function json(value: unknown): Answer {
  const body = JSON.stringify(value, (_, one: unknown) => (one === undefined ? null : one))
  return { type: JSON_TYPE, body }
}

function isActorId(text: string): boolean {
  try {
    return ActorId.parse(text).toString() === text
  } catch {
    return false
  }
}

function failure(code: string, message: string): Answer {
  return json({ error: { code, message } })
}

function wantedOf(query: URLSearchParams): ActorsWanted {
  const top = Number(query.get('top') ?? 20)
  if (!Number.isInteger(top) || top < 1 || top > MOST_ACTORS)
    throw new BadQuery(`top has to be a whole number from 1 to ${MOST_ACTORS}.`)
  const given = query.get('by') ?? 'waiting'
  const by: ActorOrder | undefined = ACTOR_ORDERS.find((one) => one === given)
  if (by === undefined) throw new BadQuery(`by has to be one of ${ACTOR_ORDERS.join(', ')}.`)
  const parent = query.get('parent') ?? undefined
  if (parent !== undefined && parent !== ROOT && !isActorId(parent))
    throw new BadQuery(`parent has to be the id of an actor, or ${ROOT}.`)
  return { top, by, filter: query.get('filter') ?? '', parent, all: query.get('all') === 'true' }
}
