import { Asker } from '../actors/asker.js'
import { Echo, type EchoProxy } from '../actors/echo.js'
import { Streamer } from '../actors/streamer.js'
import { Teller } from '../actors/teller.js'
import { withNode } from '../nodes.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { HERE, patient } from '../system.js'

type Prepare = Parameters<typeof withNode>[1]

const asking =
  (how: 'inSequence' | 'pipelined'): Prepare =>
  async (of) => {
    const echo = (await of('echo')).asType(Echo)
    const asker = patient(await Asker.options(HERE).spawn())
    return async (count) => perSecond(count, await asker[how](echo as unknown as EchoProxy, count))
  }

const telling =
  (how: 'objects' | 'texts'): Prepare =>
  async (of) => {
    const counter = await of('counter')
    const teller = patient(await Teller.options(HERE).spawn())
    return async (told) => {
      const { count, sum, elapsedMs } = await teller[how](counter, told)
      check('the count', count, told)
      check('the sum', sum, told)
      return perSecond(told, elapsedMs)
    }
  }

const streaming: Prepare = async (of) => {
  const source = (await of('streamer')).asType(Streamer)
  const reader = patient(await Streamer.options(HERE).spawn())
  return async (count) => perSecond(count, await reader.read(source as never, count))
}

const PASSPHRASE = 'a passphrase of the benchmarks'

const median: Prepare = async (of) => {
  const echo = (await of('echo')).asType(Echo)
  const asker = patient(await Asker.options(HERE).spawn())
  return (count) => asker.median(echo as unknown as EchoProxy, count)
}

const rows = (
  name: string,
  operation: string,
  quick: number,
  full: number,
  prepare: Prepare,
  unit: Scenario['unit'] = 'ops/s',
): readonly Scenario[] => [
  { name, unit, operation, sizes: { quick, full }, open: () => withNode(undefined, prepare) },
  {
    name: `${name}-tls`,
    unit,
    operation: 'the same with a passphrase',
    sizes: { quick, full },
    open: () => withNode(PASSPHRASE, prepare),
  },
]

export const scenarios: readonly Scenario[] = [
  ...rows(
    'cluster-ask',
    'one awaited call between actors of two processes over loopback, in sequence: { id, op, n } in, a number back',
    5000,
    30_000,
    asking('inSequence'),
  ),
  ...rows('cluster-ask-p50', 'what half of such calls take at most', 5000, 30_000, median, 'us'),
  ...rows('cluster-ask-pipelined', 'the same, 1,000 under way', 50_000, 2_000_000, asking('pipelined')),
  ...rows(
    'cluster-tell',
    'one message { id, op, n } to a counter of another process; ends with an ask for the count',
    100_000,
    3_000_000,
    telling('objects'),
  ),
  ...rows('cluster-tell-100', 'the same of 100 bytes', 100_000, 2_000_000, telling('texts')),
  ...rows('cluster-stream', 'one item of an async generator of another process', 50_000, 500_000, streaming),
]
