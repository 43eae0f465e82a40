// What an actor knows of itself and its system.

import { CELL, type Cell, type Target, targetOf } from '../engine/index.js'
import { errors, reading } from '../errors/index.js'
import type { Logger, SpawnOptions } from '../options/index.js'
import type { ActorHost } from './host.js'
import { type OffloadOptions, offload } from './offload.js'
import { proxyOf, refOf, targetIn } from './proxy.js'
import type { ActorRecord } from './record.js'
import type { ActorRef } from './ref.js'
import type { SelfProxy } from './types.js'

/**
 * Handed to `onStart` and `receive` (contract, section 2). It is dead, like the instance, once the actor has stopped or
 * another instance has taken its place: `signal` is aborted then, and what it is asked for is ERR_PULSING_ACTOR_STOPPED.
 */
export class ActorContext {
  readonly #host: ActorHost
  readonly #cell: Cell
  #abort: AbortController | undefined
  #isOver = false

  /** @internal Made by the system. */
  constructor(host: ActorHost, cell: Cell) {
    this.#host = host
    this.#cell = cell
  }

  /** The actor's own reference. */
  get self(): ActorRef {
    return refOf(this.#host, this.#cell.target)
  }

  /** The system that it lives in: an ActorSystem. */
  get system(): object {
    return this.#host.system
  }

  /** The actor that spawned this one by `context.spawn`. */
  get parent(): ActorRef | undefined {
    return this.#record.parent
  }

  /** The actors that this one has spawned by `context.spawn`, oldest first. */
  get children(): readonly ActorRef[] {
    return [...(this.#record.children ?? [])]
  }

  /** Its name, where it has one. */
  get name(): string | undefined {
    return this.#record.name
  }

  /** Aborted when the actor stops, or is restarted. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#cell.closed || this.#isOver) this.#abort.abort()
    return this.#abort.signal
  }

  /** The system's logger. */
  get log(): Logger {
    return this.#host.logger
  }

  /**
   * Spawns a child: it stops before this actor does. Options and errors as ActorSystem.spawn.
   * @param what an instance, which lives on this thread, or a class
   */
  async spawn(what: object, options?: SpawnOptions): Promise<ActorRef> {
    this.#check('context.spawn')
    const child = await this.#host.spawn(what, options, this.self)
    const record = this.#record
    const target = targetOf(child) as Target
    if (this.#cell.closed || this.#isOver) {
      await this.#host.stop(target, undefined)
      this.#check('context.spawn')
    }
    if (target.gone) return child
    record.children ??= new Set()
    record.children.add(child)
    return child
  }

  /**
   * Runs a pure function that computes, in a thread that can be ended in the middle of a loop (contract, section 2): one of
   * piscina's, not an actor's. Arguments and result are copied by structured clone; references to actors can't go along.
   * When the actor stops, the function ends.
   * @param url of its module, as `new URL('./primes.js#count', import.meta.url)`; without `#`, the default export
   * @param args of the function
   * @param options.timeoutMs milliseconds it may take, Infinity unless set
   * @param options.signal aborted, it ends the function and rejects with its reason
   * @throws what the function threw; PulsingTimeoutError, ERR_PULSING_ACTOR_STOPPED, ERR_PULSING_MODULE_LOAD_FAILED,
   *   ERR_PULSING_NOT_SERIALIZABLE, ERR_PULSING_INVALID_ARGUMENT
   */
  offload<T = unknown>(
    url: string | URL,
    args: readonly unknown[] = [],
    options?: OffloadOptions,
  ): Promise<T> {
    const stopped = () => errors.actorStopped(this.self.toString(), 'context.offload')
    return offload(url, args, options, this.signal, stopped) as Promise<T>
  }

  /** Stops this actor once the message in hand is done; where its restart policy is `always`, it is made again. */
  stop(): void {
    if (!this.#isOver) this.#host.stopFromInside(this.#cell)
  }

  /**
   * Tells this actor's `onSignal`, once, when that actor has stopped for good, whoever stopped it and however (contract 5.4).
   * Again for the same actor it does nothing. A restart of this actor ends it: its new instance watches anew.
   * @param which a reference or a proxy, of an actor or a pool on any thread
   * @returns once the actor is watched; for one that is gone already the signal is on its way
   * @throws ERR_PULSING_INVALID_ARGUMENT
   */
  async watch(which: object): Promise<void> {
    this.#check('context.watch')
    await this.#host.watch(this.#cell, targetIn(this.#host, which, 'a reference or a proxy'))
  }

  /** Watches it no longer: no signal comes from here on. */
  unwatch(which: object): void {
    this.#host.unwatch(this.#cell, targetIn(this.#host, which, 'a reference or a proxy'))
  }

  /** @internal Of the engine: the instance is no more. */
  static ended(context: ActorContext): void {
    context.#isOver = true
    context.#abort?.abort()
  }

  #check(what: string): void {
    if (this.#cell.closed || this.#isOver) throw errors.actorStopped(this.self.toString(), what)
  }

  get #record(): ActorRecord {
    return this.#cell.actor as ActorRecord
  }
}

/**
 * The typed proxy of the running actor: `pul.self<Counter>(this)` inside it, since TypeScript can't look into the type of a
 * bare `this` (contract, section 2).
 * @throws ERR_PULSING_INVALID_ARGUMENT where `instance` is no running actor
 */
export function self<T extends object>(instance: T): SelfProxy<T> {
  const cell = reading('instance', () => (instance as { [CELL]?: Cell } | null | undefined)?.[CELL])
  const record = cell?.actor as ActorRecord | undefined
  if (cell === undefined || record === undefined)
    throw errors.invalidArgument('instance', instance, '`this` of a running actor, from onStart on')
  if (cell.target.classId === 0)
    throw errors.invalidArgument('instance', instance, 'an actor of a class with methods')
  return proxyOf(record.host, cell.target, true) as SelfProxy<T>
}
