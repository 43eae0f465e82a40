// The system's own actor on each thread, at index 0: what one thread asks of another about its actors.

import {
  type ActorHost,
  type ActorRecord,
  type ClassInfo,
  forgetChild,
  loadClass,
  type Start,
  startActor,
  stopActor,
} from '../actor/index.js'
import { type Cell, type Method, PAUSED_RESTARTING, PAUSED_STARTING, StandIn } from '../engine/index.js'
import { errors } from '../errors/index.js'
import {
  isMadeAgain,
  type Supervised,
  type SupervisionRequest,
  type Supervisor,
  supervisedBy,
} from '../supervision/index.js'
import type { SystemEvent } from './events.js'
import { KeptActors, type KeptRequest } from './kept.js'
import { Outliving } from './outliving.js'
import { type ReportRequest, reportOf } from './reports.js'
import type {
  ActorStatus,
  ChildStopped,
  LocalDescription,
  LogLine,
  Place,
  SpawnRequest,
  StopRequest,
} from './requests.js'

/** Who hears what is not about actors of this thread. */
interface Tell {
  readonly events: (events: readonly SystemEvent[]) => void
  readonly net: (request: unknown) => unknown
}

export class Agent {
  /** On the host: what the others' actors are made again from. */
  readonly kept: KeptActors = new KeptActors()
  /** Those of this thread. */
  readonly outliving: Outliving
  /** At a shutdown: the actors to stop, in the order in which they started. */
  #left: Cell[] = []
  readonly #host: ActorHost
  readonly #supervisor: Supervisor
  readonly #tell: Tell

  constructor(host: ActorHost, supervisor: Supervisor, tell: Tell) {
    this.#host = host
    this.#supervisor = supervisor
    this.#tell = tell
    this.outliving = new Outliving(host, supervisor, async (request, supervision) =>
      this.#startOf(await loadSame(request), request, request.args, supervision),
    )
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
      (events: readonly SystemEvent[]) => this.#tell.events(events),
      // Behind what its spawn's answer set off: only then does the parent know of the child.
      (given: ChildStopped) => void setImmediate(() => this.#forgetChild(given)),
      ({ level, fields, message }: LogLine) => this.#host.logger[level](fields, message),
      (slot: number) => this.#host.thread.agentGone(slot),
      (request: SupervisionRequest) => this.#supervise(request),
      (at: { index: number; generation: number }) => this.#describe(at.index, at.generation),
      (request: KeptRequest) => {
        if (request.operation === 'restarted') this.#tell.events([{ name: 'restart', data: request.event }])
        return this.kept.asked(request)
      },
      (request: unknown) => this.#tell.net(request),
      (request: ReportRequest) => reportOf(this.#host, request, statusOf),
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
    if (info.moduleUrl === undefined || !this.outliving.is(request)) return place
    return Promise.resolve(place).then(async (there) => {
      await this.outliving.keep(there, request)
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

  #supervise(request: SupervisionRequest): unknown {
    if (this.outliving.isDone || request.operation === 'poolClosed' || request.operation === 'watch')
      return this.#supervisor.asked(request)
    return this.outliving.revived(request.index).then(() => this.#supervisor.asked(request))
  }

  /**
   * Stops the actors of this thread that started in or after that millisecond, each with its children before it.
   * @returns when the last one of those that are left started, -1 where none is
   */
  async #stopAll(since: number): Promise<number> {
    await this.outliving.allRevived()
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
    const place = await this.startClass(await loadSame(request), request)
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
    await this.outliving.revived(index)
    const cell = this.#host.thread.cells[index]
    if (cell === undefined || cell.generation !== generation || index === 0) return false
    if (cell.instance instanceof StandIn) return cell.instance.stop(drain)
    await stopActor(this.#host, cell, drain, 'stopped')
    return true
  }

  async #describe(index: number, generation: number): Promise<LocalDescription | undefined> {
    const { thread } = this.#host
    await this.outliving.revived(index)
    const cell = thread.cells[index]
    if (cell === undefined || cell.generation !== generation || index === 0) return undefined
    if (cell.instance instanceof StandIn)
      return cell.instance.describe() as Promise<LocalDescription | undefined>
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

function statusOf({ paused }: Cell): ActorStatus {
  if ((paused & PAUSED_RESTARTING) !== 0) return 'restarting'
  return (paused & PAUSED_STARTING) !== 0 ? 'starting' : 'running'
}

/** The class, which is the one that whoever spawns knows. */
async function loadSame({ moduleUrl, type, text }: SpawnRequest): Promise<ClassInfo> {
  const info = await loadClass(moduleUrl, type)
  if (info.text !== text) throw errors.classMismatch(type, 'a class with other methods on that thread')
  return info
}
