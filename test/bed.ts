// What the tests of whole systems share: a logger that keeps what it is told, programs as child processes, conditions.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ActorSystem, actorSystem, type Logger, type SystemEvents, type SystemOptions } from 'pulsing'

/** The project's folder: this file stands in dist/test. */
export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

export interface Line {
  readonly level: string
  readonly fields: Record<string, unknown>
  readonly message: string
}

export interface KeepingLogger extends Logger {
  readonly lines: Line[]
}

/** Says nothing and keeps everything. */
export function keepingLogger(): KeepingLogger {
  const lines: Line[] = []
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A system that logs nothing to the terminal. */
export function start(options: SystemOptions = {}): Promise<ActorSystem> {
  return actorSystem({ threads: 1, logger: keepingLogger(), ...options })
}

/** The next event of that name, or the next that is wanted. */
export function event<E extends keyof SystemEvents>(
  system: ActorSystem,
  name: E,
  wanted: (event: SystemEvents[E][0]) => boolean = () => true,
): Promise<SystemEvents[E][0]> {
  // An event alone keeps no process alive, as an idle system does not.
  const alive = setInterval(() => undefined, 1000)
  return new Promise((settle) => {
    const listener = (given: SystemEvents[E][0]) => {
      if (!wanted(given)) return
      clearInterval(alive)
      system.off(name, listener)
      settle(given)
    }
    system.on(name, listener)
  })
}

/** All events of that name from now on. */
export function events<E extends keyof SystemEvents>(system: ActorSystem, name: E): SystemEvents[E][0][] {
  const seen: SystemEvents[E][0][] = []
  system.on(name, (given) => seen.push(given))
  return seen
}

/** Resolves when the condition holds; it is looked at again and again, and the test's own timeout ends that. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((settle) => setTimeout(settle, 2))
}

/** Lets everything that is ready on this thread run. */
export function turns(count = 3): Promise<void> {
  return count === 0
    ? Promise.resolve()
    : new Promise<void>((settle) => setImmediate(settle)).then(() => turns(count - 1))
}

/** What a promise was rejected with; an error where it was not. */
export async function rejection(
  promise: PromiseLike<unknown> | undefined,
): Promise<Error & { code?: unknown }> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error as Error
  }
  throw new Error(`expected a rejection, got ${String(value).slice(0, 100)}`)
}

/** What a function threw. */
export function thrown(run: () => unknown): Error & { code?: unknown } {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected it to throw')
}

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: Record<string, string>
  readonly cwd?: string
  /** After so long it is killed, which the test sees as its signal. */
  readonly timeoutMs?: number
}

/** Runs a program of test/fixtures with its own process, and waits for its end. */
export async function run(file: string, options: RunOptions = {}): Promise<Ended> {
  const { args = [], nodeArgs = [], env = {}, cwd = root, timeoutMs = 60_000 } = options
  const child = spawn(process.execPath, [...nodeArgs, file, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(late)
  return { code, signal, stdout, stderr: withoutCoverage(stderr) }
}

/** Where coverage is measured, Node says so of a thread that is terminated. */
function withoutCoverage(stderr: string): string {
  if (process.env.NODE_V8_COVERAGE === undefined) return stderr
  return stderr.replaceAll('Failed to stringify coverage profile result\n', '')
}

/** A compiled fixture. */
export function compiled(name: string): string {
  return join(root, 'dist', 'test', 'fixtures', name)
}

/** A fixture as it was written. */
export function source(name: string): string {
  return join(root, 'test', 'fixtures', name)
}
