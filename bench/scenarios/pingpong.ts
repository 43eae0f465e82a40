import { Ping, Pong } from '../actors/pingpong.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient, THERE, withSystem } from '../system.js'

const between = (partner: typeof HERE | typeof THERE) => () =>
  withSystem(async () => {
    const ping = patient(await Ping.options(HERE).spawn())
    const pong = await Pong.options(partner).spawn(ping.ref)
    return async (count) => {
      const elapsedMs = await ping.play(pong.ref, count)
      check('the number of balls that came', await pong.ref.ask(-1), count)
      return perSecond(count, elapsedMs)
    }
  })

export const scenarios: readonly Scenario[] = [
  {
    name: 'pingpong-local',
    unit: 'ops/s',
    operation: 'a round trip of two actors on one thread that tell each other in turn',
    sizes: { quick: 500_000, full: 3_000_000 },
    latency: true,
    open: between(HERE),
  },
  {
    name: 'pingpong-cross',
    unit: 'ops/s',
    operation: 'a round trip of two actors on two engine threads that tell each other in turn',
    sizes: { quick: 100_000, full: 500_000 },
    latency: true,
    open: between(THERE),
  },
]
