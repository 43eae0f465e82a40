// The actors of one engine thread that outlive it (contract 5.2): the host is told how they were spawned, and the thread that
// takes the slot over makes them again from that.

import { type ActorHost, adoptActor, refOf, type Start, stopActor } from '../actor/index.js'
import { type Cell, type Target, targetOf } from '../engine/index.js'
import { isMadeAgain, Supervised, type Supervisor } from '../supervision/index.js'
import type { KeptRequest, Revival } from './kept.js'
import { AGENT_KEPT, AGENT_STOP, type Place, type SpawnRequest, type StopRequest } from './requests.js'

/** Loads the class, and says how the actor is started. */
type Prepare = (request: SpawnRequest, supervision: Supervised) => Promise<Start>

export class Outliving {
  readonly #host: ActorHost
  readonly #supervisor: Supervisor
  readonly #prepare: Prepare
  /** Those that outlived the thread before this one, until they are made again, or given up. */
  readonly #revivals = new Map<Cell, Promise<void>>()
  /** By slot: actors with a lower generation died with their thread. */
  readonly #deaths = new Map<number, number>()

  constructor(host: ActorHost, supervisor: Supervisor, prepare: Prepare) {
    this.#host = host
    this.#supervisor = supervisor
    this.#prepare = prepare
  }

  // --- before the death

  /** The death of this thread is a failure that it is made again after; with a parent here, its parent makes it anew. */
  is({ restarts, parent }: SpawnRequest): boolean {
    const { slot } = this.#host.thread
    if (slot === 0 || !isMadeAgain(restarts)) return false
    return parent === undefined || targetOf(parent)?.slot !== slot
  }

  /** From here on the actor outlives this thread, should it still be there. */
  async keep(place: Place, request: SpawnRequest): Promise<void> {
    const { thread } = this.#host
    const { slot } = thread
    const [index, generation] = place
    const cell = thread.cells[index]
    if (cell?.generation !== generation) return
    try {
      await this.#askHost({ operation: 'keep', slot, place, request })
    } catch (error) {
      await stopActor(this.#host, cell, false, 'stopped')
      throw error
    }
    if (cell.closed) this.tellHost({ operation: 'drop', slot, generation })
    else thread.keep(cell)
  }

  /** It is gone for good. */
  ended({ kept, index, generation }: Cell): void {
    const { slot, stopped } = this.#host.thread
    if (kept && index !== 0 && !stopped) this.tellHost({ operation: 'drop', slot, generation })
  }

  /** The host hears it, even should this thread die right after. */
  tellHost(request: KeptRequest): void {
    const { thread } = this.#host
    thread.sender.signal(thread.targetAt(0, 0, 0, 0), AGENT_KEPT, request)
    thread.sender.flush()
  }

  /** That spawn has failed with its thread: should the actor be there all the same, it is nobody's. */
  async disown(key: string): Promise<void> {
    const { thread } = this.#host
    const at = (await this.#askHost({ operation: 'disown', slot: thread.slot, key })) as
      | { slot: number; place: Place }
      | undefined
    if (at === undefined) return
    const [index, generation] = at.place
    const request: StopRequest = { index, generation, drain: false }
    const agent = thread.targetAt(at.slot, 0, 0, 0)
    await thread.askSystem(agent, AGENT_STOP, request, Number.POSITIVE_INFINITY).catch(() => undefined)
  }

  #askHost(request: KeptRequest): Promise<unknown> {
    const { thread } = this.#host
    return thread.askSystem(thread.targetAt(0, 0, 0, 0), AGENT_KEPT, request, Number.POSITIVE_INFINITY)
  }

  // --- after it

  /** Makes the actors again that outlived the thread before this one, first started first. */
  reviveAll(): void {
    const cells = this.#host.thread.reserve().sort((a, b) => a.generation - b.generation)
    for (const cell of cells)
      this.#revivals.set(
        cell,
        this.#revive(cell).finally(() => this.#revivals.delete(cell)),
      )
  }

  /** None waits to be made again. */
  get isDone(): boolean {
    return this.#revivals.size === 0
  }

  /** That actor, when it has been made again, or given up, should it have outlived its thread. */
  async revived(index: number): Promise<void> {
    const cell = this.#host.thread.cells[index]
    if (cell !== undefined) await this.#revivals.get(cell)
  }

  async allRevived(): Promise<void> {
    await Promise.all(this.#revivals.values())
  }

  /** Another thread has died. */
  threadDied(slot: number, before: number): void {
    this.#deaths.set(slot, before)
  }

  async #revive(cell: Cell): Promise<void> {
    const { slot, generation } = cell.target
    let revival: Revival | undefined
    try {
      revival = (await this.#askHost({ operation: 'claim', slot, generation })) as Revival | undefined
      if (revival === undefined || this.#isOrphan(revival.request)) return this.#giveUp(cell, revival)
      const { request, restarts, times, error } = revival
      const start = await this.#prepare(request, new Supervised(request.restarts, times, restarts))
      if (cell.closed) return
      adoptActor(this.#host, cell, start)
      this.#supervisor.outlived(cell, error)
    } catch (err) {
      const actor = refOf(this.#host, cell.target).toString()
      this.#host.logger.error({ err, actor }, `${actor} could not be made again, and stops for good`)
      this.#giveUp(cell, revival)
    }
  }

  /** Its parent has died with another thread. */
  #isOrphan({ parent }: SpawnRequest): boolean {
    if (parent === undefined) return false
    const { slot, generation } = targetOf(parent) as Target
    return generation - (this.#deaths.get(slot) ?? generation) < 0
  }

  /** It has outlived its thread, but is not made again. */
  #giveUp(cell: Cell, revival: Revival | undefined): void {
    const { thread } = this.#host
    const { slot, index, generation } = cell.target
    if (cell.closed) return
    for (const [on, at, of, , name] of thread.port.listNames())
      if (on === slot && at === index && of === generation) thread.removeName(name, cell.target)
    cell.pool = revival?.request.pool ?? 0
    thread.close(cell)
    this.#host.ended(cell, 'failed')
  }
}
