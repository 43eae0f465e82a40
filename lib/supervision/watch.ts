// Who watches whom (contract 5.4). The watcher's thread has the list that counts: a signal is given once for each entry.

import {
  type ActorHost,
  type ActorRef,
  type LossReason,
  refOf,
  type StopReason,
  Terminated,
} from '../actor/index.js'
import { type Cell, POOL_SLOT, SIGNALLED, StandIn, type Target, targetOf } from '../engine/index.js'

/** Asks of another thread's part. */
export interface WatchRequest {
  readonly operation: 'watch' | 'unwatch'
  readonly index: number
  readonly generation: number
  readonly watcher: ActorRef
}

export interface TerminatedNotice {
  readonly operation: 'terminated'
  readonly index: number
  readonly generation: number
  readonly which: ActorRef
  readonly reason: StopReason | LossReason
}

export interface PoolClosed {
  readonly operation: 'poolClosed'
  readonly pool: number
}

type Ask = (slot: number, request: WatchRequest | TerminatedNotice) => Promise<unknown>

export class Watches {
  readonly #host: ActorHost
  readonly #ask: Ask
  /** By watcher of this thread. */
  readonly #watching = new Map<Cell, Map<number, Target>>()
  /** By actor of this thread, or of a pool that this thread knows of. */
  readonly #watchers = new Map<Cell, Set<ActorRef>>()

  constructor(host: ActorHost, ask: Ask) {
    this.#host = host
    this.#ask = ask
  }

  async watch(watcher: Cell, target: Target): Promise<void> {
    let targets = this.#watching.get(watcher)
    if (targets === undefined) {
      targets = new Map()
      this.#watching.set(watcher, targets)
    }
    if (targets.has(keyOf(target))) return
    targets.set(keyOf(target), target)
    await this.#register(watcher, target)
  }

  unwatch(watcher: Cell, target: Target): void {
    const targets = this.#watching.get(watcher)
    if (targets?.delete(keyOf(target)) !== true) return
    if (targets.size === 0) this.#watching.delete(watcher)
    const { cell, slot } = target
    if (cell !== undefined) this.remove(cell, refOf(this.#host, watcher.target))
    else if (slot !== POOL_SLOT)
      this.#ask(slot, this.#request('unwatch', watcher, target)).catch(() => undefined)
  }

  /** Another instance takes the watcher's place, or none: it watches nobody. */
  forget(watcher: Cell): void {
    for (const target of this.#watching.get(watcher)?.values() ?? []) this.unwatch(watcher, target)
  }

  /** An actor of this thread has one more watcher, on whatever thread; true, for the asker. */
  add(cell: Cell, watcher: ActorRef): boolean {
    const watchers = this.#watchers.get(cell)
    if (watchers === undefined) {
      this.#watchers.set(cell, new Set([watcher]))
      if (cell.instance instanceof StandIn) cell.instance.watched()
    } else watchers.add(watcher)
    return true
  }

  remove(cell: Cell, watcher: ActorRef): void {
    const watchers = this.#watchers.get(cell)
    watchers?.delete(watcher)
    if (watchers?.size !== 0) return
    this.#watchers.delete(cell)
    if (cell.instance instanceof StandIn) cell.instance.unwatched()
  }

  /** An actor of this thread is gone for good. */
  ended(cell: Cell, reason: StopReason | LossReason): void {
    const watchers = this.#watchers.get(cell)
    if (watchers === undefined) return
    this.#watchers.delete(cell)
    const which = refOf(this.#host, cell.target)
    for (const watcher of watchers) {
      const { slot, index, generation } = targetOf(watcher) as Target
      const notice: TerminatedNotice = { operation: 'terminated', index, generation, which, reason }
      if (slot !== this.#host.thread.slot) {
        this.#ask(slot, notice).catch(() => undefined)
        continue
      }
      const here = this.#host.thread.cells[index]
      if (here?.generation === generation) this.told(here, notice)
    }
  }

  /** For a watcher of this thread. */
  told(watcher: Cell, { which, reason }: TerminatedNotice): void {
    this.#signal(watcher, targetOf(which) as Target, reason)
  }

  /** Actors of a thread that died: those that are gone are told of; those that come back are watched again. */
  threadDied(isOf: (target: Target) => boolean): void {
    for (const [watcher, targets] of this.#watching) {
      for (const target of targets.values()) {
        if (!isOf(target)) continue
        if (target.gone) this.#signal(watcher, target, 'thread-died')
        else void this.#register(watcher, target)
      }
    }
  }

  /** A pool has no instance left. */
  poolClosed(pool: number): void {
    for (const [watcher, targets] of this.#watching)
      for (const target of targets.values())
        if (target.slot === POOL_SLOT && target.index === pool) this.#signal(watcher, target, 'stopped')
  }

  async #register(watcher: Cell, target: Target): Promise<void> {
    if (target.gone) return this.#signal(watcher, target, 'stopped')
    if (target.slot === POOL_SLOT) return // its end is told to every thread
    if (target.cell !== undefined) {
      this.add(target.cell, refOf(this.#host, watcher.target))
      return
    }
    // A thread that dies meanwhile tells so: what is to be done then, threadDied does.
    const request = this.#request('watch', watcher, target)
    const isThere = await this.#ask(target.slot, request).catch(() => true)
    if (isThere !== true) this.#signal(watcher, target, 'stopped')
  }

  #request(operation: WatchRequest['operation'], watcher: Cell, target: Target): WatchRequest {
    const { index, generation } = target
    return { operation, index, generation, watcher: refOf(this.#host, watcher.target) }
  }

  #signal(watcher: Cell, target: Target, reason: Terminated['reason']): void {
    const targets = this.#watching.get(watcher)
    if (targets?.delete(keyOf(target)) !== true) return
    if (targets.size === 0) this.#watching.delete(watcher)
    if (watcher.closed) return
    this.#host.thread.pushLocal(watcher, SIGNALLED, new Terminated(refOf(this.#host, target), reason))
  }
}

/** What is gone may have had another target in the meantime, but no two actors of a slot share a generation. */
function keyOf({ slot, generation }: Target): number {
  return slot * 2 ** 32 + (generation >>> 0)
}
