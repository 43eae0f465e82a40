// Bytes that go to another thread and back.

import { Asker } from './actors/asker.js'
import { Echo } from './actors/echo.js'
import { perSecond, type Running } from './scenario.js'
import { HERE, patient, THERE, withSystem } from './system.js'

export const roundTrips = (how: 'copy' | 'move', bytes: number) => (): Promise<Running> =>
  withSystem(async () => {
    const echo = await Echo.options(THERE).spawn()
    const asker = patient(await Asker.options(HERE).spawn())
    return async (count) => perSecond(count, await asker[how](echo, bytes, count))
  })
