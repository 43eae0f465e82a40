// Frames of msgpack on a socket, written once a turn; with the argument `serve`, the other process of bare-tcp.ts.

import { createServer, type Socket } from 'node:net'
import { Decoder, Encoder } from '@msgpack/msgpack'
import type { Add } from '../../messages.js'

export class Frames {
  readonly #socket: Socket
  readonly #encoder = new Encoder()
  readonly #decoder = new Decoder()
  #out: Uint8Array[] = []
  #rest: Buffer = Buffer.alloc(0)

  constructor(socket: Socket, onMessage: (message: unknown) => void) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => {
      const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
      let at = 0
      while (all.length - at >= 4) {
        const end = at + 4 + all.readUInt32BE(at)
        if (end > all.length) break
        onMessage(this.#decoder.decode(all.subarray(at + 4, end)))
        at = end
      }
      this.#rest = all.subarray(at)
    })
  }

  send(message: unknown): void {
    if (this.#out.length === 0) queueMicrotask(() => this.#flush())
    const bytes = this.#encoder.encodeSharedRef(message)
    const frame = Buffer.allocUnsafe(4 + bytes.length)
    frame.writeUInt32BE(bytes.length)
    frame.set(bytes, 4)
    this.#out.push(frame)
    if (this.#out.length >= 1000) this.#flush()
  }

  #flush(): void {
    if (this.#out.length === 0) return
    this.#socket.write(Buffer.concat(this.#out))
    this.#out = []
  }
}

if (process.argv[2] === 'serve') {
  const server = createServer((socket) => {
    let sum = 0
    const frames: Frames = new Frames(socket, (message) => {
      const [id, { op, n }] = message as [number, Add]
      if (id === 0) sum += n
      else if (op === 'get') {
        frames.send([id, sum])
        sum = 0
      } else frames.send([id, n + 1])
    })
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port))
  process.on('disconnect', () => process.exit())
}
