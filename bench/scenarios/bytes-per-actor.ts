import { City } from '../actors/inhabitant.js'
import type { Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'bytes-per-actor',
    unit: 'bytes',
    operation:
      'memory of each of 300,000 actors with one field that have answered once, with the proxy that is held of it: the ' +
      "growth of its thread's heap or of the process's resident memory, whichever is more, after garbage collection",
    sizes: { quick: 300_000, full: 300_000 },
    warmUp: 0.01,
    execArgv: ['--expose-gc'],
    open: () =>
      withSystem(async () => {
        const city = patient(await City.options(HERE).spawn())
        return (count) => city.settle(count)
      }),
  },
]
