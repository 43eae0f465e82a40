// Request and reply over a NATS server, which is a third process: with msgpack, as in bare-tcp.ts.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Decoder, Encoder } from '@msgpack/msgpack'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Ask, askInSequence, askPipelined } from '../messages.js'
import { check, perSecond, type Running, type Scenario } from '../scenario.js'
import { type ServerProcess, serveNats } from '../servers.js'

export const peer = 'nats'

const ASK_MS = 30_000
/** Tells between two looks at whether the server has taken them. */
const FLUSH_EVERY = 5000

class Caller {
  readonly #server: ServerProcess
  readonly #child: ChildProcess
  readonly #connection: NatsConnection
  readonly #encoder = new Encoder()
  readonly #decoder = new Decoder()

  private constructor(server: ServerProcess, child: ChildProcess, connection: NatsConnection) {
    this.#server = server
    this.#child = child
    this.#connection = connection
  }

  static async open(): Promise<Caller> {
    const server = await serveNats()
    const child = fork(fileURLToPath(new URL('./workers/nats.js', import.meta.url)), [String(server.port)])
    await once(child, 'message')
    return new Caller(server, child, await connect({ servers: `127.0.0.1:${server.port}` }))
  }

  async ask(message: unknown): Promise<unknown> {
    const { data } = await this.#connection.request('ask', this.#encoder.encode(message), { timeout: ASK_MS })
    return this.#decoder.decode(data)
  }

  tell(message: unknown): void {
    this.#connection.publish('tell', this.#encoder.encode(message))
  }

  flush(): Promise<void> {
    return this.#connection.flush()
  }

  async close(): Promise<void> {
    await this.#connection.close()
    this.#child.kill()
    await once(this.#child, 'exit')
    await this.#server.close()
  }
}

async function withCaller(run: (caller: Caller, size: number) => Promise<number>): Promise<Running> {
  const caller = await Caller.open()
  return { run: (size) => run(caller, size), close: () => caller.close() }
}

const asking = (asks: (ask: Ask, count: number) => Promise<number>) => () =>
  withCaller(async (caller, count) => perSecond(count, await asks((message) => caller.ask(message), count)))

export const scenarios: readonly Scenario[] = [
  {
    name: 'cluster-ask',
    unit: 'ops/s',
    operation: '',
    sizes: { quick: 5000, full: 30_000 },
    open: asking(askInSequence),
  },
  {
    name: 'cluster-ask-pipelined',
    unit: 'ops/s',
    operation: '',
    sizes: { quick: 50_000, full: 300_000 },
    open: asking(askPipelined),
  },
  {
    name: 'cluster-tell',
    unit: 'ops/s',
    operation: '',
    sizes: { quick: 100_000, full: 500_000 },
    open: () =>
      withCaller(async (caller, count) => {
        const begun = performance.now()
        for (let i = 1; i <= count; i++) {
          caller.tell({ id: i, op: 'add', n: 1 })
          if (i % FLUSH_EVERY === 0) await caller.flush()
        }
        await caller.flush()
        check('the sum', await caller.ask({ id: count, op: 'get', n: 0 }), count)
        return perSecond(count, performance.now() - begun)
      }),
  },
]
