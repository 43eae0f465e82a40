// A connection to NATS, and what the backend asks of JetStream over it.

import {
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
} from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { errors, messageOf } from '../../errors/index.js'

const CONNECT_MS = 5000
/** What the server may take to answer. */
export const REQUEST_MS = 5000

/** One connection a thread to the same servers, as long as a bucket needs it. */
export class Server {
  static readonly #all = new Map<string, Promise<Server>>()
  readonly #key: string
  readonly #connection: NatsConnection
  readonly manager: JetStreamManager
  readonly client: JetStreamClient
  #users = 0

  private constructor(key: string, connection: NatsConnection, manager: JetStreamManager) {
    this.#key = key
    this.#connection = connection
    this.manager = manager
    this.client = manager.jetstream()
  }

  /** Throws ERR_PULSING_STORAGE_FAILED where none answers. */
  static async at(servers: string[]): Promise<Server> {
    const key = servers.join()
    let found = Server.#all.get(key)
    if (found === undefined) {
      found = Server.#connect(key, servers)
      Server.#all.set(key, found)
      found.catch(() => Server.#all.delete(key))
    }
    const server = await found
    server.#users++
    return server
  }

  static async #connect(key: string, servers: string[]): Promise<Server> {
    try {
      const connection = await connect({
        servers,
        timeout: CONNECT_MS,
        maxReconnectAttempts: -1,
        name: 'pulsing',
      })
      return new Server(key, connection, await jetstreamManager(connection, { timeout: REQUEST_MS }))
    } catch (error) {
      throw errors.storageFailed(
        `No NATS server with JetStream answers at ${key}: start one by "nats-server -js", or give its address`,
        error,
      )
    }
  }

  release(): void {
    if (--this.#users > 0) return
    Server.#all.delete(this.#key)
    void this.#connection.close()
  }

  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? 1024 * 1024
  }

  /** What a stream's description says; undefined where there is none of that name. */
  async find(
    name: string,
  ): Promise<{ numBuckets: number; created: string; bytes: number; last: number } | undefined> {
    try {
      const { config, created, state } = await this.manager.streams.info(name)
      const { numBuckets } = JSON.parse(config.description ?? '{}') as { numBuckets?: unknown }
      if (typeof numBuckets !== 'number') throw new Error(`the stream ${name} is none that this backend made`)
      return { numBuckets, created, bytes: state.bytes, last: state.last_seq }
    } catch (error) {
      if (/stream not found/i.test(messageOf(error))) return undefined
      throw error
    }
  }

  async make(name: string, subject: string, description: string, perSubject?: number): Promise<void> {
    await this.manager.streams.add({
      name,
      subjects: [subject],
      description,
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      ...(perSubject === undefined ? {} : { max_msgs_per_subject: perSubject }),
    })
  }

  async message(stream: string, sequence: number): Promise<StoredMsg | undefined> {
    // Of a stream that was never written to.
    if (sequence < 1) return undefined
    return orNone(this.manager.streams.getMessage(stream, { seq: sequence }))
  }

  async last(stream: string, subject: string): Promise<StoredMsg | undefined> {
    return orNone(this.manager.streams.getMessage(stream, { last_by_subj: subject }))
  }
}

async function orNone(message: Promise<StoredMsg | null>): Promise<StoredMsg | undefined> {
  try {
    return (await message) ?? undefined
  } catch (error) {
    if (/no message found|not found/i.test(messageOf(error))) return undefined
    throw error
  }
}
