// Servers that Debian has, for rows, peers and tests: each on a free port of loopback, in a folder of its own, until it is ended.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const STARTED_MS = 20_000
const LOOK_MS = 10

export interface ServerProcess {
  readonly port: number
  readonly process: ChildProcess
  /** The folder goes too, where it was made for it. */
  close(): Promise<void>
}

interface Command {
  readonly program: string
  /** The Debian package that has it. */
  readonly name: string
  args(port: number, folder: string): string[]
}

export function freePort(): Promise<number> {
  return new Promise((settle) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => settle(port))
    })
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      settle(true)
    })
    socket.on('error', () => settle(false))
  })
}

interface At {
  readonly port?: number
  /** Of an earlier one: it goes on with what is there, and the folder stays. */
  readonly folder?: string
}

async function serve({ program, name, args }: Command, at: At): Promise<ServerProcess> {
  const port = at.port ?? (await freePort())
  const folder = at.folder ?? mkdtempSync(join(tmpdir(), `pulsing-${name}-`))
  const server = spawn(program, args(port, folder), { stdio: 'ignore' })
  server.on('error', () => undefined)
  const isOver = () => server.exitCode !== null || server.signalCode !== null || server.pid === undefined
  const close = async () => {
    if (!isOver()) {
      const exit = once(server, 'exit')
      server.kill('SIGKILL')
      await exit
    }
    if (at.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
  const until = performance.now() + STARTED_MS
  while (!(await answers(port))) {
    if (!isOver() && performance.now() < until) {
      await new Promise((settle) => setTimeout(settle, LOOK_MS))
      continue
    }
    await close()
    throw new Error(`${program} does not run: apt-get install ${name}`)
  }
  return { port, process: server, close }
}

/** NATS with JetStream, which keeps its streams in the folder. */
export function serveNats(at: At = {}): Promise<ServerProcess> {
  const args = (port: number, folder: string) => ['-js', '-a', '127.0.0.1', '-p', `${port}`, '-sd', folder]
  return serve({ program: 'nats-server', name: 'nats-server', args }, at)
}

/** isDurable: it writes each change to a file, which goes to the disk each second. */
export function serveRedis(isDurable: boolean): Promise<ServerProcess> {
  const args = (port: number, folder: string) => [
    ...['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', ''],
    ...['--appendonly', isDurable ? 'yes' : 'no'],
  ]
  return serve({ program: 'redis-server', name: 'redis-server', args }, {})
}
