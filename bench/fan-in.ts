// Many senders on all engine threads, and one receiver.

import { Counter, type Tally } from './actors/counter.js'
import { Fan } from './actors/fan.js'
import { check, perSecond, type Running } from './scenario.js'
import { HERE, patient, withSystem } from './system.js'
import { THREADS } from './threads.js'

export const fanIn = (senders: number) => (): Promise<Running> =>
  withSystem(async () => {
    const counter = await Counter.options(HERE).spawn()
    const all = await Promise.all(
      Array.from({ length: senders }, (_, i) =>
        Fan.options({ placement: { slot: 1 + (i % THREADS) } }).spawn(),
      ),
    )
    return async (size) => {
      const each = Math.ceil(size / senders)
      const begun = performance.now()
      await Promise.all(all.map((sender) => patient(sender).send(counter.ref, each)))
      const { count, sum } = (await counter.ref.ask({ id: 0, op: 'get', n: 0 })) as Tally
      const elapsedMs = performance.now() - begun
      check('the count', count, (each + 1) * senders)
      check('the sum', sum, (each + 1) * senders)
      return perSecond((each + 1) * senders, elapsedMs)
    }
  })
