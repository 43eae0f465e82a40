import { Counter, type Tally } from '../actors/counter.js'
import { Fan } from '../actors/fan.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'
import { THREADS } from '../threads.js'

const SENDERS = 100

export const scenarios: readonly Scenario[] = [
  {
    name: 'fanin',
    unit: 'ops/s',
    operation: `one message { id, op, n } from one of ${SENDERS} senders on all engine threads to one receiver`,
    sizes: { quick: 2_000_000, full: 10_000_000 },
    open: () =>
      withSystem(async () => {
        const counter = await Counter.options(HERE).spawn()
        const senders = await Promise.all(
          Array.from({ length: SENDERS }, (_, i) =>
            Fan.options({ placement: { slot: 1 + (i % THREADS) } }).spawn(),
          ),
        )
        return async (size) => {
          const each = Math.ceil(size / SENDERS)
          const begun = performance.now()
          await Promise.all(senders.map((sender) => patient(sender).send(counter.ref, each)))
          const { count, sum } = (await counter.ref.ask({ id: 0, op: 'get', n: 0 })) as Tally
          const elapsedMs = performance.now() - begun
          check('the count', count, each * SENDERS)
          check('the sum', sum, each * SENDERS)
          return perSecond(each * SENDERS, elapsedMs)
        }
      }),
  },
]
