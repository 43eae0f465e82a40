// The other node of the cluster rows, in a process of its own: node cluster-node.js [passphrase]. It says its address.

import * as pul from 'pulsing'
import { Counter } from './actors/counter.js'
import { Echo } from './actors/echo.js'
import { Streamer } from './actors/streamer.js'
import { HERE } from './system.js'

const [passphrase] = process.argv.slice(2)
const system = await pul.init({ threads: 1, addr: '127.0.0.1:0', passphrase })
await Echo.options({ ...HERE, name: 'echo' }).spawn()
await Counter.options({ ...HERE, name: 'counter' }).spawn()
await Streamer.options({ ...HERE, name: 'streamer' }).spawn()
process.send?.(system.addr)
process.on('disconnect', () => void pul.shutdown())
