// Runs the command line as its users do: as a process of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { ExecutionContext } from 'ava'
import { compiled, type Ended, type RunOptions, root, run } from '../bed.js'

export const cli: string = join(root, 'dist', 'bundle', 'cli.js')
export const fixture: string = compiled('commanded.js')

export function pulsing(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(cli, { args, ...options })
}

export interface Running {
  readonly child: ChildProcess
  readonly lines: Interface
  /** Its first line, as JSON. */
  readonly said: Readonly<Record<string, unknown>>
  readonly ended: Promise<[code: number | null, signal: string | null]>
}

/** A command that goes on: it is ended with the test, if not before. */
export async function begin(
  t: ExecutionContext,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Running> {
  const [command = '', ...others] = args
  const child = spawn(process.execPath, [cli, command, '--json', ...others], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit') as Running['ended']
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([
    once(lines, 'line'),
    ended.then(([code]) => {
      throw new Error(`${command} has ended with code ${code}`)
    }),
  ])) as [string]
  return { child, lines, said: JSON.parse(line), ended }
}

/** The next line that is as wanted, as JSON. Fails where the command ends before. */
export function next(
  { lines, ended }: Running,
  wanted: (said: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const heard = (line: string) => {
      const said = JSON.parse(line) as Record<string, unknown>
      if (!wanted(said)) return
      lines.off('line', heard)
      resolve(said)
    }
    lines.on('line', heard)
    ended.then(([code]) => reject(new Error(`it has ended with code ${code}`)), reject)
  })
}
