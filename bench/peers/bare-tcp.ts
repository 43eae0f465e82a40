// Two processes that send each other msgpack over a TCP connection, and nothing else: what the cluster rows can't be faster than.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Caller, clusterRows } from './cluster-rows.js'
import { Frames } from './workers/bare-tcp.js'

export const peer = 'bare-tcp'

class Connected implements Caller {
  readonly #child: ChildProcess
  readonly #socket: Socket
  readonly #frames: Frames
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #last = 0

  private constructor(child: ChildProcess, socket: Socket) {
    this.#child = child
    this.#socket = socket
    this.#frames = new Frames(socket, (message) => {
      const [id, answer] = message as [number, unknown]
      this.#waiting.get(id)?.(answer)
      this.#waiting.delete(id)
    })
  }

  static async open(): Promise<Connected> {
    const child = fork(fileURLToPath(new URL('./workers/bare-tcp.js', import.meta.url)), ['serve'])
    const [port] = (await once(child, 'message')) as [number]
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Connected(child, socket)
  }

  ask(message: unknown): Promise<unknown> {
    const id = ++this.#last
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#frames.send([id, message])
    })
  }

  /** Undefined where the socket takes more. */
  tell(message: unknown): undefined | Promise<unknown> {
    this.#frames.send([0, message])
    return this.#socket.writableLength > 2 ** 20 ? once(this.#socket, 'drain') : undefined
  }

  async close(): Promise<void> {
    this.#socket.destroy()
    this.#child.kill()
    await once(this.#child, 'exit')
  }
}

export const scenarios = clusterRows(() => Connected.open(), 2_000_000)
