import * as pul from 'pulsing'
import { Sink, Stage } from '../actors/stages.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { patient, withSystem } from '../system.js'
import { THREADS } from '../threads.js'

const CAPACITY = 256

/** Four stages on all threads: of what the first one takes, what came out is the sum. */
async function stages(): Promise<{
  first: pul.ActorProxy<InstanceType<typeof Stage>>
  sink: pul.ActorProxy<InstanceType<typeof Sink>>
}> {
  const on = (i: number) => ({ placement: { slot: 1 + (i % THREADS) }, mailboxCapacity: CAPACITY })
  const sink = await Sink.options(on(0)).spawn()
  const third = await Stage.options(on(1)).spawn(sink as never)
  const second = await Stage.options(on(0)).spawn(third as never)
  const first = await Stage.options(on(1)).spawn(second as never)
  return { first, sink }
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'pipeline',
    unit: 'ops/s',
    operation:
      'one record through four stages on all threads, mailboxes of 256, the last stage takes 5 microseconds a record',
    sizes: { quick: 20_000, full: 200_000 },
    open: () =>
      withSystem(async () => {
        const { first, sink } = await stages()
        const telling = pul.tell(first)
        const patientSink = patient(sink)
        return async (count) => {
          const begun = performance.now()
          const taken = patientSink.taken(count)
          for (let id = 0; id < count; id++)
            await telling.take({ id, text: 'a record of a few words', value: 1 })
          check('the sum of what came out', await taken, count * 4)
          return perSecond(count, performance.now() - begun)
        }
      }),
  },
]
