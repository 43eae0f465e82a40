import type { AddressInfo } from 'node:net'
import * as pul from 'pulsing'
import { serviceOf } from './service.js'
import { Words } from './words.js'

const system = await pul.init({ observe: { port: Number(process.env.OBSERVE_PORT ?? 9464) } })
pul.handleSignals(system) // Ctrl-C ends it well

const words = await Words.options({ name: 'words' }).spawn()
const service = serviceOf(words)
service.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`http://localhost:${(service.address() as AddressInfo).port}`)
  console.log(`what it is at: ${system.observeUrl}`)
})
