import { Asker } from '../actors/asker.js'
import { Echo } from '../actors/echo.js'
import { perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, THERE, withSystem } from '../system.js'

const open = (how: 'copy' | 'move', bytes: number) => () =>
  withSystem(async () => {
    const echo = await Echo.options(THERE).spawn()
    const asker = patient(await Asker.options(HERE).spawn())
    return async (count) => perSecond(count, await asker[how](echo, bytes, count))
  })

const copied = (bytes: number, quick: number): Scenario => ({
  name: `payload-${bytes}`,
  unit: 'ops/s',
  operation: `a round trip of ${bytes.toLocaleString('en')} bytes between two engine threads, copied both ways`,
  sizes: { quick, full: quick * 5 },
  open: open('copy', bytes),
})

const moved = (bytes: number): Scenario => ({
  name: `move-${bytes}`,
  unit: 'ops/s',
  operation: `a round trip of ${bytes.toLocaleString('en')} bytes between two engine threads, transferred both ways`,
  sizes: { quick: 20_000, full: 100_000 },
  open: open('move', bytes),
})

export const scenarios: readonly Scenario[] = [
  copied(1024, 50_000),
  copied(65_536, 10_000),
  copied(1_048_576, 1000),
  moved(1024),
  moved(65_536),
  moved(1_048_576),
]
