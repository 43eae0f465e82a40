// The system's own actor on each thread, at index 0: what one thread asks of another about its actors.

import type { ActorRef } from '../actor/index.js'
import {
  type ActorHost,
  type ActorRecord,
  adoptActor,
  type ClassInfo,
  classInfo,
  forgetChild,
  loadClass,
  refOf,
  type Start,
  startActor,
  stopActor,
} from '../actor/index.js'
import {
  type Cell,
  type CellOptions,
  type Method,
  PAUSED_RESTARTING,
  PAUSED_STARTING,
  Target,
  targetOf,
} from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { Logger } from '../options.js'
import {
  type Failure,
  type RestartSpec,
  Supervised,
  type SupervisionRequest,
  type Supervisor,
  supervisedBy,
} from '../supervision/index.js'
import type { SystemEvent } from './events.js'
import { KeptActors, type KeptRequest, type Revival } from './kept.js'

/** Calls of an agent, by number. */
export const AGENT_SPAWN = 1
export const AGENT_STOP = 2
export const AGENT_LOOKUP = 3
export const AGENT_STOP_ALL = 4
export const AGENT_EVENTS = 5
export const AGENT_CHILD_STOPPED = 6
export const AGENT_LOG = 7
export const AGENT_UNMANNED = 8
export const AGENT_SUPERVISION = 9
export const AGENT_DESCRIBE = 10
export const AGENT_KEPT = 11

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
  readonly restarts: RestartSpec
  /** Of this spawn alone. */
  readonly key: string
}

/** What an actor's own thread says of it. */
export interface LocalDescription {
  readonly name: string | undefined
  readonly type: string
  readonly parent: ActorRef | undefined
  readonly children: readonly ActorRef[]
  readonly status: ActorStatus
  readonly waiting: number
  readonly underWay: number
  readonly restarts: number
  readonly lastFailure: Failure | undefined
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
  /** On the host: what the others' actors are made again from. */
  readonly kept: KeptActors = new KeptActors()
  /** Actors of this thread that outlived the one before, until they are made again, or given up. */
  readonly #revivals = new Map<Cell, Promise<void>>()
  /** By slot: actors with a lower generation died with their thread. */
  readonly #deaths = new Map<number, number>()
  /** At a shutdown: the actors to stop, in the order in which they started. */
  #left: Cell[] = []
  readonly #host: ActorHost
  readonly #supervisor: Supervisor
  readonly #onEvents: (events: readonly SystemEvent[]) => void

  constructor(host: ActorHost, supervisor: Supervisor, onEvents: (events: readonly SystemEvent[]) => void) {
    this.#host = host
    this.#supervisor = supervisor
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
      (since: number) => this.#stopAll(since),
      (events: readonly SystemEvent[]) => this.#onEvents(events),
      // Behind what its spawn's answer set off: only then does the parent know of the child.
      (given: ChildStopped) => void setImmediate(() => this.#forgetChild(given)),
      ({ level, fields, message }: LogLine) => this.#host.logger[level](fields, message),
      (slot: number) => this.#host.thread.agentGone(slot),
      (request: SupervisionRequest) => this.#supervise(request),
      (at: { index: number; generation: number }) => this.#describe(at.index, at.generation),
      (request: KeptRequest) => {
        if (request.operation === 'restarted') this.#onEvents([{ name: 'restart', data: request.event }])
        return this.kept.asked(request)
      },
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
    cell.kept = true // the next thread has one of the same address, which takes up what this one has not begun
    return cell
  }

  /** Makes the actors again that outlived the thread before this one, first started first. */
  reviveAll(): void {
    const cells = this.#host.thread.reserve().sort((a, b) => a.generation - b.generation)
    for (const cell of cells)
      this.#revivals.set(
        cell,
        this.#revive(cell).finally(() => this.#revivals.delete(cell)),
      )
  }

  async #revive(cell: Cell): Promise<void> {
    const { logger } = this.#host
    let revival: Revival | undefined
    try {
      revival = await this.#askHost('claim', cell)
      if (revival === undefined || this.#isOrphan(revival.request)) return this.#giveUp(cell, revival)
      const { request, restarts, times, error } = revival
      const info = await loadClass(request.moduleUrl, request.type)
      checkSame(info, request)
      if (cell.closed) return
      adoptActor(
        this.#host,
        cell,
        this.#startOf(info, request, request.args, new Supervised(request.restarts, times, restarts)),
      )
      this.#supervisor.outlived(cell, error)
    } catch (err) {
      const actor = refOf(this.#host, cell.target).toString()
      logger.error({ err, actor }, `${actor} could not be made again, and stops for good`)
      this.#giveUp(cell, revival)
    }
  }

  /** It has outlived its thread, but is not made again. */
  #giveUp(cell: Cell, revival: Revival | undefined): void {
    const { thread } = this.#host
    const { slot, index, generation } = cell.target
    if (cell.closed) return
    for (const [on, at, of, , name] of thread.port.listNames())
      if (on === slot && at === index && of === generation)
        thread.port.removeName(name, slot, index, generation)
    cell.pool = revival?.request.pool ?? 0
    thread.close(cell)
    this.#host.ended(cell, 'failed')
  }

  /** Its parent has died with another thread. */
  #isOrphan({ parent }: SpawnRequest): boolean {
    if (parent === undefined) return false
    const { slot, generation } = targetOf(parent) as Target
    return generation - (this.#deaths.get(slot) ?? generation) < 0
  }

  threadDied(slot: number, before: number): void {
    this.#deaths.set(slot, before)
    this.kept.threadDied(slot, before)
  }

  /** That spawn has failed with its thread: should the actor be there all the same, it is nobody's. */
  async disown(key: string): Promise<void> {
    const { thread } = this.#host
    const disown: KeptRequest = { operation: 'disown', slot: thread.slot, key }
    const at = (await thread.askSystem(
      thread.targetAt(0, 0, 0, 0),
      AGENT_KEPT,
      disown,
      Number.POSITIVE_INFINITY,
    )) as { slot: number; place: Place } | undefined
    if (at === undefined) return
    const [index, generation] = at.place
    const request: StopRequest = { index, generation, drain: false }
    const agent = thread.targetAt(at.slot, 0, 0, 0)
    await thread.askSystem(agent, AGENT_STOP, request, Number.POSITIVE_INFINITY).catch(() => undefined)
  }

  #askHost(operation: 'claim', { generation }: Cell): Promise<Revival | undefined> {
    const { thread } = this.#host
    const request: KeptRequest = { operation, slot: thread.slot, generation }
    return thread.askSystem(
      thread.targetAt(0, 0, 0, 0),
      AGENT_KEPT,
      request,
      Number.POSITIVE_INFINITY,
    ) as Promise<Revival | undefined>
  }

  /** The host hears it, even should this thread die right after. */
  tellHost(request: KeptRequest): void {
    const { thread } = this.#host
    thread.sender.signal(thread.targetAt(0, 0, 0, 0), AGENT_KEPT, request)
    thread.sender.flush()
  }

  /** Starts an actor of this thread; a promise where its onStart is asynchronous. */
  start(start: Start): Place | Promise<Place> {
    const started = startActor(this.#host, start)
    return started instanceof Promise ? started.then(placeOf) : placeOf(started)
  }

  /**
   * Starts an actor of a class; each time that it is made, its constructor gets its own copy of the arguments.
   * @param args of this thread's own
   */
  startClass(
    info: ClassInfo,
    request: SpawnRequest,
    args: readonly unknown[] = request.args,
  ): Place | Promise<Place> {
    const place = this.start(this.#startOf(info, request, args, supervisedBy(request.restarts)))
    if (!this.#outlives(info, request)) return place
    return Promise.resolve(place).then(async (there) => {
      await this.#keep(there, request)
      return there
    })
  }

  #startOf(
    info: ClassInfo,
    { name, parent, options, pool, permits, restarts }: SpawnRequest,
    args: readonly unknown[],
    supervision: Supervised | undefined,
  ): Start {
    const { thread } = this.#host
    const Class = info.Class as new (...args: unknown[]) => object
    const make = isMadeAgain(restarts) ? () => new Class(...thread.copyList(args)) : () => new Class(...args)
    return { info, make, options, name, parent, pool, permits, supervision }
  }

  /** The death of this thread is a failure that it is made again after; with a parent here, its parent makes it anew. */
  #outlives({ moduleUrl }: ClassInfo, { restarts, parent }: SpawnRequest): boolean {
    const { slot } = this.#host.thread
    if (slot === 0 || moduleUrl === undefined || !isMadeAgain(restarts)) return false
    return parent === undefined || targetOf(parent)?.slot !== slot
  }

  async #keep(place: Place, request: SpawnRequest): Promise<void> {
    const { thread } = this.#host
    const { slot } = thread
    const [index, generation] = place
    const cell = thread.cells[index]
    if (cell?.generation !== generation) return
    try {
      const keep: KeptRequest = { operation: 'keep', slot, place, request }
      await thread.askSystem(thread.targetAt(0, 0, 0, 0), AGENT_KEPT, keep, Number.POSITIVE_INFINITY)
    } catch (error) {
      await stopActor(this.#host, cell, false, 'stopped')
      throw error
    }
    if (cell.closed) this.tellHost({ operation: 'drop', slot, generation })
    else thread.keep(cell)
  }

  /** It is gone for good. */
  ended(cell: Cell): void {
    if (!cell.kept || cell.index === 0 || this.#host.thread.stopped) return
    this.tellHost({ operation: 'drop', slot: this.#host.thread.slot, generation: cell.generation })
  }

  /** That actor, when it has been made again, or given up, should it have outlived its thread. */
  async #revived(index: number): Promise<void> {
    const cell = this.#host.thread.cells[index]
    if (cell !== undefined) await this.#revivals.get(cell)
  }

  #supervise(request: SupervisionRequest): unknown {
    if (this.#revivals.size === 0 || request.operation === 'poolClosed' || request.operation === 'watch')
      return this.#supervisor.asked(request)
    return this.#revived(request.index).then(() => this.#supervisor.asked(request))
  }

  /**
   * Stops the actors of this thread that started in or after that millisecond, each with its children before it.
   * @returns when the last one of those that are left started, -1 where none is
   */
  async #stopAll(since: number): Promise<number> {
    await Promise.all(this.#revivals.values())
    const stops: Promise<void>[] = []
    for (let last = this.#lastLeft(); last !== undefined && startOf(last) >= since; last = this.#lastLeft()) {
      this.#left.pop()
      stops.push(stopActor(this.#host, last, true, 'shutdown'))
    }
    await Promise.all(stops)
    const next = this.#lastLeft()
    return next === undefined ? -1 : startOf(next)
  }

  /** The actor that started last and has not been stopped yet: children are their parents' to stop, unless those are gone. */
  #lastLeft(): Cell | undefined {
    for (let last = this.#left.at(-1); last !== undefined; last = this.#left.at(-1)) {
      if (!last.closed && (last.actor as ActorRecord).stopping === undefined) return last
      this.#left.pop()
    }
    const cells = this.#host.thread.cells.filter(
      (cell): cell is Cell => cell?.actor !== undefined && (cell.actor as ActorRecord).stopping === undefined,
    )
    const roots = cells.filter((cell) => (cell.actor as ActorRecord).parent === undefined)
    this.#left = (roots.length > 0 ? roots : cells).sort((a, b) => a.generation - b.generation)
    return this.#left.at(-1)
  }

  async #spawn(request: SpawnRequest): Promise<Place> {
    const info = await loadClass(request.moduleUrl, request.type)
    checkSame(info, request)
    const place = await this.startClass(info, request)
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
    await this.#revived(index)
    const cell = this.#host.thread.cells[index]
    if (cell === undefined || cell.generation !== generation || index === 0) return false
    await stopActor(this.#host, cell, drain, 'stopped')
    return true
  }

  async #describe(index: number, generation: number): Promise<LocalDescription | undefined> {
    const { thread } = this.#host
    await this.#revived(index)
    const cell = thread.cells[index]
    if (cell === undefined || cell.generation !== generation || index === 0) return undefined
    const { name, info, parent, children = [], stopping, supervision } = cell.actor as ActorRecord
    const { restarts = 0, lastFailure } = (supervision as Supervised | undefined) ?? {}
    return {
      name,
      type: info.type,
      parent,
      children: [...children],
      status: stopping !== undefined ? 'stopping' : statusOf(cell),
      waiting: cell.depth + (cell.native ? thread.port.depth(index) : 0),
      underWay: cell.running,
      restarts,
      lastFailure,
    }
  }

  #lookup(index: number, generation: number): number {
    const cell = this.#host.thread.cells[index]
    if (cell === undefined || cell.generation !== generation || index === 0) return -1
    this.#host.thread.expose(cell.target)
    return cell.target.classId
  }
}

function placeOf({ index, generation, target }: Cell): Place {
  return [index, generation, target.classId]
}

function startOf({ actor }: Cell): number {
  return (actor as ActorRecord).startedMs
}

/** What an actor is at. */
export type ActorStatus = 'starting' | 'running' | 'restarting' | 'stopping'

function statusOf({ paused }: Cell): ActorStatus {
  if ((paused & PAUSED_RESTARTING) !== 0) return 'restarting'
  return (paused & PAUSED_STARTING) !== 0 ? 'starting' : 'running'
}

/** Anything that may run its constructor again. */
function isMadeAgain({ policy }: RestartSpec): boolean {
  return policy !== 'never'
}

function checkSame(info: ClassInfo, request: SpawnRequest): void {
  if (info.text !== request.text)
    throw errors.classMismatch(request.type, 'a class with other methods on that thread')
}

export { classInfo, Target }
