// Two processes that send each other msgpack over a TCP connection, and nothing else: what the cluster rows can't be faster than.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Ask, askInSequence, askPipelined } from '../messages.js'
import { check, perSecond, type Running, type Scenario } from '../scenario.js'
import { Frames } from './workers/bare-tcp.js'

export const peer = 'bare-tcp'

class Caller {
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

  static async open(): Promise<Caller> {
    const child = fork(fileURLToPath(new URL('./workers/bare-tcp.js', import.meta.url)), ['serve'])
    const [port] = (await once(child, 'message')) as [number]
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Caller(child, socket)
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

async function withCaller(run: (caller: Caller, size: number) => Promise<number>): Promise<Running> {
  const caller = await Caller.open()
  return { run: (size) => run(caller, size), close: () => caller.close() }
}

const asking = (asks: (ask: Ask, count: number) => Promise<number>) => () =>
  withCaller(async (caller, count) => perSecond(count, await asks((message) => caller.ask(message), count)))

export const scenarios: readonly Scenario[] = [
  {
    name: 'cluster-ask',
    unit: 'ops/s',
    operation: '',
    sizes: { quick: 5000, full: 30_000 },
    open: asking(askInSequence),
  },
  {
    name: 'cluster-ask-pipelined',
    unit: 'ops/s',
    operation: '',
    sizes: { quick: 50_000, full: 500_000 },
    open: asking(askPipelined),
  },
  {
    name: 'cluster-tell',
    unit: 'ops/s',
    operation: '',
    sizes: { quick: 100_000, full: 1_000_000 },
    open: () =>
      withCaller(async (caller, count) => {
        const begun = performance.now()
        for (let i = 0; i < count; i++) {
          const full = caller.tell({ id: i, op: 'add', n: 1 })
          if (full !== undefined) await full
        }
        check('the sum', await caller.ask({ id: count, op: 'get', n: 0 }), count)
        return perSecond(count, performance.now() - begun)
      }),
  },
]
