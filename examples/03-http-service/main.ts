// node dist/examples/03-http-service/main.js [port]        3000 unless given; Ctrl-C ends it
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import * as pul from 'pulsing'
import { createService } from './service.js'

const port = Number(process.argv[2] ?? 3000)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`"${process.argv[2]}" is no port: give a number from 0 to 65535.`)
  process.exit(2)
}

await pul.init()
const server = await createService({ instances: availableParallelism(), waiting: 100, timeoutMs: 20_000 })
server.listen(port)
await once(server, 'listening')
const { port: listens } = server.address() as AddressInfo
console.log(`Listening on http://localhost:${listens}. In two other terminals:
  curl 'http://localhost:${listens}/primes?below=5000000'    works a core for seconds
  curl 'http://localhost:${listens}/health'                  is answered meanwhile`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close()
    await pul.shutdown({ timeoutMs: 5000 }) // counts under way get five seconds to end
    server.closeAllConnections()
  })
}
