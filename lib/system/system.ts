// ActorSystem: the actors of one process, on all its threads.

import type { EventEmitter } from 'node:events'
import {
  type ActorHost,
  ActorId,
  type ActorProxy,
  type ActorRef,
  type AnyClass,
  type ClassInfo,
  classIdOf,
  classInfo,
  currentHost,
  proxyOf,
  refOf,
  setCurrentHost,
  targetIn,
} from '../actor/index.js'
import {
  addon,
  bridge,
  type CellOptions,
  type Clock,
  DEAD_LETTERS,
  type EngineStats,
  LOCAL_LOST,
  POOL_SLOT,
  RESTARTS,
  Target,
  UNOBSERVED,
} from '../engine/index.js'
import { errors, reading } from '../errors/index.js'
import {
  checkActorName,
  checkResolveOptions,
  checkShutdownOptions,
  checkSpawnOptions,
  checkStopOptions,
  checkSystemOptions,
  type ResolvedSpawnOptions,
  type ShutdownOptions,
  type SpawnOptions,
  type StopOptions,
  type SystemOptions,
  withMore,
} from '../options/index.js'
import { type Failure, isMadeAgain, supervisedBy } from '../supervision/index.js'
import { ResolveBuilder, SpawnBuilder } from './builders.js'
import { delayOf, type EventLoopDelay } from './delays.js'
import type { SystemEvent, SystemEvents } from './events.js'
import {
  ACTOR,
  checkInstance,
  checkListener,
  infoOf,
  isClass,
  isTarget,
  makerOf,
  restartsOf,
} from './given.js'
import { LazyRef } from './lazy.js'
import { type ExportedClass, LocalThread, type SystemSide } from './local.js'
import { type ClusterStats, isOwnSlot, type Member, Nodes } from './nodes.js'
import { type Observer, observe } from './observing.js'
import { Placer } from './placement.js'
import { type ResolveOptions, RoundRobinPolicy } from './policies.js'
import type { ReportRequest, ThreadReport } from './reports.js'
import {
  type ActorStatus,
  AGENT_DESCRIBE,
  AGENT_EVENTS,
  AGENT_LOOKUP,
  AGENT_REPORT,
  AGENT_SPAWN,
  AGENT_STOP,
  AGENT_STOP_ALL,
  AGENT_UNMANNED,
  type LocalDescription,
  type Place,
  type SpawnRequest,
  type StopRequest,
} from './requests.js'
import { makeEngine, nodeOptionsOf, watchdogOf } from './setup.js'
import type { Watchdog } from './watchdog.js'
import { Workers } from './workers.js'

/** Counts of one thread of a system. */
export interface ThreadStats {
  /** 0 is the host. */
  readonly slot: number
  readonly actors: number
  /** Share of the time since the last call of stats in which its event loop was busy, 0 to 1. */
  readonly utilization: number
  readonly eventLoopDelay: EventLoopDelay
}

/** Counts of a system, as `stats` gives them. Those of events are since it was made. */
export interface SystemStats {
  readonly threads: readonly ThreadStats[]
  readonly engine: EngineStats
  /** False where moving memory between threads copies it, and SharedArrayBuffers can't be sent. */
  readonly bridge: boolean
  readonly deadLetters: number
  readonly unobservedErrors: number
  readonly restarts: number
  readonly threadsDied: number
}

/** An actor, as `describe` gives it. */
export interface ActorDescription {
  readonly ref: ActorRef
  readonly name: string | undefined
  /** Name of its class. */
  readonly type: string
  /** Of its thread; 0 is the host. */
  readonly slot: number
  /** The actor that made it by `context.spawn`, and those that it made so. */
  readonly parent: ActorRef | undefined
  readonly children: readonly ActorRef[]
  readonly status: ActorStatus
  /** Messages that wait in its mailbox, as far as its thread has seen them. */
  readonly waiting: number
  /** Asynchronous calls and streams under way. */
  readonly underWay: number
  /** How often it was made again. */
  readonly restarts: number
  /** What it failed with last, and when. */
  readonly lastFailure: Failure | undefined
}

const NO_ARGUMENTS: readonly unknown[] = []

/** What the net thread may take to say that this node is gone. */
const MOST_CLOSING_MS = 2000

/** How often other nodes may hear how busy this one is. */
const LOAD_MS = 1000

/** Of actors that are left at the end. */
const NAMES_TO_SAY = 10

/** How many cells of options there are is how many kinds of spawns, so they are shared. */
const cellOptions = new Map<string, CellOptions>()

function cellOptionsOf(options: ResolvedSpawnOptions, serial: boolean): CellOptions {
  const overflow = ['wait', 'fail', 'drop-newest', 'drop-oldest'].indexOf(options.overflow)
  const limit = options.maxConcurrency ?? (serial || options.instances > 1 ? 1 : Number.POSITIVE_INFINITY)
  const key = `${options.mailboxCapacity},${options.mailboxBytes},${overflow},${limit}`
  let found = cellOptions.get(key)
  if (found === undefined) {
    found = { capacity: options.mailboxCapacity, capacityBytes: options.mailboxBytes, overflow, limit }
    cellOptions.set(key, found)
  }
  return found
}

/**
 * The actors of one process. Made by `init` and `actorSystem`; on an engine thread, `getSystem()` is the same system as
 * seen from there.
 */
export class ActorSystem implements SystemSide {
  readonly #local: LocalThread
  readonly #placer: Placer
  readonly #nodes: Nodes
  readonly #engine: number | undefined
  readonly #workers: Workers | undefined
  readonly #watchdog: Watchdog | undefined
  #stopping: Promise<void> | undefined
  #sayLoad: NodeJS.Timeout | undefined
  #observer: Observer | undefined
  readonly #policy = new RoundRobinPolicy()
  /** So far, of classes, from this thread. */
  #spawns = 0

  private constructor(local: LocalThread, engine?: number, workers?: Workers, watchdog?: Watchdog) {
    this.#local = local
    this.#engine = engine
    this.#workers = workers
    this.#watchdog = watchdog
    this.#placer = new Placer(local.thread, local.actorSlots)
    this.#nodes = new Nodes(local, () => this.#load())
    local.side = this
  }

  /** @internal Of the engine: a system on this thread, which is its host. */
  static async start(given: SystemOptions | undefined, clock?: Clock): Promise<ActorSystem> {
    const options = checkSystemOptions(given)
    const node = options.cluster === undefined ? undefined : await nodeOptionsOf(options.cluster)
    const data = await makeEngine(options)
    const local = new LocalThread(data, 0, options.logger, clock)
    const workers = new Workers({
      data,
      resourceLimits: options.resourceLimits,
      isVacant: (slot) => local.thread.port.vacant(slot),
      onDeath: (slot, death) => local.died(slot, death),
      onGivenUp: (slot, error) => {
        options.logger.error({ slot, err: error }, `thread ${slot} can't be started again`)
        local.thread.leaveUnmanned(slot)
        for (let other = 1; other < local.slots; other++)
          void local.thread
            .askSystem(local.agentOf(other), AGENT_UNMANNED, slot, Number.POSITIVE_INFINITY)
            .catch(() => undefined)
      },
      // The net thread: this node goes on at the same address, as a new one for the others.
      onReplaced: (slot) => {
        if (slot !== data.netSlot || node === undefined) return
        const again = { ...node, addr: system.#nodes.addr ?? node.addr }
        system.#nodes.ask({ operation: 'start', options: again }).catch((err: unknown) => {
          options.logger.error({ err }, 'this node could not take part in its cluster again')
        })
      },
    })
    local.agent.kept.onKeep = () => workers.keepSpare()
    const system: ActorSystem = new ActorSystem(
      local,
      data.engine,
      workers,
      watchdogOf(local, workers, options),
    )
    try {
      await Promise.all(Array.from({ length: data.slots - 1 }, (_, i) => workers.start(i + 1)))
      if (node !== undefined) {
        await system.#nodes.ask({ operation: 'start', options: node })
        system.#sayLoad = setInterval(() => system.#nodes.sayLoad(workers.load()), LOAD_MS).unref()
      }
      if (options.observe !== undefined) system.#observer = await observe(system, options.observe)
    } catch (error) {
      await system.#end()
      throw error
    }
    return system
  }

  /** @internal Of the engine: the system as seen from one of its engine threads. */
  static onThread(local: LocalThread): ActorSystem {
    const system = new ActorSystem(local)
    const host = local.agentOf(0)
    local.events.forwardTo((events) =>
      local.thread.askSystem(host, AGENT_EVENTS, events, Number.POSITIVE_INFINITY),
    )
    return system
  }

  /** @internal Its side of the actors on this thread. */
  get host(): ActorHost {
    return this.#local
  }

  /** @internal */
  get system(): ActorSystem {
    return this
  }

  /** The id of this node: random unless set. */
  get nodeId(): string {
    return this.#local.nodeId
  }

  /** Where other nodes reach this one; undefined for a system that listens nowhere. */
  get addr(): string | undefined {
    return this.#nodes.addr
  }

  /** Where the system shows what it is at; undefined for one that does not (`observe` of its options). */
  get observeUrl(): string | undefined {
    return this.#observer?.url
  }

  /**
   * Spawns an actor (contract, section 2). An instance lives on the calling thread, a class on any.
   * @param what an instance of a class, or a class
   * @param options.name unique in the node: 1 to 255 characters of `A-Za-z0-9._-/@:`
   * @param options.args of the constructor, for a class
   * @param options.mailboxCapacity messages that may wait, 65,536 unless set
   * @param options.overflow what a full mailbox does: wait (default), fail, drop-newest, drop-oldest
   * @param options.maxConcurrency asynchronous calls under way at a time, no limit unless set
   * @param options.placement auto (default), spread, host, or { slot }
   * @param options.instances how many share the work behind one reference, 1 unless set
   * @param options.restartPolicy when it is made again: never (default), on-failure, always; with maxRestarts,
   *   restartWindowMs, minBackoffMs and maxBackoffMs
   * @param options.strategy for its children: one-for-one, one-for-all, rest-for-one
   * @returns a reference, once `onStart` has run
   * @throws what the constructor or onStart threw; ERR_PULSING_NAME_TAKEN, ERR_PULSING_INVALID_OPTION,
   *   ERR_PULSING_CLASS_NOT_FOUND, ERR_PULSING_CLASS_NOT_REGISTERED, ERR_PULSING_MODULE_LOAD_FAILED,
   *   ERR_PULSING_FACTORY_REQUIRED
   */
  async spawn(what: object, options?: SpawnOptions, parent?: ActorRef): Promise<ActorRef> {
    if (this.#stopping === undefined || !this.#isForOther(options)) this.#check()
    if (typeof what === 'function') {
      const target = this.#spawnClass(what as unknown as AnyClass, options, parent)
      return refOf(this.#local, target instanceof Target ? target : await target)
    }
    return refOf(this.#local, await this.#spawnInstance(checkInstance(what), options, parent))
  }

  /** As spawn, with a name. Throws ERR_PULSING_NAME_INVALID where `name` is none. */
  async spawnNamed(name: string, what: object, options?: SpawnOptions): Promise<ActorRef> {
    return this.spawn(what, withMore(options, { name }))
  }

  /**
   * Spawns what the factory makes, on the calling thread, and calls it again for each restart (contract, section 2). So an
   * instance can have a restart policy; it ends with its thread.
   * @param name unique in the node
   * @param factory gives a new instance each time, of the same class
   * @param options as for spawn, without `args` and `instances`
   * @throws what the factory, its constructor or onStart threw; ERR_PULSING_NAME_INVALID, ERR_PULSING_NAME_TAKEN,
   *   ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_INVALID_OPTION
   */
  async spawnNamedFactory(name: string, factory: () => object, options?: SpawnOptions): Promise<ActorRef> {
    this.#check()
    if (typeof factory !== 'function' || isClass(factory))
      throw errors.invalidArgument(
        'factory',
        factory,
        'a function that makes an instance, such as () => new Service()',
      )
    checkActorName(name)
    const instance = checkInstance(factory())
    const target = await this.#spawnInstance(instance, withMore(options, { name }), undefined, factory)
    return refOf(this.#local, target)
  }

  /** What an actor is at, at this moment (contract, section 2): its mailbox, its restarts, its last failure. Errors as refer. */
  async describe(which: string | object): Promise<ActorDescription> {
    const target = typeof which === 'string' ? this.#find(which) : targetIn(this.#local, which, ACTOR)
    if (target.slot === POOL_SLOT)
      throw errors.invalidArgument('which', which, 'one actor, not a pool of them')
    const ref = refOf(this.#local, target)
    const { index, generation, slot } = target
    const found = (await this.#agent(slot, AGENT_DESCRIBE, { index, generation })) as
      | LocalDescription
      | undefined
    if (found === undefined) throw errors.actorNotFound(String(ref.actorId))
    return { ref, slot, ...found }
  }

  /** A spawn with its options as calls: `system.spawning().name(n).supervision(spec).spawn(actor)`. */
  spawning(): SpawnBuilder {
    return new SpawnBuilder(this)
  }

  /**
   * The actor of that name, as a reference.
   * @param options `nodeId`: the node to look on, all of them unless set; `policy`: how to choose where several nodes have
   *   one, each in turn unless set (a name is unique in a node); `filterAlive`: leave out nodes that are not known to be
   *   alive, true unless set
   * @throws ERR_PULSING_ACTOR_NOT_FOUND, ERR_PULSING_NAME_INVALID, ERR_PULSING_INVALID_OPTION
   */
  async resolve(name: string, options?: ResolveOptions): Promise<ActorRef> {
    const { policy = this.#policy, nodeId, filterAlive } = checkResolveOptions(options)
    const candidates = await this.#nodes.candidates(name, this.#lookUp(name), nodeId, filterAlive)
    if (candidates.length === 0) throw errors.actorNotFound(name)
    const chosen = policy.choose(candidates)
    if (!candidates.includes(chosen))
      throw errors.invalidOption('policy', policy, 'one whose choose gives one of its candidates')
    return chosen.ref
  }

  /** A resolve with its options as calls: `system.resolving().policy(p).resolve(name)`, and `list` and `lazy`. */
  resolving(): ResolveBuilder {
    return new ResolveBuilder(this)
  }

  /** The actor of that id, as a reference. Throws ERR_PULSING_ACTOR_NOT_FOUND where there is none (any more). */
  async refer(actorId: ActorId | string): Promise<ActorRef> {
    this.#checkUp()
    const id = typeof actorId === 'string' ? ActorId.parse(actorId) : actorId
    if (!reading('actorId', () => id instanceof ActorId))
      throw errors.invalidArgument('actorId', actorId, 'an ActorId, or its text')
    const { thread } = this.#local
    const { slot, index, generation } = id
    if (this.#nodes.isElsewhere(id.nodeId)) return this.#nodes.refer(String(id))
    const known = isOwnSlot(this.#local, slot)
    let classId = -1
    if (known && slot === POOL_SLOT) {
      const [on, at, of] = index === generation ? thread.port.poolInstances(index) : []
      if (on !== undefined)
        classId = (await this.#agent(on, AGENT_LOOKUP, { index: at, generation: of })) as number
    } else if (known) {
      const at = { index, generation }
      classId = (await thread.askSystem(
        this.#local.agentOf(slot),
        AGENT_LOOKUP,
        at,
        Number.POSITIVE_INFINITY,
      )) as number
    }
    if (classId < 0) throw errors.actorNotFound(String(id))
    return refOf(this.#local, thread.targetAt(slot, index, generation, classId))
  }

  /** Names of the actors of this node, then those of other nodes', with their references. */
  async allNamedActors(): Promise<{ name: string; ref: ActorRef }[]> {
    this.#checkUp()
    const { thread } = this.#local
    const own = thread.port.listNames().map(([slot, index, generation, classId, name]) => ({
      name,
      ref: refOf(this.#local, thread.targetAt(slot, index, generation, classId)),
    }))
    return [...own, ...(await this.#nodes.names())]
  }

  /** The nodes of the cluster that this one knows of, itself first (contract 6.1); a system by itself is its only member. */
  async members(): Promise<Member[]> {
    this.#checkUp()
    return this.#nodes.members()
  }

  /** Connections with other nodes: bytes, round trips, losses, and what was refused (contract 6.3). Nothing without a cluster. */
  async clusterStats(): Promise<ClusterStats> {
    this.#checkUp()
    return this.#nodes.stats()
  }

  /**
   * Stops an actor (contract 3.8); nothing where it has stopped.
   * @param which its name, reference or proxy
   * @param options.drain first handle what was sent before, and wait for what is under way
   */
  stop(which: string | object, options?: StopOptions): Promise<void> {
    return this.#stop(which, options)
  }

  async #stop(which: string | object, options: StopOptions | undefined): Promise<void> {
    const { drain } = checkStopOptions(options)
    const target =
      typeof which === 'string'
        ? this.#find(which)
        : isTarget(which)
          ? which
          : targetIn(this.#local, which, ACTOR)
    if (target.slot === POOL_SLOT) return this.#stopPool(target, drain)
    const request: StopRequest = { index: target.index, generation: target.generation, drain }
    await this.#agent(target.slot, AGENT_STOP, request)
  }

  /** Counts, at this moment (contract, section 2). */
  stats(): SystemStats {
    return {
      threads: this.threadCounts().map((counts) => ({
        ...counts,
        utilization: this.#workers?.utilization(counts.slot) ?? 0,
      })),
      engine: this.#local.thread.port.stats(),
      bridge: bridge !== undefined,
      ...this.counts(),
    }
  }

  /**
   * Listens to events of the system (contract, section 2); on the host, to those of all threads.
   * @param event deadLetter, unobservedError, restart, stuck, threadDied, member, peerRefused or queueGap
   * @throws ERR_PULSING_INVALID_ARGUMENT
   */
  on<E extends keyof SystemEvents>(event: E, listener: (event: SystemEvents[E][0]) => void): this {
    checkListener(event, listener)
    ;(this.#local.events.emitter as EventEmitter).on(event, listener)
    return this
  }

  /** Listens no longer. Throws as on does. */
  off<E extends keyof SystemEvents>(event: E, listener: (event: SystemEvents[E][0]) => void): this {
    checkListener(event, listener)
    ;(this.#local.events.emitter as EventEmitter).off(event, listener)
    return this
  }

  /**
   * Stops all actors, then the threads (contract 3.8). What is not done after timeoutMs is given up.
   * @param options.timeoutMs 10,000 unless set
   */
  shutdown(options?: ShutdownOptions): Promise<void> {
    const { timeoutMs } = checkShutdownOptions(options)
    if (this.#engine === undefined) return Promise.reject(errors.hostOnly('shutdown'))
    this.#stopping ??= this.#shutdown(timeoutMs)
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  // --- of the engine

  /** @internal Its shutdown, once that has begun. */
  get ending(): Promise<void> | undefined {
    return this.#stopping
  }

  /** @internal Of the layers above: something happened that the system's listeners hear of. */
  happened(event: SystemEvent): void {
    this.#local.events.happened(event)
  }

  /** @internal Of stats, what is the same however often it is asked for. */
  threadCounts(): Omit<ThreadStats, 'utilization'>[] {
    const { controls } = this.#local.thread
    return Array.from({ length: this.#local.actorSlots }, (_, slot) => ({
      slot,
      actors: controls.actors(slot),
      eventLoopDelay: delayOf(controls.turns(slot)),
    }))
  }

  /** @internal */
  counts(): Pick<SystemStats, 'deadLetters' | 'unobservedErrors' | 'restarts' | 'threadsDied'> {
    const { thread, events } = this.#local
    return {
      deadLetters: thread.controls.total(DEAD_LETTERS) + thread.controls.total(LOCAL_LOST),
      unobservedErrors: thread.controls.total(UNOBSERVED),
      restarts: thread.controls.total(RESTARTS),
      threadsDied: events.threadsDied,
    }
  }

  /** @internal What a thread says of itself and its actors; undefined where it does not answer in time. */
  async report(slot: number, request: ReportRequest, timeoutMs: number): Promise<ThreadReport | undefined> {
    const { thread } = this.#local
    try {
      return (await thread.askSystem(
        this.#local.agentOf(slot),
        AGENT_REPORT,
        request,
        timeoutMs,
      )) as ThreadReport
    } catch {
      return undefined
    }
  }

  /** @internal For tests: ends an engine thread in the middle of what it does, as a fault would. */
  endThread(slot: number): void {
    this.#workers?.terminate(slot)
  }

  /** @internal For tests: nothing goes to nodes that listen on those addresses any more, nor comes from them. */
  async cutFrom(addrs: readonly string[]): Promise<void> {
    await this.#nodes.ask({ operation: 'cut', addrs })
  }

  /** @internal For tests: asks of this thread that wait for an answer. */
  get asksUnderWay(): number {
    return this.#local.thread.asks.underWay
  }

  /** @internal For tests: calls and streams under way of actors of this thread. */
  get callsUnderWay(): number {
    return this.#local.thread.cells.reduce((sum, cell) => sum + (cell?.running ?? 0), 0)
  }

  /** @internal For tests: whether actors of this thread have something to do at once. */
  get isBusy(): boolean {
    return this.#local.thread.hasLocalWork
  }

  /** @internal Milliseconds in which a thread's event loop was busy, and not. */
  activity(slot: number): { activeMs: number; idleMs: number } {
    return this.#workers?.activity(slot) ?? { activeMs: 0, idleMs: 0 }
  }

  /** @internal Whether this system is a node of a cluster, and whether it was given its nodeId. */
  get isNode(): boolean {
    return this.#nodes.areThere
  }

  get hasGivenId(): boolean {
    return this.#local.hasGivenId
  }

  /** @internal What resolving().list gives. */
  async listOf(name: string, options: ResolveOptions): Promise<ActorRef[]> {
    const { nodeId, filterAlive } = checkResolveOptions(options)
    const found = await this.#nodes.candidates(name, this.#lookUp(name), nodeId, filterAlive)
    return found.map(({ ref }) => ref)
  }

  /** @internal What resolving().lazy gives. */
  lazyOf(name: string, options: ResolveOptions): LazyRef {
    checkActorName(name)
    checkResolveOptions(options)
    return new LazyRef(name, this.#local.thread.clock, () => this.resolve(name, options))
  }

  /** @internal As spawn of a class, but gives a proxy. */
  async spawnProxy(Class: AnyClass, options: SpawnOptions): Promise<object> {
    this.#check()
    const target = this.#spawnClass(Class, options, undefined)
    return proxyOf(this.#local, target instanceof Target ? target : await target)
  }

  /** @internal As resolve, but gives the proxy of the class. */
  async resolveProxy<T extends object>(Class: AnyClass, name: string): Promise<ActorProxy<T>> {
    const here = this.#nodes.areThere ? undefined : refOf(this.#local, this.#find(name))
    return (here ?? (await this.resolve(name))).asType(
      Class as unknown as abstract new (
        ...args: never[]
      ) => T,
    )
  }

  /** @internal On the net thread: another node spawns a class that it may. Errors as spawn. */
  async spawnExported(of: ExportedClass, given: SpawnOptions): Promise<ActorRef> {
    this.#check()
    const options = checkSpawnOptions(given, of.options)
    const description = JSON.parse(of.text) as ClassInfo['description']
    const info: ClassInfo = { ...of, description, Class: Object, table: [] }
    return refOf(this.#local, await this.#spawnHere(info, options, undefined))
  }

  /** @internal */
  poolClosed(pool: number): void {
    this.#freePoolName(pool)
  }

  // --- inside

  /** What an actor may still ask for while it is stopped: where what it has goes to, say. */
  #checkUp(): void {
    if (this.#local.thread.stopped) throw errors.systemStopped()
  }

  /** While this one stops, others may still be given something. */
  #isForOther(options: SpawnOptions | undefined): boolean {
    return this.#nodes.isElsewhere(reading('options', () => options?.nodeId))
  }

  #check(): void {
    if (this.#stopping !== undefined || this.#local.thread.stopped) throw errors.systemStopped()
  }

  #find(name: string): Target {
    const found = this.#lookUp(name)
    if (found === undefined) throw errors.actorNotFound(name)
    return found
  }

  #lookUp(name: string): Target | undefined {
    this.#checkUp()
    checkActorName(name)
    const found = this.#local.thread.port.findName(name)
    return found === undefined ? undefined : this.#local.thread.targetAt(...found)
  }

  /** How busy this node is: the mean of its engine threads, or the host's where it has none. */
  #load(): number {
    const [host, ...others] = this.stats().threads
    const threads = others.length > 0 || host === undefined ? others : [host]
    return threads.reduce((sum, { utilization }) => sum + utilization, 0) / Math.max(threads.length, 1)
  }

  #agent(slot: number, method: number, value: unknown): Promise<unknown> {
    return this.#local.thread.askSystem(this.#local.agentOf(slot), method, value, Number.POSITIVE_INFINITY)
  }

  async #spawnInstance(
    instance: object,
    given: SpawnOptions | undefined,
    parent?: ActorRef,
    factory?: () => object,
  ): Promise<Target> {
    const info = infoOf(instance)
    const options = checkSpawnOptions(given, info.options)
    if (this.#nodes.isElsewhere(options.nodeId))
      throw errors.invalidOption('nodeId', options.nodeId, 'this node for an instance: spawn its class')
    if (options.instances > 1)
      throw errors.invalidOption('instances', options.instances, '1 for an instance: spawn its class')
    if (options.args.length > 0)
      throw errors.invalidOption('args', options.args, 'no arguments: the instance is made already')
    if (options.restartPolicy !== 'never' && factory === undefined)
      throw errors.factoryRequired(options.restartPolicy)
    const { slot } = this.#local.thread
    const { placement } = options
    const elsewhere = placement === 'spread' || (typeof placement === 'object' && placement.slot !== slot)
    if (elsewhere || (placement === 'host' && slot !== 0))
      throw errors.invalidOption(
        'placement',
        placement,
        'the calling thread: spawn the class to place it elsewhere',
      )
    const [index, generation, classId] = await this.#local.agent.start({
      info,
      make: factory === undefined ? () => instance : makerOf(instance, factory),
      options: cellOptionsOf(options, info.serial),
      name: options.name,
      parent,
      pool: 0,
      permits: 1,
      supervision: supervisedBy(restartsOf(options, parent)),
    })
    return this.#local.thread.targetAt(slot, index, generation, classId)
  }

  /** A promise only where it has to wait: an actor of this thread is there at once. Hot: spawn. */
  #spawnClass(Class: AnyClass, given: SpawnOptions | undefined, parent?: ActorRef): Target | Promise<Target> {
    const info = classInfo(Class)
    const options = checkSpawnOptions(given, info.options)
    if (this.#nodes.isElsewhere(options.nodeId))
      return this.#spawnElsewhere(options.nodeId, info, given, parent)
    return this.#spawnHere(info, options, parent)
  }

  #spawnHere(
    info: ClassInfo,
    options: ResolvedSpawnOptions,
    parent: ActorRef | undefined,
  ): Target | Promise<Target> {
    const request: SpawnRequest = {
      moduleUrl: info.moduleUrl ?? '',
      type: info.type,
      text: info.text,
      args: options.args,
      options: cellOptionsOf(options, info.serial),
      name: options.name,
      parent,
      pool: 0,
      permits: 1,
      restarts: restartsOf(options, parent),
      key: '',
    }
    if (options.instances > 1) return this.#spawnPool(info, request, options)
    return this.#place(info, request, this.#slotFor(info, options, parent))
  }

  #spawnElsewhere(
    nodeId: string,
    { description, type }: ClassInfo,
    { nodeId: _, ...options }: SpawnOptions = {},
    parent: ActorRef | undefined,
  ): Promise<Target> {
    if (parent !== undefined)
      throw errors.invalidOption('nodeId', nodeId, 'its own node for a child: pul.spawn makes none')
    return this.#nodes.spawn(nodeId, { key: description.key, type, options })
  }

  #slotFor(info: ClassInfo, options: ResolvedSpawnOptions, parent: ActorRef | undefined): number {
    const { slot, netSlot } = this.#local.thread
    if (slot === netSlot)
      return this.#placer.choose(options.placement === 'auto' ? 'spread' : options.placement)
    const near =
      options.placement === 'auto' && (parent !== undefined || this.#local.thread.current !== undefined)
    const chosen = near ? slot : this.#placer.choose(options.placement)
    if (info.moduleUrl !== undefined || chosen === slot) return chosen
    if (options.placement === 'auto') return slot
    throw errors.classNotRegistered(info.type)
  }

  #place(info: ClassInfo, request: SpawnRequest, slot: number): Target | Promise<Target> {
    const { thread, agent } = this.#local
    if (slot !== thread.slot) return this.#placeElsewhere(request, slot)
    const args = request.args.length === 0 ? NO_ARGUMENTS : thread.copyList(request.args)
    const place = agent.startClass(info, request, args)
    return Array.isArray(place)
      ? thread.targetAt(slot, ...place)
      : place.then((there) => thread.targetAt(slot, ...there))
  }

  async #placeElsewhere(given: SpawnRequest, slot: number): Promise<Target> {
    const { thread, agent } = this.#local
    const request: SpawnRequest = { ...given, key: `${thread.slot}.${++this.#spawns}` }
    this.#placer.began(slot)
    try {
      const place = (await this.#agent(slot, AGENT_SPAWN, request)) as Place
      return thread.targetAt(slot, ...place)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_PULSING_THREAD_DIED') throw error
      // The threads end: that is no death that another one makes good.
      if (this.#stopping !== undefined) throw errors.systemStopped()
      if (isMadeAgain(request.restarts)) await agent.outliving.disown(request.key)
      throw error
    } finally {
      this.#placer.ended(slot)
    }
  }

  async #spawnPool(info: ClassInfo, request: SpawnRequest, options: ResolvedSpawnOptions): Promise<Target> {
    const { port } = this.#local.thread
    const { capacity, capacityBytes, overflow } = request.options
    const pool = port.makePool(capacity, Math.ceil(capacityBytes / 8), overflow)
    const classId = classIdOf(this.#local, info)
    const target = this.#local.thread.targetAt(POOL_SLOT, pool, pool, classId)
    if (options.name !== undefined && !this.#local.thread.addName(options.name, target))
      throw errors.nameTaken(options.name)
    const permits = options.maxConcurrency ?? 1
    const one: SpawnRequest = { ...request, name: undefined, pool, permits }
    const placement = options.placement === 'auto' ? 'spread' : options.placement
    const started = await Promise.allSettled(
      Array.from({ length: options.instances }, async () =>
        this.#place(
          info,
          one,
          this.#slotFor(
            info,
            { ...options, placement: info.moduleUrl === undefined ? 'auto' : placement },
            undefined,
          ),
        ),
      ),
    )
    const failed = started.find((one) => one.status === 'rejected')
    if (failed === undefined) return target
    await this.#stopPool(target, false)
    throw failed.reason
  }

  async #stopPool(target: Target, drain: boolean): Promise<void> {
    const { port } = this.#local.thread
    const pool = target.index
    if (drain) this.#local.thread.sender.flush()
    // What waits in the pool belongs to no instance yet.
    while (drain && port.poolDepth(pool) > 0) await new Promise((resolve) => setTimeout(resolve, 2))
    this.#freePoolName(pool)
    const instances = port.poolInstances(pool)
    if (!drain) port.closePool(pool)
    const stops: Promise<unknown>[] = []
    for (let i = 0; i + 2 < instances.length; i += 3) {
      const request: StopRequest = {
        index: instances[i + 1] as number,
        generation: instances[i + 2] as number,
        drain,
      }
      stops.push(this.#agent(instances[i] as number, AGENT_STOP, request))
    }
    await Promise.allSettled(stops)
    port.closePool(pool)
  }

  #freePoolName(pool: number): void {
    const { thread } = this.#local
    for (const [slot, index, generation, classId, name] of thread.port.listNames())
      if (slot === POOL_SLOT && index === pool)
        thread.removeName(name, thread.targetAt(slot, index, generation, classId))
  }

  async #shutdown(timeoutMs: number): Promise<void> {
    const slots = Array.from({ length: this.#local.actorSlots }, (_, slot) => slot)
    const tell = async (operation: 'leave' | 'close') => {
      if (this.#nodes.areThere) await this.#nodes.ask({ operation }).catch(() => undefined)
    }
    const done = tell('leave').then(() => this.#stopAll(slots))
    const late = await withTimeout(done, timeoutMs)
    if (late) this.#sayWhatIsLeft(timeoutMs)
    await withTimeout(tell('close'), MOST_CLOSING_MS)
    await this.#end()
  }

  /** Last started first, whatever thread they are on; those of one millisecond together. */
  async #stopAll(slots: readonly number[]): Promise<void> {
    const stop = (since: number) =>
      Promise.all(
        slots.map((slot) => this.#agent(slot, AGENT_STOP_ALL, since).catch(() => -1) as Promise<number>),
      )
    for (let since = Number.POSITIVE_INFINITY; since >= 0; ) since = Math.max(...(await stop(since)))
  }

  /** From here: a thread that is stuck can't be asked. */
  #sayWhatIsLeft(timeoutMs: number): void {
    const { thread, logger } = this.#local
    let left = 0
    for (let slot = 0; slot < this.#local.actorSlots; slot++) left += thread.controls.actors(slot)
    const names = thread.port.listNames().map(([, , , , name]) => name)
    const some = names.slice(0, NAMES_TO_SAY)
    const among =
      names.length === 0 ? '' : `, among them ${some.join(', ')}${names.length > some.length ? ', ...' : ''}`
    logger.warn(
      { err: errors.shutdownTimeout(timeoutMs), left, names },
      `shutdown was not done in ${timeoutMs} ms: ${left} actors are given up${among}`,
    )
  }

  async #end(): Promise<void> {
    const { thread } = this.#local
    this.#watchdog?.end()
    await this.#observer?.close()
    clearInterval(this.#sayLoad)
    await this.#workers?.end()
    thread.asks.failAll(
      () => true,
      () => errors.systemStopped(),
    )
    thread.stop()
    if (this.#engine !== undefined) addon.forget(this.#engine)
    if (currentHost() === this.#local) setCurrentHost(undefined)
  }
}

async function withTimeout(done: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  if (timeoutMs === Number.POSITIVE_INFINITY) {
    await done
    return false
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), timeoutMs)
  })
  const was = await Promise.race([done.then(() => false), late])
  clearTimeout(timer)
  return was
}
