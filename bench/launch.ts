// Measures a row in a process of its own, so that no row inherits the heap, the compiled code or the crash of another.

import { type ChildProcess, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Mode, Result } from './measure.js'
import type { Program, Scenario } from './scenario.js'

const CHILD = fileURLToPath(new URL('child.js', import.meta.url))
const LIMIT_MS = { quick: 120_000, full: 300_000 } as const

/** What a program printed, and how it ended. */
export interface Output {
  readonly stdout: string
  readonly stderr: string
  /** The exit code or signal; 'timeout' where it was ended by us. */
  readonly ended: number | string
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Runs a program to its end, which comes after `limitMs` at the latest. */
export async function runProgram(
  command: string,
  args: readonly string[],
  limitMs: number,
  cwd?: string,
): Promise<Output> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd })
  running.add(child)
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, limitMs)
  try {
    const ended = new Promise<number | string>((settle, fail) => {
      child.once('error', fail)
      child.once('close', (code, signal) => settle(late ? 'timeout' : (code ?? signal ?? 'unknown')))
    })
    const [stdout, stderr, how] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    return { stdout, stderr, ended: how }
  } finally {
    clearTimeout(timer)
    running.delete(child)
  }
}

/** The row's line, or an error that says what its process said. A process that ends badly has no figure, even if it gave one. */
export async function measureInChild(program: Program, scenario: Scenario, mode: Mode): Promise<Result> {
  const args = [...(scenario.execArgv ?? []), CHILD, program.url, scenario.name, mode]
  const { stdout, stderr, ended } = await runProgram(process.execPath, args, LIMIT_MS[mode])
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  const said = stderr.trim() === '' ? '' : `\n${stderr.trim()}`
  if (ended === 'timeout') {
    const done = line === '' ? 'the row was not done' : 'its process did not end'
    throw new Error(`${done} after ${LIMIT_MS[mode] / 1000} s${said}`)
  }
  if (ended !== 0) throw new Error(`its process ended with ${ended}${said}`)
  if (said !== '') console.error(`${program.peer}, ${scenario.name}:${said}`)
  return JSON.parse(line) as Result
}
