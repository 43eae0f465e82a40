// The other process of nats.ts: node nats.js port. It answers questions, and counts what it is told.

import { Decoder, Encoder } from '@msgpack/msgpack'
import { connect } from '@nats-io/transport-node'
import type { Add } from '../../messages.js'

const connection = await connect({ servers: `127.0.0.1:${process.argv[2]}` })
const encoder = new Encoder()
const decoder = new Decoder()
let sum = 0

connection.subscribe('tell', {
  callback: (_, { data }) => {
    sum += (decoder.decode(data) as Add).n
  },
})
connection.subscribe('ask', {
  callback: (_, message) => {
    const { op, n } = decoder.decode(message.data) as Add
    message.respond(encoder.encode(op === 'get' ? sum : n + 1))
    if (op === 'get') sum = 0
  },
})
await connection.flush()
process.on('disconnect', () => process.exit())
process.send?.('ready')
