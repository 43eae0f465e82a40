// What happens in a system, as it happens, to those who watch: server-sent events.

import type { ServerResponse } from 'node:http'
import { type ActorSystem, EVENTS } from '../system/index.js'

/** Events a second that a watcher is sent; what is over is counted, and said. */
const MOST_A_SECOND = 50
/** Who does not read is let go. */
const MOST_WAITING_BYTES = 1024 * 1024
const MOST_WATCHERS = 32
/** So that a connection through a proxy is not taken for dead. */
const KEEP_MS = 15_000

export class EventStream {
  readonly #system: ActorSystem
  readonly #watchers = new Set<ServerResponse>()
  readonly #listeners: (() => void)[] = []
  #keep: NodeJS.Timeout | undefined
  #second = 0
  #said = 0
  #left = 0

  constructor(system: ActorSystem) {
    this.#system = system
  }

  get isFull(): boolean {
    return this.#watchers.size >= MOST_WATCHERS
  }

  add(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    response.write(': events of the system\n\n')
    response.on('close', () => this.#remove(response))
    this.#watchers.add(response)
    if (this.#watchers.size === 1) this.#listen()
  }

  close(): void {
    for (const response of this.#watchers) response.end()
    for (const response of [...this.#watchers]) this.#remove(response)
  }

  #remove(response: ServerResponse): void {
    if (!this.#watchers.delete(response) || this.#watchers.size > 0) return
    clearInterval(this.#keep)
    for (const stop of this.#listeners.splice(0)) stop()
  }

  #listen(): void {
    for (const name of EVENTS) {
      const heard = (event: object) => this.#happened(name, event)
      this.#system.on(name, heard)
      this.#listeners.push(() => this.#system.off(name, heard))
    }
    this.#keep = setInterval(() => this.#write(': still here\n\n'), KEEP_MS).unref()
  }

  #happened(name: string, event: object): void {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#said = 0
    }
    if (this.#said++ >= MOST_A_SECOND) {
      this.#left++
      return
    }
    const left = this.#left
    this.#left = 0
    this.#write(`event: ${name}\ndata: ${textOf({ at: Date.now(), left, ...shown(event) })}\n\n`)
  }

  #write(text: string): void {
    for (const response of this.#watchers) {
      if (response.writableLength > MOST_WAITING_BYTES) response.destroy()
      else response.write(text)
    }
  }
}

/** Messages stay where they are: they are their users' own. */
function shown(event: object): object {
  const { message: _, ...rest } = event as { message?: unknown }
  return rest
}

function textOf(event: object): string {
  return JSON.stringify(event, (_, value: unknown) => (value instanceof Error ? String(value) : value))
}
