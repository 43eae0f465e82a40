// What happens in a system, as it happens, to those who watch: server-sent events; and what happened last, to those who come later.

import type { ServerResponse } from 'node:http'
import { type ActorSystem, EVENTS, type SystemEvents } from '../system/index.js'
import { sentenceOf } from './sentences.js'

/** Events a second that are kept and sent; what is over is counted, and said with the next. */
const MOST_A_SECOND = 50
const MOST_KEPT = 200
/** Who does not read is let go. */
const MOST_WAITING_BYTES = 1024 * 1024
const MOST_WATCHERS = 32
/** So that a connection through a proxy is not taken for dead. */
const KEEP_MS = 15_000

/** An event, as it is shown: its own fields, but no messages of actors, which are their users' own. */
export interface Happened {
  readonly name: string
  /** When, in milliseconds since 1970. */
  readonly at: number
  /** How many before it were left out. */
  readonly left: number
  /** What it says to people. */
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
}

export class EventStream {
  readonly #watchers = new Set<ServerResponse>()
  readonly #listeners: (() => void)[] = []
  readonly #kept: Happened[] = []
  readonly #keep: NodeJS.Timeout
  #second = 0
  #said = 0
  #left = 0

  constructor(system: ActorSystem) {
    for (const name of EVENTS) {
      const heard = (event: SystemEvents[typeof name][0]) => this.#happened(name, event)
      system.on(name, heard)
      this.#listeners.push(() => system.off(name, heard))
    }
    this.#keep = setInterval(() => this.#write(': still here\n\n'), KEEP_MS).unref()
  }

  get isFull(): boolean {
    return this.#watchers.size >= MOST_WATCHERS
  }

  /** The last events, the oldest first. */
  get recent(): readonly Happened[] {
    return this.#kept
  }

  add(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    response.write(': events of the system\n\n')
    response.on('close', () => this.#watchers.delete(response))
    this.#watchers.add(response)
  }

  close(): void {
    clearInterval(this.#keep)
    for (const stop of this.#listeners.splice(0)) stop()
    for (const response of this.#watchers) response.end()
    this.#watchers.clear()
  }

  #happened<E extends keyof SystemEvents>(name: E, event: SystemEvents[E][0]): void {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#said = 0
    }
    if (this.#said++ >= MOST_A_SECOND) {
      this.#left++
      return
    }
    const text = sentenceOf(name, event)
    const happened: Happened = { name, at: Date.now(), left: this.#left, text, data: shown(event) }
    this.#left = 0
    this.#kept.push(happened)
    if (this.#kept.length > MOST_KEPT) this.#kept.shift()
    if (this.#watchers.size === 0) return
    this.#write(`data: ${JSON.stringify(happened)}\n\n`)
  }

  #write(text: string): void {
    for (const response of this.#watchers) {
      if (response.writableLength > MOST_WAITING_BYTES) response.destroy()
      else response.write(text)
    }
  }
}

/** As JSON has it: errors are their text. What can't be written is left out. */
function shown(event: object): Readonly<Record<string, unknown>> {
  const { message: _, ...rest } = event as { message?: unknown }
  const fields = Object.entries(rest).map(([name, value]) => [
    name,
    value instanceof Error ? String(value) : value,
  ])
  return Object.fromEntries(fields)
}
