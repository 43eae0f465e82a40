// A real NATS server for those who test or measure by it: Debian has it as nats-server.

import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { until } from '../bed.js'

/** A real server on a port and in a folder of its own. */
export async function serve(port: number, folder: string): Promise<ChildProcess> {
  const server = spawn('nats-server', ['-js', '-a', '127.0.0.1', '-p', String(port), '-sd', folder], {
    stdio: 'ignore',
  })
  server.on('error', () => undefined)
  await until(() => {
    if (server.exitCode !== null || server.pid === undefined)
      throw new Error('nats-server does not run: apt-get install nats-server')
    return new Promise((settle) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        settle(true)
      })
      socket.on('error', () => settle(false))
    })
  })
  return server
}

export function freePort(): Promise<number> {
  return new Promise((settle) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => settle(port))
    })
  })
}
