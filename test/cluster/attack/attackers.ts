// What somebody may try who can reach a node's port and has no passphrase: each attempt is one connection.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const GIVEN_UP_MS = 2000

export interface Attack {
  /** Once; resolves when that connection is over, or left as it is. */
  attempt(): Promise<void>
  close(): void
}

function portOf(addr: string): number {
  return Number(addr.slice(addr.lastIndexOf(':') + 1))
}

/** Says what it is given, and is gone when the other side has enough, or after a while. */
async function say(addr: string, bytes: Uint8Array): Promise<void> {
  const socket = connect(portOf(addr), '127.0.0.1')
  socket.on('error', () => undefined)
  const over = new Promise((resolve) => socket.on('close', resolve))
  socket.end(bytes)
  socket.resume()
  const late = setTimeout(() => socket.destroy(), GIVEN_UP_MS)
  await over
  clearTimeout(late)
}

/** Connections that say nothing, and stay. */
export function silence(addr: string, most: number): Attack {
  const open = new Set<Socket>()
  return {
    attempt: async () => {
      if (open.size >= most) return
      const socket = connect(portOf(addr), '127.0.0.1')
      socket.on('error', () => undefined)
      open.add(socket)
      // The node ends the oldest for a new one.
      socket.on('close', () => open.delete(socket))
    },
    close: () => {
      for (const socket of open) socket.destroy()
    },
  }
}

export function noise(addr: string): Attack {
  return {
    attempt: () => say(addr, randomBytes(1 + Math.floor(Math.random() * 8192))),
    close: () => undefined,
  }
}

/** TLS 1.3 as nodes speak it, under the name of their key, which anybody on the way can read; the key is another. */
export function wrongKey(addr: string, identity: string): Attack {
  return {
    attempt: async () => {
      const socket = connectTls({
        host: '127.0.0.1',
        port: portOf(addr),
        minVersion: 'TLSv1.3',
        ciphers: 'TLS_AES_128_GCM_SHA256',
        rejectUnauthorized: false,
        pskCallback: () => ({ psk: randomBytes(32), identity }),
        checkServerIdentity: () => undefined,
      })
      socket.on('error', () => undefined)
      const late = setTimeout(() => socket.destroy(), GIVEN_UP_MS)
      await new Promise((resolve) => socket.on('close', resolve))
      clearTimeout(late)
    },
    close: () => undefined,
  }
}

/** What a real node has said to another, as a wire between them sees it. */
export class Recorder {
  readonly #bytes: Buffer[] = []
  readonly #server = createServer()
  readonly #sockets = new Set<Socket>()
  addr = ''

  static async to(addr: string): Promise<Recorder> {
    const recorder = new Recorder()
    recorder.#server.on('connection', (socket) => {
      const other = connect(portOf(addr), '127.0.0.1')
      socket.on('data', (chunk) => recorder.#bytes.push(chunk))
      socket.pipe(other).pipe(socket)
      for (const one of [socket, other]) {
        recorder.#sockets.add(one)
        one.on('error', () => undefined)
        one.on('close', () => recorder.#sockets.delete(one))
      }
    })
    recorder.#server.listen(0, '127.0.0.1')
    await once(recorder.#server, 'listening')
    recorder.addr = `127.0.0.1:${(recorder.#server.address() as { port: number }).port}`
    return recorder
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#bytes)
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}

/** The same once more: whole, cut short, or with some bytes of it other than they were, the lengths of its parts among them. */
export function replay(addr: string, recorded: Buffer): Attack {
  return {
    attempt: () => {
      const how = Math.floor(Math.random() * 3)
      if (how === 0) return say(addr, recorded)
      if (how === 1) return say(addr, recorded.subarray(0, Math.floor(Math.random() * recorded.length)))
      const bytes = Buffer.from(recorded)
      for (let i = 0; i < 4; i++) bytes[Math.floor(Math.random() * bytes.length)] = 255
      return say(addr, bytes)
    },
    close: () => undefined,
  }
}

/** A server that is no node, and ends each connection when something has come: what the load of the attack does by itself. */
export async function decoy(): Promise<{ addr: string; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { addr: `127.0.0.1:${(server.address() as { port: number }).port}`, close }
}
