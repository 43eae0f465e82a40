// One thread's supervision (contract, section 5): which of its actors are made again, when, and who is told that one is gone.

import {
  type ActorHost,
  type ActorRecord,
  type ActorRef,
  classify,
  haltActor,
  refOf,
  reviveActor,
  stopActor,
} from '../actor/index.js'
import {
  type Cell,
  type Clock,
  isThenable,
  PAUSED_RESTARTING,
  PAUSED_STARTING,
  PAUSED_STOPPING,
  type Target,
  targetOf,
} from '../engine/index.js'
import { isAnswer, PulsingSystemError } from '../errors/index.js'
import { RestartHistory, type RestartSpec } from './policy.js'
import { type PoolClosed, type TerminatedNotice, Watches, type WatchRequest } from './watch.js'

/** How long a restart waits for what an instance does at its end. */
const LONGEST_HALT_MS = 5000

/** The last failure of an actor, for describe. */
export interface Failure {
  readonly error: Error
  readonly at: Date
}

/** What is kept of an actor that can be made again, or whose parent wants to know. */
export class Supervised {
  readonly spec: RestartSpec
  readonly history: RestartHistory
  restarts: number
  lastFailure: Failure | undefined = undefined

  /** times and restarts: those of earlier lives, on threads that have died. */
  constructor(spec: RestartSpec, times?: readonly number[], restarts = 0) {
    this.spec = spec
    this.history = new RestartHistory(spec, times)
    this.restarts = restarts
  }
}

/** Undefined where nothing is to be kept. */
export function supervisedBy(spec: RestartSpec): Supervised | undefined {
  const { policy, strategy, group } = spec
  return policy === 'never' && strategy === undefined && group === undefined
    ? undefined
    : new Supervised(spec)
}

/** Of a child whose siblings are made again with it, to its parent's thread. */
interface ChildFailed {
  readonly operation: 'childFailed'
  readonly index: number
  readonly generation: number
  readonly child: ActorRef
  readonly delayMs: number
}

/** A child has stopped for good, having failed too often. */
interface Escalated {
  readonly operation: 'escalated'
  readonly index: number
  readonly generation: number
  readonly child: ActorRef
  readonly error: Error
}

/** To a sibling's thread. */
interface Group {
  readonly operation: 'halt' | 'revive'
  readonly index: number
  readonly generation: number
}

export type SupervisionRequest =
  | ChildFailed
  | Escalated
  | Group
  | WatchRequest
  | TerminatedNotice
  | PoolClosed

/** What the system does for it. */
export interface SupervisorHost extends ActorHost {
  /** Another thread's part is asked. */
  askSupervisor(slot: number, request: SupervisionRequest): Promise<unknown>
  /** An actor of this thread is made again, after so many milliseconds; error: undefined where it stopped itself. */
  restarted(cell: Cell, supervised: Supervised, error: Error | undefined, delayMs: number): void
}

export class Supervisor {
  readonly #host: SupervisorHost
  readonly watches: Watches
  /** Restarts of groups under way, by parent. */
  readonly #groups = new WeakMap<Cell, Promise<void>>()

  constructor(host: SupervisorHost) {
    this.#host = host
    this.watches = new Watches(host, (slot, request) => host.askSupervisor(slot, request))
  }

  /** What another thread's part asks. */
  asked(request: SupervisionRequest): unknown {
    if (request.operation === 'poolClosed') return this.watches.poolClosed(request.pool)
    const cell = this.#host.thread.cells[request.index]
    if (cell === undefined || cell.generation !== request.generation) return undefined
    switch (request.operation) {
      case 'watch':
        return this.watches.add(cell, request.watcher)
      case 'unwatch':
        return this.watches.remove(cell, request.watcher)
      case 'terminated':
        return this.watches.told(cell, request)
      case 'halt':
        return this.#haltSibling(cell)
      case 'revive':
        return this.#revive(cell)
      case 'childFailed':
        return this.#groupLater(cell, request.child, request.delayMs)
      case 'escalated':
        return this.#escalated(cell, request.child, request.error)
    }
  }

  /** A method failed, and its caller has been told (contract 4.5). */
  failed(cell: Cell, error: Error): void {
    if (!(error instanceof PulsingSystemError) || isAnswer(error)) return
    const supervised = supervisedOf(cell)
    if (error.recoverable && (supervised === undefined || supervised.spec.policy === 'never')) return
    this.#fail(cell, error)
  }

  /** onSignal, whose throw is a failure. */
  signal(cell: Cell, value: unknown): Promise<void> | undefined {
    const { onSignal } = cell.instance as { onSignal?: (signal: unknown) => unknown }
    if (typeof onSignal !== 'function') return undefined
    const { life } = cell
    const failed = (thrown: unknown) => {
      if (cell.life === life) this.#fail(cell, classify(thrown))
    }
    try {
      const done = onSignal.call(cell.instance, value)
      return isThenable(done) ? Promise.resolve(done).then(() => undefined, failed) : undefined
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  /** Contract 5.1: where it is always made again, its own stop is one more reason to. */
  stopFromInside(cell: Cell): void {
    const supervised = supervisedOf(cell)
    const { stopping, info } = cell.actor as ActorRecord
    const isUp = (cell.paused & (PAUSED_STARTING | PAUSED_RESTARTING)) === 0
    if (supervised?.spec.policy !== 'always' || stopping !== undefined || !isUp) {
      void this.#host.stop(cell.target, undefined).catch(() => undefined)
      return
    }
    const { thread } = this.#host
    thread.pause(cell, PAUSED_RESTARTING)
    const begin = () => {
      if (!cell.closed) this.#restart(cell, supervised, undefined)
    }
    // Behind the message in hand; of an Actor that is its promise too.
    queueMicrotask(() => {
      if (!info.serial || cell.running === 0) return begin()
      cell.draining = {
        left: 0,
        done: () => {
          cell.draining = undefined
          begin()
        },
      }
    })
  }

  /** An actor that outlived its thread, which is a failure like another (contract 5.2). It has no instance. */
  outlived(cell: Cell, error: Error): void {
    const supervised = supervisedOf(cell) as Supervised
    supervised.lastFailure = { error, at: new Date() }
    this.#restart(cell, supervised, error)
  }

  // --- failures

  #fail(cell: Cell, error: Error): void {
    const record = cell.actor as ActorRecord
    if (cell.closed || record.retired || (cell.paused & PAUSED_RESTARTING) !== 0) return
    const supervised = supervisedOf(cell)
    if (supervised === undefined) return this.#stopForGood(cell, error)
    supervised.lastFailure = { error, at: new Date() }
    this.#restart(cell, supervised, error)
  }

  /** error: undefined where it stopped itself. */
  #restart(cell: Cell, supervised: Supervised, error: Error | undefined): void {
    const { spec, history } = supervised
    const delayMs =
      spec.policy === 'never' ? undefined : history.next(this.#host.thread.clock.date(), Math.random())
    if (delayMs === undefined) {
      this.#stopForGood(cell, error)
      if (spec.policy !== 'never') this.#escalate(cell, supervised, error)
      return
    }
    supervised.restarts++
    const self = refOf(this.#host, cell.target)
    this.#host.restarted(cell, supervised, error, delayMs)
    const halted = haltActor(this.#host, cell, error === undefined ? 'stopped' : 'failed')
    const { parent } = cell.actor as ActorRecord
    if (parent !== undefined && spec.group !== undefined && spec.group !== 'one-for-one') {
      void withinMs(halted, LONGEST_HALT_MS).then(() =>
        this.#askOf(parent, (index, generation) => ({
          operation: 'childFailed',
          index,
          generation,
          child: self,
          delayMs,
        })),
      )
    } else if (halted === undefined && delayMs === 0) queueMicrotask(() => void this.#revive(cell))
    else
      void withinMs(halted, LONGEST_HALT_MS)
        .then(() => sleep(this.#host.thread.clock, delayMs))
        .then(() => this.#revive(cell))
  }

  #stopForGood(cell: Cell, error: Error | undefined): void {
    const actor = refOf(this.#host, cell.target).toString()
    this.#host.logger.error({ err: error, actor }, `${actor} has failed, and stops for good`)
    this.#host.thread.pause(cell, PAUSED_STOPPING)
    // A stop that waits for what is to be handled first waits in vain.
    cell.draining?.done()
    void stopActor(this.#host, cell, false, 'failed')
  }

  #escalate(cell: Cell, { spec }: Supervised, error: Error | undefined): void {
    const { parent } = cell.actor as ActorRecord
    if (parent === undefined || spec.group === undefined) return
    const child = refOf(this.#host, cell.target)
    const why = error ?? new PulsingSystemError('it stopped itself more often than it may be made again')
    void this.#askOf(parent, (index, generation) => ({
      operation: 'escalated',
      index,
      generation,
      child,
      error: why,
    }))
  }

  #escalated(parent: Cell, child: ActorRef, cause: Error): void {
    const error = new PulsingSystemError(`Its child ${child} failed too often: ${cause.message}`, {
      recoverable: false,
      cause,
    })
    this.#fail(parent, error)
  }

  async #revive(cell: Cell): Promise<void> {
    if (cell.closed || (cell.paused & PAUSED_RESTARTING) === 0) return
    try {
      await reviveActor(this.#host, cell)
    } catch (thrown) {
      const supervised = supervisedOf(cell)
      if (cell.closed || supervised === undefined) return
      const error = classify(thrown)
      supervised.lastFailure = { error, at: new Date() }
      this.#restart(cell, supervised, error)
    }
  }

  // --- groups (contract 5.4)

  /** One after another: a child that fails while others are made again has its turn behind them. */
  #groupLater(parent: Cell, child: ActorRef, delayMs: number): void {
    const before = this.#groups.get(parent) ?? Promise.resolve()
    this.#groups.set(
      parent,
      before.then(() => this.#group(parent, child, delayMs)),
    )
  }

  async #group(parent: Cell, child: ActorRef, delayMs: number): Promise<void> {
    const { life } = parent
    const children = [...((parent.actor as ActorRecord).children ?? [])]
    const id = String(child.actorId)
    const at = children.findIndex((one) => String(one.actorId) === id)
    if (parent.closed) return
    const affected =
      supervisedOf(parent)?.spec.strategy === 'one-for-all' ? children : children.slice(Math.max(at, 0))
    for (const one of [...affected].reverse())
      if (String(one.actorId) !== id) await this.#askGroup(one, 'halt')
    await sleep(this.#host.thread.clock, delayMs)
    if (parent.closed || parent.life !== life) return
    for (const one of affected) await this.#askGroup(one, 'revive')
  }

  #askGroup(one: ActorRef, operation: Group['operation']): Promise<unknown> {
    return this.#askOf(one, (index, generation) => ({ operation, index, generation }))
  }

  /** Its sibling has failed. What is never made again stops for good. */
  #haltSibling(cell: Cell): Promise<void> | undefined {
    const supervised = supervisedOf(cell)
    if (supervised === undefined || supervised.spec.policy === 'never')
      return stopActor(this.#host, cell, false, 'stopped')
    return withinMs(haltActor(this.#host, cell, 'restarted'), LONGEST_HALT_MS)
  }

  #askOf(
    ref: ActorRef,
    request: (index: number, generation: number) => SupervisionRequest,
  ): Promise<unknown> {
    const { slot, index, generation } = targetOf(ref) as Target
    const asked =
      slot === this.#host.thread.slot
        ? Promise.resolve(this.asked(request(index, generation)))
        : this.#host.askSupervisor(slot, request(index, generation))
    return asked.catch(() => undefined)
  }
}

function supervisedOf(cell: Cell): Supervised | undefined {
  return (cell.actor as ActorRecord | undefined)?.supervision as Supervised | undefined
}

function sleep(clock: Clock, ms: number): Promise<void> | undefined {
  return ms === 0 ? undefined : new Promise((resolve) => void clock.setTimeout(resolve, ms).unref())
}

/** What takes longer is not waited for. */
async function withinMs(done: Promise<void> | undefined, ms: number): Promise<void> {
  if (done === undefined) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms).unref()
  })
  await Promise.race([done, late])
  clearTimeout(timer)
}
