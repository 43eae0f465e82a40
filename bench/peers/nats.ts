// Request and reply over a NATS server, which is a third process: with msgpack, as in bare-tcp.ts.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Decoder, Encoder } from '@msgpack/msgpack'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type ServerProcess, serveNats } from '../servers.js'
import { type Caller, clusterRows } from './cluster-rows.js'

export const peer = 'nats'

const ASK_MS = 30_000
/** Tells between two looks at whether the server has taken them. */
const FLUSH_EVERY = 5000

class Connected implements Caller {
  readonly #server: ServerProcess
  readonly #child: ChildProcess
  readonly #connection: NatsConnection
  readonly #encoder = new Encoder()
  readonly #decoder = new Decoder()
  #told = 0

  private constructor(server: ServerProcess, child: ChildProcess, connection: NatsConnection) {
    this.#server = server
    this.#child = child
    this.#connection = connection
  }

  static async open(): Promise<Connected> {
    const server = await serveNats()
    const child = fork(fileURLToPath(new URL('./workers/nats.js', import.meta.url)), [String(server.port)])
    await once(child, 'message')
    return new Connected(server, child, await connect({ servers: `127.0.0.1:${server.port}` }))
  }

  async ask(message: unknown): Promise<unknown> {
    const { data } = await this.#connection.request('ask', this.#encoder.encode(message), { timeout: ASK_MS })
    return this.#decoder.decode(data)
  }

  tell(message: unknown): undefined | Promise<unknown> {
    this.#connection.publish('tell', this.#encoder.encode(message))
    return ++this.#told % FLUSH_EVERY === 0 ? this.#connection.flush() : undefined
  }

  async close(): Promise<void> {
    await this.#connection.close()
    this.#child.kill()
    await once(this.#child, 'exit')
    await this.#server.close()
  }
}

export const scenarios = clusterRows(() => Connected.open(), 300_000)
