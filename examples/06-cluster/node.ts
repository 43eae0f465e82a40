// One node of the example: node.js <id> [address of a node to join]. It says its address, then works until it is ended.

import { handleSignals, init } from 'pulsing'
import { Store } from './store.js'

const [nodeId, seed] = process.argv.slice(2)

const system = await init({
  nodeId,
  addr: '127.0.0.1:0',
  seeds: seed === undefined ? [] : [seed],
  passphrase: 'a secret of this example alone',
  threads: 1,
})
handleSignals(system)
await Store.options({ name: 'store' }).spawn()
process.stdout.write(`${system.addr}\n`)
