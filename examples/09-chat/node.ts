// One node of the chat: node.js <id> [address of a node to join]. It says its addresses, then works until it is ended.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { handleSignals, init } from 'pulsing'
import { createChat } from './server.js'

const [nodeId = 'chat', seed] = process.argv.slice(2)
const system = await init({
  nodeId,
  addr: '127.0.0.1:0',
  seeds: seed === undefined ? [] : [seed],
  passphrase: 'a secret of this example alone',
  threads: 1,
})
handleSignals(system)
const server = createChat(nodeId).listen(Number(process.env.PORT ?? 0), '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
process.stdout.write(`${JSON.stringify({ addr: system.addr, url: `ws://127.0.0.1:${port}` })}\n`)
