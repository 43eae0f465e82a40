import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'ava'
import { handleSignals } from 'pulsing'
import { compiled, start, thrown } from '../bed.js'

interface Service {
  /** The next line that it prints. */
  line(): Promise<string>
  kill(signal: NodeJS.Signals): void
  ended: Promise<{ code: number | null; signal: string | null }>
}

function service(what: string): Service {
  const child = spawn(process.execPath, [compiled('programs/signals.js'), what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trim().split('\n')) {
      const next = waiting.shift()
      if (next === undefined) lines.push(line)
      else next(line)
    }
  })
  return {
    line: () => {
      const line = lines.shift()
      return line === undefined ? new Promise((settle) => waiting.push(settle)) : Promise.resolve(line)
    },
    kill: (signal) => void child.kill(signal),
    ended: once(child, 'close').then(([code, signal]) => {
      clearTimeout(late)
      return { code, signal }
    }),
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`section 2: ${signal} finishes what is under way, stops the actors, and ends the process as the signal would`, async (t) => {
    const { line, kill, ended } = service('short')
    t.is(await line(), 'ready')
    kill(signal)
    t.is(await line(), 'worked')
    t.is(await line(), 'stopped: shutdown')
    t.deepEqual(await ended, { code: null, signal })
  })
}

test('5.6: a second signal ends the process at once', async (t) => {
  const { line, kill, ended } = service('endless')
  t.is(await line(), 'ready')
  kill('SIGTERM')
  const again = setInterval(() => kill('SIGINT'), 50)
  t.deepEqual(await ended, { code: 130, signal: null })
  clearInterval(again)
})

test('signals that were given back do what they always do', async (t) => {
  const { line, kill, ended } = service('released')
  t.is(await line(), 'ready')
  kill('SIGINT')
  t.deepEqual(await ended, { code: null, signal: 'SIGINT' })
})

test('handleSignals refuses what is no system, and options that are none', async (t) => {
  t.is(thrown(() => handleSignals({} as never)).code, 'ERR_PULSING_INVALID_ARGUMENT')
  const system = await start({ threads: 0 })
  t.is(thrown(() => handleSignals(system, { timeoutMs: -1 })).code, 'ERR_PULSING_INVALID_OPTION')
  const before = process.listenerCount('SIGINT')
  handleSignals(system)()
  t.is(process.listenerCount('SIGINT'), before)
  await system.shutdown()
})
