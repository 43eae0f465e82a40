// npm run attack -- [--seconds 10] [--rate 500] [--silent 10000]
// Two nodes ask each other all the while: by themselves, beside the same load on a server that is no node, and while one of them is
// attacked, with a passphrase and without. How long an ask takes then, and whether any fails. rate: connections a second of each
// kind of attack.

import { keysOf } from '../../../lib/cluster/transport/keys.js'
import { until } from '../../bed.js'
import { CommandLine } from '../../command-line.js'
import { NodeProcess } from '../processes.js'
import { type Attack, decoy, noise, Recorder, replay, silence, wrongKey } from './attackers.js'

const given = new CommandLine(['seconds', 'rate', 'silent'])
const ms = given.number('seconds', 10, { least: 1 }) * 1000
const rate = given.number('rate', 500, { least: 1 })
const mostSilent = given.number('silent', 10_000, { whole: true })

/** Less than a HELLO has. */
const CUT_HELLO_BYTES = 48

const ends: (() => unknown)[] = []
const bed = { teardown: (end: () => unknown) => void ends.push(end) }

interface Latency {
  readonly asks: number
  readonly failed: Readonly<Record<string, number>>
  readonly p50Us: number
  readonly p99Us: number
}

/** Again and again, at its rate, until it is stopped. */
function press(attacks: readonly Attack[]): { attempts(): number; stop(): void } {
  let attempts = 0
  const timer = setInterval(() => {
    for (const attack of attacks)
      for (let i = 0; i < Math.max(1, rate / 100); i++) {
        attempts++
        void attack.attempt()
      }
  }, 10)
  const stop = () => {
    clearInterval(timer)
    for (const attack of attacks) attack.close()
  }
  return { attempts: () => attempts, stop }
}

async function measure(passphrase: string | undefined): Promise<boolean> {
  const options = { passphrase, clusterName: 'attacked' }
  const a = await NodeProcess.start(bed, { ...options, nodeId: 'a' })
  const b = await NodeProcess.start(bed, { ...options, nodeId: 'b', seeds: [a.addr] })
  await until(async () => (await a.alive()).length === 2 && (await b.alive()).length === 2)
  await a.do('spawn', 'Counter', 'counter')
  const latency = () => b.do('latency', 'counter', ms) as Promise<Latency>
  const recorder = await Recorder.to(a.addr)
  const guest = await NodeProcess.start(bed, { ...options, nodeId: 'guest', seeds: [recorder.addr] })
  await guest.do('callNew', 'counter', 'incr')
  await guest.do('shutdown')
  await guest.end()
  recorder.close()
  const [key] = await keysOf(passphrase === undefined ? [] : [passphrase])
  // Without a passphrase whoever says HELLO whole is believed, so that nobody gets that far here.
  const recorded = key === undefined ? recorder.bytes.subarray(0, CUT_HELLO_BYTES) : recorder.bytes
  const attacksOn = (addr: string): Attack[] => [
    silence(addr, mostSilent),
    noise(addr),
    replay(addr, recorded),
    ...(key === undefined ? [] : [wrongKey(addr, key.identity)]),
  ]
  const under = async (attacks: Attack[]) => {
    const { attempts, stop } = press(attacks)
    const found = await latency()
    stop()
    return { ...found, attempts: attempts() }
  }
  await latency()
  const usual = await latency()
  const other = await decoy()
  const beside = await under(attacksOn(other.addr))
  other.close()
  const attacked = await under(attacksOn(a.addr))
  const { refused, dropped } = (await a.do('stats')) as { refused: number; dropped: number }
  const rssMb = await a.do('rssMb')
  const members = (await b.alive()).join()
  await Promise.all([a.end(), b.end()])
  const times = (one: Latency, than: Latency) => Math.round((one.p99Us / than.p99Us) * 100) / 100
  const how = passphrase === undefined ? 'plain' : 'passphrase'
  console.log(
    JSON.stringify({
      how,
      usual,
      beside,
      attacked,
      p99: { thanUsual: times(attacked, usual), thanBeside: times(attacked, beside) },
      refused,
      dropped,
      rssMb,
    }),
  )
  if (Object.keys(attacked.failed).length === 0 && members === 'a,b') return true
  console.error(`${how}: asks of an honest node have failed, or it does not see both: ${members}`)
  return false
}

let isWell = true
try {
  for (const passphrase of [undefined, 'a passphrase that nobody guesses'])
    isWell = (await measure(passphrase)) && isWell
} finally {
  for (const end of ends.reverse()) await end()
}
if (!isWell) process.exitCode = 1
