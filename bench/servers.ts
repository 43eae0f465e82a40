// Servers that Debian has, for rows, peers and tests: each on a free port of loopback, in a folder of its own, until it is ended.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
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
  /** The port that it listens on, as soon as it does; it is given 0 where it chooses one itself. */
  portOf(server: ChildProcess, port: number, folder: string): Promise<number | undefined>
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

async function serve({ program, name, args, portOf }: Command, at: At): Promise<ServerProcess> {
  const given = at.port ?? 0
  const folder = at.folder ?? mkdtempSync(join(tmpdir(), `pulsing-${name}-`))
  const server = spawn(program, args(given, folder), { stdio: 'ignore' })
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
  for (const until = performance.now() + STARTED_MS; ; ) {
    const port = await portOf(server, given, folder)
    // Another program may listen where it was to.
    if (port !== undefined && !isOver()) return { port, process: server, close }
    if (isOver() || performance.now() > until) break
    await new Promise((settle) => setTimeout(settle, LOOK_MS))
  }
  await close()
  throw new Error(`${program} does not run: apt-get install ${name}`)
}

/** NATS with JetStream, which keeps its streams in the folder. */
export function serveNats(at: At = {}): Promise<ServerProcess> {
  return serve(
    {
      program: 'nats-server',
      name: 'nats-server',
      args: (port, folder) => [
        ...['-js', '-a', '127.0.0.1', '-p', `${port === 0 ? -1 : port}`],
        ...['-sd', folder, '--ports_file_dir', folder],
      ],
      // It writes a file of its ports once it listens.
      portOf: async ({ pid }, _, folder) => {
        try {
          const [address = ''] = JSON.parse(
            readFileSync(join(folder, `nats-server_${pid}.ports`), 'utf8'),
          ).nats
          return Number(new URL(address).port)
        } catch {
          return undefined
        }
      },
    },
    at,
  )
}

/** isDurable: it writes each change to a file, which goes to the disk each second. */
export async function serveRedis(isDurable: boolean): Promise<ServerProcess> {
  return serve(
    {
      program: 'redis-server',
      name: 'redis-server',
      args: (port, folder) => [
        ...['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', ''],
        ...['--appendonly', isDurable ? 'yes' : 'no'],
      ],
      portOf: async (_, port) => ((await answers(port)) ? port : undefined),
    },
    { port: await freePort() },
  )
}
