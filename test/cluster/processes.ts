// Nodes in processes of their own, for the tests that kill, stop and cut them off.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { SystemOptions } from 'pulsing'
import { compiled } from '../bed.js'
import type { Ends } from './bed.js'

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly message: string; readonly code?: unknown }
}

/** What a process has run is written down when it ends by itself. */
const IS_MEASURED = process.env.NODE_V8_COVERAGE !== undefined
const LEAVE_MS = 4000

export interface ProcessOptions {
  /** What the process is started by. */
  readonly command?: readonly string[]
  /** A compiled program that does what its parent asks. */
  readonly program?: string
  readonly cwd?: string
  /** What it says of itself, besides its answers. */
  readonly heard?: (said: never) => void
}

export class NodeProcess {
  readonly process: ChildProcess
  addr = ''
  #id = 0
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  stderr = ''

  private constructor(options: SystemOptions, { command = [], program, cwd, heard }: ProcessOptions) {
    const [first, ...before] = [...command, process.execPath]
    const file = program ?? compiled('programs/cluster-node.js')
    this.process = spawn(first as string, [...before, file, JSON.stringify(options)], {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.process.on('exit', () => {
      const error = this.#ended()
      for (const [id, settle] of this.#waiting) settle({ id, error })
      this.#waiting.clear()
    })
    this.process.on('message', (answer: Answer) => {
      if (answer.id === undefined) heard?.(answer as never)
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
  }

  /** Resolves when it listens. It ends with the test. */
  static async start(t: Ends, options: SystemOptions, how: ProcessOptions = {}): Promise<NodeProcess> {
    const node = new NodeProcess({ addr: '127.0.0.1:0', ...options }, how)
    t.teardown(() => node.end())
    node.addr = (await node.#answer(0)) as string
    return node
  }

  #ended(): Error & { code?: unknown } {
    const { exitCode, signalCode } = this.process
    return new Error(`the node has ended with ${exitCode ?? signalCode}: ${this.stderr}`)
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ value, error }) => {
        if (error === undefined) resolve(value)
        else reject(Object.assign(new Error(error.message), { code: error.code }))
      })
    })
  }

  /** What the node's program does for its parent. Rejects with what it threw. */
  do(name: string, ...args: unknown[]): Promise<unknown> {
    if (this.process.exitCode !== null || this.process.signalCode !== null)
      return Promise.reject(this.#ended())
    const id = ++this.#id
    const answer = this.#answer(id)
    this.process.send({ id, name, args })
    return answer
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const exit = once(this.process, 'exit')
    this.process.kill(signal)
    await exit
  }

  /** It does not run until it goes on. */
  pause(): void {
    this.process.kill('SIGSTOP')
  }

  goOn(): void {
    this.process.kill('SIGCONT')
  }

  async end(): Promise<void> {
    this.process.kill('SIGCONT')
    if (IS_MEASURED && this.process.connected) {
      const exit = once(this.process, 'exit')
      this.process.disconnect()
      await Promise.race([exit, new Promise((settle) => setTimeout(settle, LEAVE_MS))])
    }
    await this.kill()
  }

  /** Who is alive, as it sees it. */
  async alive(): Promise<string[]> {
    const members = (await this.do('members')) as { nodeId: string; status: string }[]
    return members
      .filter(({ status }) => status === 'alive')
      .map(({ nodeId }) => nodeId)
      .sort()
  }
}

/** Stands between nodes, and can be cut, stopped and slowed. */
export class Wire {
  readonly #server: Server
  readonly #to: { readonly host: string; readonly port: number }
  readonly #pairs = new Set<[Socket, Socket]>()
  #cut = false
  #delayMs = 0
  addr = ''

  private constructor(to: string) {
    const [host, port] = to.split(':') as [string, string]
    this.#to = { host, port: Number(port) }
    this.#server = createServer((socket) => this.#connected(socket))
  }

  static async to(t: Ends, addr: string): Promise<Wire> {
    const wire = new Wire(addr)
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    wire.addr = `127.0.0.1:${(wire.#server.address() as { port: number }).port}`
    t.teardown(() => wire.close())
    return wire
  }

  #connected(socket: Socket): void {
    if (this.#cut) {
      socket.destroy()
      return
    }
    const other = connect(this.#to)
    const pair: [Socket, Socket] = [socket, other]
    this.#pairs.add(pair)
    this.#pipe(socket, other)
    this.#pipe(other, socket)
    for (const one of pair) {
      one.on('error', () => undefined)
      one.on('close', () => {
        this.#pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
    }
  }

  #pipe(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      const go = () => void to.write(chunk)
      if (this.#delayMs > 0) setTimeout(go, this.#delayMs)
      else go()
    })
  }

  /** Connections end, and none is made any more. */
  cut(): void {
    this.#cut = true
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  mend(): void {
    this.#cut = false
  }

  /** Nothing passes, but nobody is told: half-open connections. */
  stall(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  goOn(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resume()
  }

  delay(ms: number): void {
    this.#delayMs = ms
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
