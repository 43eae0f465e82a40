// The system's own actor on each thread, at index 0: what one thread asks of another about its actors.

import type { ActorRef } from '../actor/index.js'
import {
  type ActorHost,
  type ActorRecord,
  type ClassInfo,
  classInfo,
  forgetChild,
  loadClass,
  type Start,
  startActor,
  stopActor,
} from '../actor/index.js'
import { type Cell, type CellOptions, type Method, Target } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { Logger } from '../options.js'
import type { SystemEvent } from './events.js'

/** Calls of an agent, by number. */
export const AGENT_SPAWN = 1
export const AGENT_STOP = 2
export const AGENT_LOOKUP = 3
export const AGENT_STOP_ALL = 4
export const AGENT_EVENTS = 5
export const AGENT_CHILD_STOPPED = 6
export const AGENT_LOG = 7
export const AGENT_UNMANNED = 8

export interface SpawnRequest {
  readonly moduleUrl: string
  readonly type: string
  /** The description of the class as the caller knows it. */
  readonly text: string
  readonly args: readonly unknown[]
  readonly options: CellOptions
  readonly name: string | undefined
  readonly parent: ActorRef | undefined
  readonly pool: number
  readonly permits: number
}

/** Where an actor is: index, generation and class. */
export type Place = [index: number, generation: number, classId: number]

export interface StopRequest {
  readonly index: number
  readonly generation: number
  readonly drain: boolean
}

export interface ChildStopped {
  readonly index: number
  readonly generation: number
  readonly child: ActorRef
}

export interface LogLine {
  readonly level: keyof Logger
  readonly fields: object
  readonly message: string
}

export class Agent {
  readonly #host: ActorHost
  readonly #onEvents: (events: SystemEvent[], counts: Record<string, number>) => void

  constructor(host: ActorHost, onEvents: (events: SystemEvent[], counts: Record<string, number>) => void) {
    this.#host = host
    this.#onEvents = onEvents
  }

  /** Its cell, which has to be the first of its thread. */
  open(): Cell {
    const { thread } = this.#host
    const table: (Method | undefined)[] = [
      undefined,
      (request: SpawnRequest) => this.#spawn(request),
      (request: StopRequest) => this.#stop(request),
      (at: { index: number; generation: number }) => this.#lookup(at.index, at.generation),
      (drain: boolean) => this.stopAll(drain),
      (given: { events: SystemEvent[]; counts: Record<string, number> }) =>
        this.#onEvents(given.events, given.counts),
      // Behind what its spawn's answer set off: only then does the parent know of the child.
      (given: ChildStopped) => void setImmediate(() => this.#forgetChild(given)),
      ({ level, fields, message }: LogLine) => this.#host.logger[level](fields, message),
      (slot: number) => this.#host.thread.agentGone(slot),
    ]
    const options = {
      capacity: 2 ** 30,
      capacityBytes: 2 ** 40,
      overflow: 0,
      limit: Number.POSITIVE_INFINITY,
    }
    const cell = thread.open(this, table, options, 0)
    if (cell.index !== 0) throw errors.internal('the agent is not the first actor of its thread')
    thread.unpause(cell, cell.paused)
    return cell
  }

  /** Starts an actor of this thread. */
  async start(start: Start): Promise<Place> {
    const cell = await startActor(this.#host, start)
    return [cell.index, cell.generation, cell.target.classId]
  }

  /** Every actor of this thread, last started first. */
  async stopAll(drain: boolean): Promise<void> {
    const { thread } = this.#host
    const cells = thread.cells.filter((cell): cell is Cell => cell !== undefined && cell.index !== 0)
    cells.sort((a, b) => b.generation - a.generation)
    const roots = cells.filter((cell) => (cell.actor as ActorRecord | undefined)?.parent === undefined)
    await Promise.all(roots.map((cell) => stopActor(this.#host, cell, drain, 'shutdown')))
    await Promise.all(
      cells.map((cell) => (cell.closed ? undefined : stopActor(this.#host, cell, drain, 'shutdown'))),
    )
  }

  async #spawn(request: SpawnRequest): Promise<Place> {
    const info = await loadClass(request.moduleUrl, request.type)
    checkSame(info, request)
    const { name, parent, options, pool, permits } = request
    const Class = info.Class as new (...args: unknown[]) => object
    const place = await this.start({
      info,
      make: () => new Class(...request.args),
      options,
      name,
      parent,
      pool,
      permits,
    })
    const cell = this.#host.thread.cells[place[0]]
    if (cell !== undefined) this.#host.thread.expose(cell.target) // it was asked for by another thread
    return place
  }

  #forgetChild({ index, generation, child }: ChildStopped): void {
    const cell = this.#host.thread.cells[index]
    const record = cell?.actor as ActorRecord | undefined
    if (cell?.generation === generation && record !== undefined) forgetChild(record, child)
  }

  async #stop({ index, generation, drain }: StopRequest): Promise<boolean> {
    const cell = this.#host.thread.cells[index]
    if (cell === undefined || cell.generation !== generation || index === 0) return false
    await stopActor(this.#host, cell, drain, 'stopped')
    return true
  }

  #lookup(index: number, generation: number): number {
    const cell = this.#host.thread.cells[index]
    if (cell === undefined || cell.generation !== generation || index === 0) return -1
    this.#host.thread.expose(cell.target)
    return cell.target.classId
  }
}

function checkSame(info: ClassInfo, request: SpawnRequest): void {
  if (info.text !== request.text)
    throw errors.classMismatch(request.type, 'a class with other methods on that thread')
}

export { classInfo, Target }
