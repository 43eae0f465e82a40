// Every option, its default and its check. An unknown or impossible one is ERR_PULSING_INVALID_OPTION, which names it, the
// value given and what would do. Durations are milliseconds, sizes bytes.

import { availableParallelism } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { errors, reading } from '../errors/index.js'
import {
  type Check,
  type Checks,
  check,
  finiteMs,
  flag,
  list,
  milliseconds,
  nodeId,
  oneOf,
  signal,
  stuckTime,
  text,
  whole,
  wholeOrInfinity,
} from './checks.js'

import {
  checkObserve,
  isLoopback,
  type ObserveOptions,
  observe,
  type ResolvedObserveOptions,
} from './observe.js'

export {
  type Check,
  type Checks,
  check,
  flag,
  list,
  milliseconds,
  oneOf,
  signal,
  text,
  whole,
  wholeOrInfinity,
} from './checks.js'
export { isLoopback, type ObserveOptions, type ResolvedObserveOptions } from './observe.js'

/** An object of pino's shape: `log.warn({ err, actor }, 'message')`. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Warnings and errors to standard error: the default. */
export const consoleLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => write('warning', fields, message),
  error: (fields, message) => write('error', fields, message),
}

function write(level: string, fields: object, message: string): void {
  const { err } = fields as { err?: unknown }
  let more = ''
  for (let error = err; error instanceof Error; error = error.cause) {
    more += `${more === '' ? '\n' : '\ncause: '}${error.stack ?? error.message}`
  }
  process.stderr.write(`pulsing ${level}: ${message}${more}\n`)
}

/**
 * What a full mailbox does with a message (contract 3.6): `wait` lets the sender wait, `fail` throws
 * ERR_PULSING_MAILBOX_FULL, `drop-newest` drops that message, `drop-oldest` the one that has waited longest.
 */
export type Overflow = 'wait' | 'fail' | 'drop-newest' | 'drop-oldest'

/**
 * Where an actor lives (contract, section 2): `auto` on the least loaded engine thread if the host spawns it, on its own
 * thread if an actor does; `spread` on the least loaded engine thread whoever does; `host` on the thread that made the
 * system; `{ slot: n }` on engine thread n, 0 being the host.
 */
export type Placement = 'auto' | 'spread' | 'host' | { readonly slot: number }

/** When an actor is made again (contract 5.1): `on-failure` after a failure, `always` after a normal stop from inside too. */
export type RestartPolicy = 'never' | 'always' | 'on-failure'

/**
 * Which children are made again when one fails (contract 5.4): that one, all of them, or that one and those that were started
 * after it. What exceeds a child's limit is a failure of the parent.
 */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one'

/** Limits of an engine thread's memory, in MiB, as node:worker_threads takes them. */
export interface ResourceLimits {
  readonly maxOldGenerationSizeMb?: number
  readonly maxYoungGenerationSizeMb?: number
  readonly codeRangeSizeMb?: number
  readonly stackSizeMb?: number
}

/** Options of init and actorSystem. With `addr` or `seeds` the system is a node of a cluster (contract, section 6). */
export interface SystemOptions {
  /** Engine threads, 0 to 63: the cores that the process may use unless set; 0 keeps all actors on the calling thread. */
  readonly threads?: number | undefined
  /** Bytes reserved for messages under way, 1 MiB to 4 GiB: 256 MiB unless set. They are touched as they are used. */
  readonly arenaBytes?: number | undefined
  /** Bytes of the largest message, 1 KiB to 2 GiB: 64 MiB unless set. Moved buffers do not count (contract 3.6). */
  readonly maxMessageBytes?: number | undefined
  /** Where warnings and errors go: to standard error unless set. */
  readonly logger?: Logger | undefined
  /** Limits of each engine thread: those of Node unless set. */
  readonly resourceLimits?: ResourceLimits | undefined
  /** Id of this node, 1 to 255 characters of `A-Za-z0-9._-`: random unless set. */
  readonly nodeId?: string | undefined
  /**
   * Where the node listens for others, `host:port`, `[::1]:port` for IPv6; port 0 takes a free one, which `system.addr` tells
   * (contract 6.1). None unless set; `127.0.0.1:0` where `seeds` are, and all of them on this machine.
   */
  readonly addr?: string | undefined
  /** Where others reach the node, `host:port`: `addr` unless set; required where that is 0.0.0.0 or [::] (contract 6.1). */
  readonly advertiseAddr?: string | undefined
  /** Addresses of nodes of the cluster to join, any of which will do: none unless set (contract 6.1). */
  readonly seeds?: readonly string[] | undefined
  /** Nodes of another name are refused, 1 to 255 characters of `A-Za-z0-9._-`: `pulsing` unless set (contract 6.1). */
  readonly clusterName?: string | undefined
  /**
   * What the nodes of the cluster share, at least 16 characters: every connection is TLS 1.3 with a key made of it, and nobody
   * without it is answered. Several, the newest first, to change it without a stop (contract 6.2). None unless set.
   */
  readonly passphrase?: string | readonly string[] | undefined
  /** Without a passphrase, take peers from other machines too: false unless set (contract 6.2). */
  readonly insecure?: boolean | undefined
  /**
   * Milliseconds between two questions of this node to others whether they are there, 20 to 60,000: 1,000 unless set. A node that
   * is gone is known to be so after some 5 to 20 of them (docs/cluster.md). The same on all nodes of a cluster.
   */
  readonly probeMs?: number | undefined
  /** Classes given to `remote` that other nodes may spawn here: none unless set (contract 6.3). */
  readonly exportClasses?: readonly object[] | undefined
  /**
   * Milliseconds after which an engine thread that has not come back to its event loop is reported, as a `stuck` event and a
   * log line; Infinity for never: 5,000 unless set (contract 5.5).
   */
  readonly stuckThreadMs?: number | undefined
  /**
   * Where the system shows what it is at, by HTTP: metrics for Prometheus, JSON, and a page. Nowhere unless set
   * (docs/observing.md).
   */
  readonly observe?: ObserveOptions | undefined
  /**
   * Calls carry the W3C trace context that they belong to, over threads and nodes, and are spans where @opentelemetry/api is
   * installed: false unless set.
   */
  readonly traces?: boolean | undefined
  /** Milliseconds after which such a thread is ended, and replaced; Infinity, for never, unless set (contract 5.5). */
  readonly terminateStuckAfterMs?: number | undefined
}

/** Options that a class carries, by `remote` (contract 1.2), and that a spawn may override. */
export interface RemoteOptions {
  /** Name of the class within its module: its own unless set (contract 1.3). */
  readonly type?: string | undefined
  /** Methods that give a generator without being generator functions, and are to stream (contract 3.2): none unless set. */
  readonly streams?: readonly string[] | undefined
  /** Messages that may wait, 1 to 2^30: 65,536 unless set (contract 3.6). */
  readonly mailboxCapacity?: number | undefined
  /** Bytes of messages that may wait: 64 MiB unless set. An empty mailbox takes any legal message. */
  readonly mailboxBytes?: number | undefined
  /** What a full mailbox does: `wait` unless set. */
  readonly overflow?: Overflow | undefined
  /**
   * Asynchronous calls under way at a time, Infinity for no limit: 1 for a class that extends Actor and in a pool, no limit
   * otherwise, unless set (contract 3.1).
   */
  readonly maxConcurrency?: number | undefined
  /** Where it lives: `auto` unless set. */
  readonly placement?: Placement | undefined
  /** How many share the work behind one reference, 1 to 4,096: 1 unless set (contract, section 2). */
  readonly instances?: number | undefined
  /** When it is made again: `never` unless set (contract 5.1). */
  readonly restartPolicy?: RestartPolicy | undefined
  /** Restarts within restartWindowMs after which it stops for good: 3 unless set. */
  readonly maxRestarts?: number | undefined
  /** Milliseconds in which restarts are counted: 60,000 unless set. */
  readonly restartWindowMs?: number | undefined
  /** Milliseconds before the first restart: 100 unless set. Each one after it waits twice as long. */
  readonly minBackoffMs?: number | undefined
  /** Milliseconds before a restart at most: 30,000 unless set. */
  readonly maxBackoffMs?: number | undefined
  /** Of its children, those that `context.spawn` makes: each by itself, and none harms it, unless set (contract 5.4). */
  readonly strategy?: Strategy | undefined
}

/** Options of a spawn (contract, section 2). Those of its class hold where a spawn says nothing. */
export interface SpawnOptions extends Omit<RemoteOptions, 'type'> {
  /** The node to spawn on, which has the class among its `exportClasses`: this one unless set (contract, section 2). */
  readonly nodeId?: string | undefined
  /** Unique in the node, 1 to 255 characters of `A-Za-z0-9._-/@:`: none unless set (contract 1.4). */
  readonly name?: string | undefined
  /** Arguments of the constructor: none unless set. */
  readonly args?: readonly unknown[] | undefined
}

/** Options of an ask (contract 3.3, 3.4). */
export interface AskOptions {
  /** Milliseconds to wait, Infinity for ever: 30,000 unless set. */
  readonly timeoutMs?: number | undefined
  /** Aborted, it rejects the ask with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a proxy's calls, by `withCall` (contract 3.2 to 3.4). */
export interface CallOptions {
  /** Milliseconds to wait for an answer, 30,000 unless set; for each item of a stream, 300,000 unless set. Infinity: for ever. */
  readonly timeoutMs?: number | undefined
  /** Aborted, it rejects the call with its reason, and ends the stream. */
  readonly signal?: AbortSignal | undefined
  /** Items of a stream that may be under way beyond what was read, 1 to 32,767: 32 unless set. */
  readonly streamWindow?: number | undefined
}

/** Options of a tell (contract 3.6). */
export interface TellOptions {
  /** Milliseconds to wait for room in the mailbox: Infinity unless set. */
  readonly timeoutMs?: number | undefined
  /** Aborted, it gives the message up. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a resolve (contract, section 2). P: the system's ResolvePolicy. */
export interface ResolveOptionsOf<P extends object> {
  /** The node to look on: all of them unless set. */
  readonly nodeId?: string | undefined
  /** How to choose where several nodes have an actor of the name: each in turn unless set. */
  readonly policy?: P | undefined
  /** Leave out nodes that are not known to be alive: true unless set. */
  readonly filterAlive?: boolean | undefined
}

/** Options of a stop (contract 3.8). */
export interface StopOptions {
  /** First handle what was sent before, and wait for what is under way: false unless set. */
  readonly drain?: boolean | undefined
}

/** Options of a shutdown (contract 3.8). */
export interface ShutdownOptions {
  /** Milliseconds for the actors to end, Infinity for ever: 10,000 unless set. */
  readonly timeoutMs?: number | undefined
}

/** SystemOptions with their defaults. */
export interface ResolvedSystemOptions {
  readonly threads: number
  /** What the process may use, of this machine. */
  readonly cores: number
  readonly arenaBytes: number
  readonly maxMessageBytes: number
  readonly logger: Logger
  readonly resourceLimits: ResourceLimits | undefined
  readonly nodeId: string | undefined
  /** Undefined for a system by itself. */
  readonly cluster: ResolvedClusterOptions | undefined
  readonly stuckThreadMs: number
  readonly terminateStuckAfterMs: number
  readonly observe: ResolvedObserveOptions | undefined
  readonly traces: boolean
}

/** Those of a node. */
export interface ResolvedClusterOptions {
  readonly addr: string
  readonly advertiseAddr: string | undefined
  readonly seeds: readonly string[]
  readonly clusterName: string
  /** The newest first; none: protected mode, or insecure. */
  readonly passphrases: readonly string[]
  readonly insecure: boolean
  readonly probeMs: number
  readonly exportClasses: readonly object[]
}

/** SpawnOptions, with those of the class and the defaults. */
export interface ResolvedSpawnOptions {
  readonly nodeId: string | undefined
  readonly name: string | undefined
  readonly args: readonly unknown[]
  readonly mailboxCapacity: number
  readonly mailboxBytes: number
  readonly overflow: Overflow
  /** Undefined: what the kind of the actor says. */
  readonly maxConcurrency: number | undefined
  readonly placement: Placement
  readonly instances: number
  readonly restartPolicy: RestartPolicy
  readonly maxRestarts: number
  readonly restartWindowMs: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  readonly strategy: Strategy | undefined
}

/** AskOptions or TellOptions with their defaults. */
export interface ResolvedAskOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** CallOptions with their defaults. */
export interface ResolvedCallOptions extends ResolvedAskOptions {
  readonly streamTimeoutMs: number
  readonly streamWindow: number
}

/** ResolveOptionsOf with their defaults. */
export interface ResolvedResolveOptions<P extends object> {
  readonly nodeId: string | undefined
  readonly policy: P | undefined
  readonly filterAlive: boolean
}

/** Of an ask that says nothing (contract 3.3). */
export const ASK_TIMEOUT_MS = 30_000
export const STREAM_TIMEOUT_MS = 300_000
export const STREAM_WINDOW = 32
const MOST_STREAM_WINDOW = 32_767
const MIN_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 30_000
const MOST_THREADS = 63
const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

const placement: Check = (name, value) => {
  if (value === 'auto' || value === 'spread' || value === 'host') return
  if (typeof value === 'object' && value !== null) {
    const { slot } = value as { slot?: unknown }
    if (Number.isInteger(slot) && (slot as number) >= 0 && Object.keys(value).length === 1) return
  }
  throw errors.invalidOption(
    name,
    value,
    "'auto', 'spread', 'host', or { slot: n } with an engine thread's number",
  )
}

const logger: Check = (name, value) => {
  const of = (value ?? {}) as Record<string, unknown>
  const lacks = ['debug', 'info', 'warn', 'error'].filter((method) => typeof of[method] !== 'function')
  if (lacks.length > 0)
    throw errors.invalidOption(
      name,
      value,
      `an object with the methods debug, info, warn and error, as pino gives (it lacks ${lacks.join(', ')})`,
    )
}

const policy: Check = (name, value) => {
  if (typeof (value as { choose?: unknown } | null)?.choose !== 'function')
    throw errors.invalidOption(name, value, 'an object with a method choose, such as new RoundRobinPolicy()')
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:\s/[\]]+)):(\d{1,5})$/

/** The host and port of an address; undefined where it is none. */
export function parseAddress(address: unknown): { host: string; port: number } | undefined {
  const parts = typeof address === 'string' ? ADDRESS.exec(address) : null
  const port = Number(parts?.[3])
  return parts === null || port > 65_535 ? undefined : { host: (parts[1] ?? parts[2]) as string, port }
}

const address =
  (least: number): Check =>
  (name, value) => {
    if ((parseAddress(value)?.port ?? -1) >= least) return
    throw errors.invalidOption(
      name,
      value,
      `host:port, or [IPv6]:port, with a port from ${least} to 65535, as in 127.0.0.1:7000`,
    )
  }

const addresses: Check = (name, value) => {
  list(name, value)
  for (const [i, one] of (value as unknown[]).entries()) address(1)(`${name}[${i}]`, one)
}

const passphrase: Check = (name, value) => {
  const all = Array.isArray(value) ? (value as unknown[]) : [value]
  if (all.length === 0 || all.length > 16 || !all.every((one) => typeof one === 'string' && one !== ''))
    // Not the value: that is a secret.
    throw errors.invalidOption(
      name,
      undefined,
      'text that is not empty, or up to 16 of them, the newest first',
    )
}

const classes: Check = (name, value) => {
  list(name, value)
  for (const [i, one] of (value as unknown[]).entries())
    if (typeof one !== 'function')
      throw errors.invalidOption(`${name}[${i}]`, one, 'a class that was given to remote()')
}

const LIMITS: Checks = {
  maxOldGenerationSizeMb: whole(1),
  maxYoungGenerationSizeMb: whole(1),
  codeRangeSizeMb: whole(0),
  stackSizeMb: whole(1),
}

const SYSTEM: Checks = {
  threads: whole(0, MOST_THREADS),
  arenaBytes: whole(MIB, 4 * GIB),
  maxMessageBytes: whole(KIB, 2 * GIB),
  logger,
  resourceLimits: (name, value) => check(name, value, LIMITS),
  nodeId,
  addr: address(0),
  advertiseAddr: address(0),
  seeds: addresses,
  clusterName: nodeId,
  passphrase,
  insecure: flag,
  probeMs: whole(20, 60_000),
  exportClasses: classes,
  stuckThreadMs: stuckTime,
  terminateStuckAfterMs: stuckTime,
  observe,
  traces: flag,
}

const CLASS: Checks = {
  mailboxCapacity: whole(1, 2 ** 30),
  mailboxBytes: whole(1, 8 * GIB),
  overflow: oneOf('wait', 'fail', 'drop-newest', 'drop-oldest'),
  maxConcurrency: wholeOrInfinity(1),
  placement,
  instances: whole(1, 4096),
  restartPolicy: oneOf('never', 'always', 'on-failure'),
  maxRestarts: wholeOrInfinity(0),
  restartWindowMs: milliseconds,
  minBackoffMs: finiteMs,
  maxBackoffMs: finiteMs,
  strategy: oneOf('one-for-one', 'one-for-all', 'rest-for-one'),
}

const REMOTE: Checks = { ...CLASS, type: text, streams: list }
const SPAWN: Checks = { ...CLASS, nodeId, name: (_name, value) => checkActorName(value), args: list }
const ASK: Checks = { timeoutMs: milliseconds, signal }
const CALLS: Checks = { ...ASK, streamWindow: whole(1, MOST_STREAM_WINDOW) }
const RESOLVE: Checks = { nodeId, policy, filterAlive: flag }
const STOP: Checks = { drain: flag }
const SHUTDOWN: Checks = { timeoutMs: milliseconds }

/** Names of the system's own actors. */
const OWN_NAMES = ['system/queue', 'system/topics']

/** Throws ERR_PULSING_NAME_INVALID where it can't be the name of an actor (contract 1.4). */
export function checkActorName(name: unknown): void {
  if (typeof name !== 'string') throw errors.nameInvalid(name, 'give text')
  if (!/^[A-Za-z0-9._\-/@:]{1,255}$/.test(name))
    throw errors.nameInvalid(name, 'give 1 to 255 characters of A-Za-z0-9._-/@:')
  if (name.startsWith('system/') && !OWN_NAMES.includes(name))
    throw errors.nameInvalid(name, "names under system/ are the system's own, give another")
}

/** Of init and actorSystem, with their defaults. */
export function checkSystemOptions(options: SystemOptions = {}): ResolvedSystemOptions {
  check('', options, SYSTEM)
  const cores = availableParallelism()
  return {
    threads: options.threads ?? Math.min(cores, MOST_THREADS),
    cores,
    arenaBytes: options.arenaBytes ?? 256 * MIB,
    maxMessageBytes: options.maxMessageBytes ?? 64 * MIB,
    logger: options.logger ?? consoleLogger,
    resourceLimits: options.resourceLimits,
    nodeId: options.nodeId,
    cluster: checkCluster(options),
    stuckThreadMs: options.stuckThreadMs ?? 5000,
    terminateStuckAfterMs: options.terminateStuckAfterMs ?? Number.POSITIVE_INFINITY,
    observe: checkObserve(options.observe),
    traces: options.traces ?? false,
  }
}

const ANYWHERE = /^(0\.0\.0\.0|::)$/

function checkCluster(options: SystemOptions): ResolvedClusterOptions | undefined {
  const { addr, seeds = [], passphrase = [], advertiseAddr } = options
  if (addr === undefined && seeds.length === 0) {
    for (const name of [
      'advertiseAddr',
      'clusterName',
      'passphrase',
      'insecure',
      'probeMs',
      'exportClasses',
    ] as const)
      if (options[name] !== undefined)
        throw errors.invalidOption(
          name,
          undefined,
          'an addr or seeds too: without them the system is no node',
        )
    return undefined
  }
  const isNear = seeds.every((seed) => isLoopback(parseAddress(seed)?.host ?? ''))
  if (addr === undefined && !isNear)
    throw errors.invalidOption('addr', addr, 'an address that the seeds can reach, since they are elsewhere')
  if (advertiseAddr === undefined && ANYWHERE.test(parseAddress(addr)?.host ?? ''))
    throw errors.invalidOption(
      'advertiseAddr',
      advertiseAddr,
      `an address where others reach this node, since it listens on ${addr}`,
    )
  return {
    addr: addr ?? '127.0.0.1:0',
    advertiseAddr,
    seeds,
    clusterName: options.clusterName ?? 'pulsing',
    passphrases: typeof passphrase === 'string' ? [passphrase] : passphrase,
    insecure: options.insecure ?? false,
    probeMs: options.probeMs ?? 1000,
    exportClasses: options.exportClasses ?? [],
  }
}

/** Of remote: a copy, without defaults, since a spawn may say otherwise. */
export function checkRemoteOptions(options: RemoteOptions = {}): RemoteOptions {
  check('', options, REMOTE)
  checkBackoff(options.minBackoffMs, options.maxBackoffMs)
  return { ...options }
}

const NONE: readonly unknown[] = Object.freeze([])

/** Options of a spawn, which checks them, and one more that is said otherwise. Throws where they are no options at all. */
export function withMore(options: SpawnOptions | undefined, more: SpawnOptions): SpawnOptions {
  return reading('options', () => {
    if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options)))
      throw errors.invalidArgument('options', options, 'an object of options')
    return { ...options, ...more }
  })
}

/** Of a spawn, with those that its class carries and the defaults. Hot: spawn. */
export function checkSpawnOptions(options: SpawnOptions = {}, of: RemoteOptions = {}): ResolvedSpawnOptions {
  check('', options, SPAWN)
  const resolved: ResolvedSpawnOptions = {
    nodeId: options.nodeId,
    name: options.name,
    args: options.args ?? NONE,
    mailboxCapacity: options.mailboxCapacity ?? of.mailboxCapacity ?? 65_536,
    mailboxBytes: options.mailboxBytes ?? of.mailboxBytes ?? 64 * MIB,
    overflow: options.overflow ?? of.overflow ?? 'wait',
    maxConcurrency: options.maxConcurrency ?? of.maxConcurrency,
    placement: options.placement ?? of.placement ?? 'auto',
    instances: options.instances ?? of.instances ?? 1,
    restartPolicy: options.restartPolicy ?? of.restartPolicy ?? 'never',
    maxRestarts: options.maxRestarts ?? of.maxRestarts ?? 3,
    restartWindowMs: options.restartWindowMs ?? of.restartWindowMs ?? 60_000,
    minBackoffMs: options.minBackoffMs ?? of.minBackoffMs ?? MIN_BACKOFF_MS,
    maxBackoffMs: options.maxBackoffMs ?? of.maxBackoffMs ?? MAX_BACKOFF_MS,
    strategy: options.strategy ?? of.strategy,
  }
  checkBackoff(resolved.minBackoffMs, resolved.maxBackoffMs)
  return resolved
}

function checkBackoff(min = MIN_BACKOFF_MS, max = MAX_BACKOFF_MS): void {
  if (min > max) throw errors.invalidOption('minBackoffMs', min, `at most maxBackoffMs, which is ${max}`)
}

/** Of an ask, with their defaults. Hot: asks that have options. */
export function checkAskOptions(options: AskOptions): ResolvedAskOptions {
  check('', options, ASK)
  return { timeoutMs: options.timeoutMs ?? ASK_TIMEOUT_MS, signal: options.signal }
}

/** Of a proxy's calls, with their defaults. */
export function checkCallOptions(options: CallOptions = {}): ResolvedCallOptions {
  check('', options, CALLS)
  return {
    timeoutMs: options.timeoutMs ?? ASK_TIMEOUT_MS,
    streamTimeoutMs: options.timeoutMs ?? STREAM_TIMEOUT_MS,
    signal: options.signal,
    streamWindow: options.streamWindow ?? STREAM_WINDOW,
  }
}

/** Of a tell, with their defaults. */
export function checkTellOptions(options: TellOptions): ResolvedAskOptions {
  check('', options, ASK)
  return { timeoutMs: options.timeoutMs ?? Number.POSITIVE_INFINITY, signal: options.signal }
}

/** Of a resolve, with their defaults. */
export function checkResolveOptions<P extends object>(
  options: ResolveOptionsOf<P> = {},
): ResolvedResolveOptions<P> {
  check('', options, RESOLVE)
  return { nodeId: options.nodeId, policy: options.policy, filterAlive: options.filterAlive ?? true }
}

/** Of a stop, with their defaults. */
export function checkStopOptions(options: StopOptions = {}): { readonly drain: boolean } {
  check('', options, STOP)
  return { drain: options.drain ?? false }
}

/** Of a shutdown, with their defaults. */
export function checkShutdownOptions(options: ShutdownOptions = {}): { readonly timeoutMs: number } {
  check('', options, SHUTDOWN)
  return { timeoutMs: options.timeoutMs ?? 10_000 }
}

/** Whether init was given the same options again. */
export function sameOptions(one: SystemOptions, other: SystemOptions): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof SystemOptions>
  for (const key of keys) if (!isDeepStrictEqual(one[key], other[key])) return false
  return true
}
