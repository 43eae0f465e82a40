// One thread's part of a system: its engine thread, its agent, and the hooks by which the engine knows of actors.

import {
  type ActorRecord,
  ActorRef,
  classesOf,
  classify,
  contextOf,
  forgetChild,
  type LossReason,
  proxyOf,
  refOf,
  type StopReason,
  stopActor,
} from '../actor/index.js'
import {
  addon,
  type Cell,
  type Clock,
  DEAD_LETTERS,
  type Hooks,
  POOL_SLOT,
  type Port,
  RESTARTS,
  type Target,
  Thread,
  TracedThread,
  targetOf,
  UNOBSERVED,
  withoutTrace,
} from '../engine/index.js'
import { errors } from '../errors/index.js'
import type {
  Logger,
  RemoteOptions,
  ResolvedClusterOptions,
  SpawnOptions,
  StopOptions,
} from '../options/index.js'
import {
  type Supervised,
  type SupervisionRequest,
  Supervisor,
  type SupervisorHost,
} from '../supervision/index.js'
import { Agent } from './agent.js'
import { Events } from './events.js'
import {
  AGENT_CHILD_STOPPED,
  AGENT_NET,
  AGENT_SUPERVISION,
  type ChildStopped,
  NAMES_CHANGED,
} from './requests.js'
import type { Death } from './workers.js'

/** What an engine thread is told at its start. */
export interface ThreadData {
  readonly engine: number
  readonly slots: number
  readonly arena: SharedArrayBuffer
  readonly segmentBytes: number
  readonly maxMessageBytes: number
  readonly nodeId: string
  /** It was given its nodeId, and has the same when it starts again. */
  readonly hasGivenId: boolean
  /** Where the net thread is; -1 for a system that is no node of a cluster. */
  readonly netSlot: number
  /** Calls are counted. */
  readonly isObserved: boolean
  /** Calls carry the trace that they belong to. */
  readonly isTraced: boolean
  /** When the system was made: performance.timeOrigin + performance.now(), which is one clock for all threads. */
  readonly epochMs: number
}

/** What the net thread is told: who this node is, and what it is to do. */
export interface NodeOptions extends Omit<ResolvedClusterOptions, 'exportClasses'> {
  readonly exportClasses: readonly ExportedClass[]
}

/** A class that other nodes may spawn here, as text: the net thread loads no module of the user's. */
export interface ExportedClass {
  readonly key: string
  readonly type: string
  readonly moduleUrl: string
  readonly text: string
  readonly serial: boolean
  readonly options: RemoteOptions
}

/** On the net thread: what is done for the others about other nodes. */
export interface NetSide {
  /** A request of another thread, or its own. */
  asked(request: unknown): unknown
  namesChanged(): void
}

export interface SystemSide {
  readonly system: object
  stop(target: Target, options: StopOptions | undefined): Promise<void>
  spawn(what: object, options: SpawnOptions | undefined, parent: ActorRef | undefined): Promise<ActorRef>
  poolClosed(pool: number): void
}

/** The words of the control block that count events. */
const COUNTED = { deadLetter: DEAD_LETTERS, unobservedError: UNOBSERVED, restart: RESTARTS } as const

export class LocalThread implements SupervisorHost {
  readonly thread: Thread
  readonly nodeId: string
  readonly hasGivenId: boolean
  readonly netSlot: number
  readonly madeMs: number
  readonly logger: Logger
  readonly agent: Agent
  readonly supervisor: Supervisor = new Supervisor(this)
  readonly events: Events
  readonly slots: number
  /** Of those, the first: actors live there. */
  readonly actorSlots: number
  #side: SystemSide | undefined
  /** On the net thread alone. */
  net: NetSide | undefined = undefined
  #sayNames = false

  constructor(data: ThreadData, slot: number, logger: Logger, clock?: Clock) {
    this.nodeId = data.nodeId
    this.hasGivenId = data.hasGivenId
    this.netSlot = data.netSlot
    this.madeMs = data.epochMs - performance.timeOrigin
    this.logger = logger
    this.slots = data.slots
    this.actorSlots = data.netSlot < 0 ? data.slots : data.slots - 1
    this.events = new Events(logger, data.nodeId)
    this.thread = new (data.isTraced ? TracedThread : Thread)({
      attach: (run): Port | undefined => addon.attach(data.engine, slot, run),
      arena: data.arena,
      segmentBytes: data.segmentBytes,
      slot,
      slots: data.slots,
      maxMessageBytes: data.maxMessageBytes,
      netSlot: data.netSlot,
      hooks: this.#hooks(),
      isObserved: data.isObserved,
      isTraced: data.isTraced,
      clock,
    })
    this.agent = new Agent(this, this.supervisor, {
      events: (events) => this.events.received(events),
      net: (request) => this.#netAsked(request),
    })
    this.agent.open()
    this.events.count = (name) => {
      const { control } = this.thread
      control[COUNTED[name]] = (control[COUNTED[name]] as number) + 1
    }
  }

  /** The system of this thread; set once, right after both are made. */
  set side(side: SystemSide) {
    this.#side = side
  }

  get system(): object {
    return (this.#side as SystemSide).system
  }

  stop(target: Target, options: StopOptions | undefined): Promise<void> {
    return (this.#side as SystemSide).stop(target, options)
  }

  spawn(what: object, options: SpawnOptions | undefined, parent: ActorRef | undefined): Promise<ActorRef> {
    return (this.#side as SystemSide).spawn(what, options, parent)
  }

  /** The net thread is told, once a turn. Where there is none, nobody is. */
  #namesChanged(): void {
    const { thread } = this
    if (this.net !== undefined) return this.net.namesChanged()
    if (thread.netSlot < 0 || this.#sayNames) return
    this.#sayNames = true
    queueMicrotask(() => {
      this.#sayNames = false
      if (!thread.stopped) thread.sender.signal(this.agentOf(thread.netSlot), AGENT_NET, NAMES_CHANGED)
    })
  }

  #netAsked(request: unknown): unknown {
    if (this.net === undefined)
      throw errors.internal('a thread that is not the net thread was asked for nodes')
    return this.net.asked(request)
  }

  stopFromInside(cell: Cell): void {
    this.supervisor.stopFromInside(cell)
  }

  ended(cell: Cell, reason: StopReason | LossReason): void {
    this.agent.outliving.ended(cell)
    this.supervisor.watches.ended(cell, reason)
  }

  retired(cell: Cell): void {
    this.supervisor.watches.forget(cell)
  }

  watch(watcher: Cell, target: Target): Promise<void> {
    return this.supervisor.watches.watch(watcher, target)
  }

  unwatch(watcher: Cell, target: Target): void {
    this.supervisor.watches.unwatch(watcher, target)
  }

  askSupervisor(slot: number, request: SupervisionRequest): Promise<unknown> {
    return this.thread.askSystem(this.agentOf(slot), AGENT_SUPERVISION, request, Number.POSITIVE_INFINITY)
  }

  restarted(cell: Cell, supervised: Supervised, error: Error | undefined, delayMs: number): void {
    const { restarts, history } = supervised
    const event = { actor: this.nameOf(cell.target), error, restarts, delayMs }
    if (!cell.kept) return this.events.happened({ name: 'restart', data: event })
    this.events.count('restart')
    const { generation, target } = cell
    this.agent.outliving.tellHost({
      operation: 'restarted',
      slot: target.slot,
      generation,
      times: history.times,
      event,
    })
  }

  childStopped(parent: ActorRef, child: ActorRef): void {
    const target = targetOf(parent) as Target
    const record = target.cell?.actor as ActorRecord | undefined
    if (record !== undefined) {
      forgetChild(record, child)
      return
    }
    const { slot, index, generation } = target
    this.thread
      .askSystem(
        this.agentOf(slot),
        AGENT_CHILD_STOPPED,
        { index, generation, child } satisfies ChildStopped,
        Infinity,
      )
      .catch(() => undefined)
  }

  /** The children that died with a thread are no parent's any more. */
  forgetChildren(slot: number, before: number): void {
    for (const cell of this.thread.cells) {
      const children = (cell?.actor as ActorRecord | undefined)?.children
      if (children === undefined) continue
      for (const child of children) {
        const { slot: on, generation, gone } = targetOf(child) as Target
        if (on === slot && generation - before < 0 && gone) children.delete(child)
      }
    }
  }

  /** The agent of a slot. */
  agentOf(slot: number): Target {
    const own = this.thread.cells[0]
    return slot === this.thread.slot && own !== undefined ? own.target : this.thread.targetAt(slot, 0, 0, 0)
  }

  nameOf(target: Target): string {
    const cell = target.cell
    const record = cell?.actor as ActorRecord | undefined
    const id = target.slot === POOL_SLOT ? `pool ${target.index}` : refOf(this, target).actorId.toString()
    return record?.name === undefined ? id : `${record.name} (${id})`
  }

  /** On the host: the thread of that slot has ended. */
  died(slot: number, { error, code, culprit }: Death): void {
    this.agent.kept.died(slot, error)
    const { index, method } = this.thread.controls.ranLast(slot)
    const ran = { ...this.#whoIs(slot, index, method), type: undefined }
    const { actor, type, method: name } = culprit?.type === undefined ? ran : culprit
    this.events.died({ slot, error, actor, type, method: name }, code)
  }

  /** Of the actor whose message is being handled. */
  methodRunning({ target }: Cell): string {
    return this.#methodName(target, this.thread.controls.running(this.thread.slot).method)
  }

  /** Whose method a thread runs, as far as this one can tell. */
  whoRunsOn(slot: number): { actor: string | undefined; method: string | undefined } {
    const { index, method } = this.thread.controls.running(slot)
    return this.#whoIs(slot, index, method)
  }

  #whoIs(
    slot: number,
    index: number,
    method: number,
  ): { actor: string | undefined; method: string | undefined } {
    const { thread } = this
    if (index < 0) return { actor: undefined, method: undefined }
    const named = thread.port.listNames().find(([on, at]) => on === slot && at === index)
    const target = named === undefined ? thread.lastTarget(slot, index) : thread.targetAt(...firstFour(named))
    if (target === undefined) return { actor: `${slot}.${index}`, method: `method ${method}` }
    const id = refOf(this, target).actorId.toString()
    const actor = named === undefined ? id : `${named[4]} (${id})`
    return { actor, method: this.#methodName(target, method) }
  }

  #hooks(): Hooks {
    return {
      targetOf: (ref) => this.#targetOf(ref),
      refFor: (target) => refOf(this, target),
      proxyFor: (target) => proxyOf(this, target),
      contextOf: (cell) => contextOf(this, cell),
      methodName: (target, method) => this.#methodName(target, method),
      callName: ({ actor, target }, method) =>
        `${(actor as ActorRecord | undefined)?.info.type ?? 'system'}.${this.#methodName(target, method)}`,
      // What keeps an actor from starting rejects its spawn as it is, as on one thread.
      classify: (thrown, cell) => (isAgent(cell) ? (thrown as Error) : classify(thrown)),
      unobserved: (error, target, method) => {
        const actor = this.nameOf(target)
        this.events.happened({
          name: 'unobservedError',
          data: { actor, method: this.#methodName(target, method), error },
        })
      },
      signal: (cell, value) => this.supervisor.signal(cell, value),
      failed: (error, cell) => this.supervisor.failed(cell, error),
      deadLetter: (target, method, given, reason) => {
        const message = this.thread.isTraced ? withoutTrace(given) : given
        this.thread.tallies?.lost(reason)
        this.events.happened({
          name: 'deadLetter',
          data: { actor: this.nameOf(target), method: this.#methodName(target, method), message, reason },
        })
      },
      threadDied: (slot, before) => {
        const isOf = (target: Target) => target.slot === slot && target.generation - before < 0
        this.agent.outliving.threadDied(slot, before)
        this.agent.kept.threadDied(slot, before)
        this.forgetChildren(slot, before)
        this.#orphaned(isOf)
        this.net?.namesChanged()
        this.supervisor.watches.threadDied(isOf)
      },
      namesChanged: () => this.#namesChanged(),
      poolClosed: (pool, isOwn) => {
        this.supervisor.watches.poolClosed(pool)
        this.#side?.poolClosed(pool)
        if (!isOwn || this.thread.stopped) return
        for (let slot = 0; slot < this.slots; slot++)
          if (slot !== this.thread.slot)
            this.askSupervisor(slot, { operation: 'poolClosed', pool }).catch(() => undefined)
      },
    }
  }

  /** Their parent has died with its thread: they stop, as they do with their parent. */
  #orphaned(isOf: (target: Target) => boolean): void {
    for (const cell of this.thread.cells) {
      const parent = (cell?.actor as ActorRecord | undefined)?.parent
      if (cell !== undefined && parent !== undefined && isOf(targetOf(parent) as Target))
        void stopActor(this, cell, false, 'stopped')
    }
  }

  /** Another system's reference means nothing on this one's other threads. */
  #targetOf(ref: object): Target {
    const own = (ref as { ref?: unknown }).ref ?? ref
    if (!(own instanceof ActorRef) || ActorRef.hostOf(own) !== this)
      throw errors.notSerializable(String(own), 'it is of another system')
    return targetOf(ref) as Target
  }

  #methodName(target: Target, method: number): string {
    if (method === 0) return 'receive'
    if (target.index === 0 && target.slot !== POOL_SLOT) return 'system'
    if (target.classId === 0) return `method ${method}`
    return classesOf(this, target).description.methods[method - 1] ?? `method ${method}`
  }
}

function firstFour([slot, index, generation, classId]: [number, number, number, number, string]) {
  return [slot, index, generation, classId] as const
}

/** Of a cell that is of no actor of the user's. */
export function isAgent(cell: Cell): boolean {
  return cell.index === 0
}

export { errors }
