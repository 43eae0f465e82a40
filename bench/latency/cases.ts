// What is measured, each in a process of its own.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Echo } from '../actors/echo.js'
import { Queens } from '../actors/queens.js'
import type { Ask } from '../messages.js'
import { Asked } from '../peers/post-message.js'
import { HEAVY } from '../service.js'
import { HERE, patient, withSystem } from '../system.js'
import { THREADS } from '../threads.js'
import { Busy, Clock, Ticker } from './actors.js'
import { atRate, Latencies, type Spread } from './spread.js'

export interface Measured {
  readonly what: string
  readonly spread: Spread
}

export interface Case {
  readonly name: string
  measure(seconds: number): Promise<Measured[]>
}

/** Under way at a time, where as much is asked as can be answered. */
const LANES = 10
/** And at most, where more is due. */
const UNDER_WAY = 1000
const SHARES = [0.1, 0.5, 0.9]

/** What is kept of each call costs something too: that is part of it, as it is of what is measured. */
async function throughput(ask: Ask, forMs: number): Promise<number> {
  const latencies = new Latencies()
  const begun = performance.now()
  let answered = 0
  const lane = async () => {
    for (let now = begun; now - begun < forMs; answered++) {
      const asked = now
      await ask({ id: answered, op: 'add', n: 1 })
      now = performance.now()
      latencies.record(now - asked)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return (answered / (performance.now() - begun)) * 1000
}

async function asking(ask: Ask, seconds: number): Promise<Measured[]> {
  await throughput(ask, 500)
  const most = await throughput(ask, 1000)
  const measured: Measured[] = []
  for (const share of SHARES) {
    const latencies = new Latencies()
    const rate = most * share
    let wrong = 0
    let underWay = 0
    await atRate(
      rate,
      seconds * 1000,
      (due) => {
        underWay++
        ask({ id: 1, op: 'add', n: 1 }).then((answer) => {
          underWay--
          if (answer !== 2) wrong++
          latencies.record(performance.now() - due)
        })
      },
      () => underWay < UNDER_WAY,
    )
    const sent = Math.floor(rate * seconds)
    for (let i = 0; i < 1000 && latencies.count < sent; i++) await sleep(10)
    if (wrong > 0 || latencies.count < sent)
      throw new Error(`${wrong} of ${latencies.count} answers are wrong`)
    measured.push({ what: `${share * 100} % (${Math.round(rate / 1000)} k/s)`, spread: latencies.spread() })
  }
  return measured
}

const askHost: Case = {
  name: 'ask-host',
  async measure(seconds) {
    let measured: Measured[] = []
    const running = await withSystem(async () => {
      const echo = await Echo.options(HERE).spawn()
      measured = await asking((message) => echo.add(message), seconds)
      return () => Promise.resolve(0)
    })
    await running.close()
    return measured
  },
}

const askWorker: Case = {
  name: 'ask-worker',
  async measure(seconds) {
    const asked = new Asked()
    await asked.ask({ op: 'count' })
    const measured = await asking((message) => asked.ask(message), seconds)
    await asked.worker.terminate()
    return measured
  },
}

// Messages that each take so long, so that the thread has no rest, or a tenth.
const MESSAGE_US = 20
const LOADS = [
  { what: 'at 90 %', rate: 45_000 },
  { what: 'at all it can', rate: Number.POSITIVE_INFINITY },
]

/** Sends so many a second, or as many as are taken. */
function load(rate: number, forMs: number, send: () => void, taken: () => number): Promise<void> {
  let sent = 0
  if (rate < Number.POSITIVE_INFINITY) return atRate(rate, forMs, send)
  const until = performance.now() + forMs
  return new Promise((resolve) => {
    const turn = () => {
      for (; sent - taken() < UNDER_WAY; sent++) send()
      if (performance.now() < until) setImmediate(turn)
      else resolve()
    }
    turn()
  })
}

const timerOnEngine: Case = {
  name: 'timer-engine',
  async measure(seconds) {
    const measured: Measured[] = []
    const running = await withSystem(async () => {
      for (const { what, rate } of LOADS) {
        const busy = patient(await Busy.options({ ...HERE, mailboxCapacity: 4 * UNDER_WAY }).spawn())
        const clock = patient(await Clock.options(HERE).spawn())
        await clock.start()
        let taken = 0
        const send = () => void busy.take(MESSAGE_US).then(() => taken++)
        await load(rate, seconds * 1000, send, () => taken)
        measured.push({ what, spread: await clock.end() })
      }
      return () => Promise.resolve(0)
    })
    await running.close()
    return measured
  },
}

const timerOnWorker: Case = {
  name: 'timer-worker',
  async measure(seconds) {
    const measured: Measured[] = []
    for (const { what, rate } of LOADS) {
      const worker = new Worker(new URL('./worker.js', import.meta.url))
      let taken = 0
      let end: (spread: Spread) => void = () => undefined
      worker.on('message', (message: number | Spread) => {
        if (typeof message === 'number') taken = message
        else end(message)
      })
      await once(worker, 'online')
      worker.postMessage('start')
      await load(
        rate,
        seconds * 1000,
        () => worker.postMessage(MESSAGE_US),
        () => taken,
      )
      const ended = new Promise<Spread>((resolve) => {
        end = resolve
      })
      worker.postMessage('end')
      measured.push({ what, spread: await ended })
      await worker.terminate()
    }
    return measured
  },
}

/** A timer of the main thread, while all engine threads compute for it. */
const timerOnHost: Case = {
  name: 'timer-host',
  async measure(seconds) {
    const measured: Measured[] = []
    const running = await withSystem(async () => {
      const pool = patient(await Queens.options({ instances: THREADS }).spawn())
      const { size, first, second } = HEAVY
      for (const isBusy of [false, true]) {
        const ticker = new Ticker()
        const until = performance.now() + seconds * 1000
        ticker.start()
        const lane = async () => {
          while (performance.now() < until) await pool.solutions(size, first, second)
        }
        await Promise.all([sleep(seconds * 1000), ...Array.from({ length: isBusy ? THREADS * 4 : 0 }, lane)])
        measured.push({ what: isBusy ? 'all engine threads compute' : 'nothing to do', spread: ticker.end() })
      }
      return () => Promise.resolve(0)
    })
    await running.close()
    return measured
  },
}

export const cases: readonly Case[] = [askHost, askWorker, timerOnEngine, timerOnWorker, timerOnHost]
