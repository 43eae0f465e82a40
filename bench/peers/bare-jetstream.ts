// JetStream without anything in front of it: a message a record, as its client publishes and consumes them.

import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { putAll, recordsOf, TEXT } from '../records.js'
import { check, perSecond, type Running, type Scenario } from '../scenario.js'
import { serveNats } from '../servers.js'

export const peer = 'bare-jetstream'

let topics = 0

interface Stream {
  readonly name: string
  readonly client: JetStreamClient
  /** Throws away what is there. */
  remove(): Promise<unknown>
}

async function withStream(run: (stream: Stream, count: number) => Promise<number>): Promise<Running> {
  const server = await serveNats()
  const connection = await connect({ servers: `127.0.0.1:${server.port}` })
  const manager = await jetstreamManager(connection)
  const client = jetstream(connection)
  return {
    run: async (count) => {
      const name = `t${++topics}`
      await manager.streams.add({ name, subjects: [name] })
      return run({ name, client, remove: () => manager.streams.delete(name) }, count)
    },
    close: async () => {
      await connection.close()
      await server.close()
    },
  }
}

/** batch: so many records are published, and all answered, before the next but fifteen. */
async function put({ client, name }: Stream, count: number, batch: number): Promise<number> {
  const records = recordsOf(batch)
  const publish = () => Promise.all(records.map((record) => client.publish(name, JSON.stringify(record))))
  const begun = performance.now()
  await putAll(count, batch, publish)
  return performance.now() - begun
}

const putting = (batch: number) => () =>
  withStream(async (stream, count) => {
    const elapsedMs = await put(stream, count, batch)
    await stream.remove()
    return perSecond(count, elapsedMs)
  })

const getting = () =>
  withStream(async (stream, count) => {
    await put(stream, count, 100)
    const begun = performance.now()
    const consumer = await stream.client.consumers.get(stream.name)
    const messages = await consumer.consume({ max_messages: 2000 })
    let seen = 0
    let length = 0
    for await (const message of messages) {
      length += message.json<{ text: string }>().text.length
      if (++seen === count) break
    }
    const elapsedMs = performance.now() - begun
    check('the bytes', length, count * TEXT.length)
    await stream.remove()
    return perSecond(count, elapsedMs)
  })

const row = (of: string, sizes: Scenario['sizes'], open: () => Promise<Running>): Scenario => ({
  name: `queue-${of}-jetstream`,
  unit: 'ops/s',
  operation: '',
  sizes,
  open,
})

export const scenarios: readonly Scenario[] = [
  row('put', { quick: 10_000, full: 50_000 }, putting(100)),
  row('put-1000', { quick: 10_000, full: 50_000 }, putting(1000)),
  row('put-one', { quick: 2000, full: 10_000 }, putting(1)),
  row('get', { quick: 20_000, full: 100_000 }, getting),
]
