// What the tell rows have in common.

import { Counter, IntCounter } from './actors/counter.js'
import { Teller } from './actors/teller.js'
import { check, perSecond, type Running } from './scenario.js'
import { HERE, patient, type THERE, withSystem } from './system.js'

export function telling(
  what: 'objects' | 'integers' | 'shared',
  where: typeof HERE | typeof THERE,
): () => Promise<Running> {
  return () =>
    withSystem(async () => {
      const counter = await (what === 'integers' ? IntCounter : Counter).options(where).spawn()
      const teller = patient(await Teller.options(HERE).spawn())
      return async (told) => {
        const { count, sum, elapsedMs } = await teller[what](counter.ref, told)
        check('the count', count, told)
        check('the sum', sum, told)
        return perSecond(told, elapsedMs)
      }
    })
}
