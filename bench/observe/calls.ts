// node calls.js <count> [observed]: so many calls between two actors of the main thread, for main.ts to count what they cost.

import * as pul from 'pulsing'
import { Asker } from '../actors/asker.js'
import { Echo } from '../actors/echo.js'
import { patient } from '../system.js'

const [count = '', observed] = process.argv.slice(2)

await pul.init({ threads: 1, observe: observed === undefined ? undefined : { port: 0 } })
const here = { placement: 'host' } as const
const echo = await Echo.options(here).spawn()
const asker = patient(await Asker.options(here).spawn())
await asker.inSequence(echo as never, Number(count))
await pul.shutdown()
