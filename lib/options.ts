// Every option, its default and its check. An unknown or impossible one is ERR_PULSING_INVALID_OPTION.

import { availableParallelism } from 'node:os'
import { errors } from './errors.js'

/** An object of pino's shape: `log.warn({ ... }, 'message')`. */
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
  const more = err instanceof Error ? `\n${err.stack ?? err.message}` : ''
  process.stderr.write(`pulsing ${level}: ${message}${more}\n`)
}

/** What a full mailbox does (contract 3.6). */
export type Overflow = 'wait' | 'fail' | 'drop-newest' | 'drop-oldest'
/** Where an actor lives: see ActorSystem.spawn. */
export type Placement = 'auto' | 'spread' | 'host' | { readonly slot: number }
export type RestartPolicy = 'never' | 'always' | 'on-failure'

/** Limits of an engine thread's memory, as node:worker_threads takes them. */
export interface ResourceLimits {
  readonly maxOldGenerationSizeMb?: number
  readonly maxYoungGenerationSizeMb?: number
  readonly codeRangeSizeMb?: number
  readonly stackSizeMb?: number
}

/** Options of init and actorSystem. */
export interface SystemOptions {
  /** Engine threads: the cores that the process may use, unless set; 0 keeps all actors on the calling thread. */
  readonly threads?: number
  /** Bytes reserved for messages under way: 256 MiB unless set. */
  readonly arenaBytes?: number
  /** Bytes of the largest message: 64 MiB unless set. Moved buffers do not count. */
  readonly maxMessageBytes?: number
  /** Warnings and errors to standard error, unless set. */
  readonly logger?: Logger
  readonly resourceLimits?: ResourceLimits
  /** Id of this node: random unless set. */
  readonly nodeId?: string
  /** Of a later version: see docs/errors.md, ERR_PULSING_NOT_YET_SUPPORTED. */
  readonly addr?: string
  readonly seeds?: readonly string[]
  readonly passphrase?: string | readonly string[]
  readonly stuckThreadMs?: number
  readonly terminateStuckAfterMs?: number
}

/** Options that a class carries, and a spawn may override. */
export interface RemoteOptions {
  /** Name of the class in its module: its own unless set. */
  readonly type?: string
  readonly mailboxCapacity?: number
  readonly mailboxBytes?: number
  readonly overflow?: Overflow
  readonly maxConcurrency?: number
  readonly placement?: Placement
  readonly instances?: number
  readonly restartPolicy?: RestartPolicy
  readonly maxRestarts?: number
  readonly restartWindowMs?: number
  readonly minBackoffMs?: number
  readonly maxBackoffMs?: number
}

/** Options of a spawn: see ActorSystem.spawn. */
export interface SpawnOptions extends Omit<RemoteOptions, 'type'> {
  readonly name?: string | undefined
  readonly args?: readonly unknown[]
}

/** Options of an ask. */
export interface AskOptions {
  /** Milliseconds to wait: 30,000 unless set, Infinity for ever. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Options of a tell. */
export interface TellOptions {
  /** Milliseconds to wait for room: for ever unless set. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface StopOptions {
  /** First handle what was sent before, and wait for what is under way: false unless set. */
  readonly drain?: boolean
}

export interface ShutdownOptions {
  /** Milliseconds for the actors to end: 10,000 unless set. */
  readonly timeoutMs?: number
}

export interface ResolvedSystemOptions {
  readonly threads: number
  readonly cores: number
  readonly arenaBytes: number
  readonly maxMessageBytes: number
  readonly logger: Logger
  readonly resourceLimits: ResourceLimits | undefined
  readonly nodeId: string | undefined
}

export interface ResolvedSpawnOptions {
  readonly name: string | undefined
  readonly args: readonly unknown[]
  readonly mailboxCapacity: number
  readonly mailboxBytes: number
  readonly overflow: Overflow
  readonly maxConcurrency: number | undefined
  readonly placement: Placement
  readonly instances: number
}

const DEFAULT_ASK_MS = 30_000
const MOST_THREADS = 63
const MIB = 1024 * 1024

type Check = (name: string, value: unknown) => void

const whole =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Check =>
  (name, value) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw errors.invalidOption(name, value, `a whole number ${range}`)
  }

const wholeOrInfinity: Check = (name, value) => {
  if (value !== Number.POSITIVE_INFINITY) whole(1)(name, value)
}

const milliseconds: Check = (name, value) => {
  if (typeof value === 'number' && value >= 0) return
  throw errors.invalidOption(name, value, 'milliseconds, 0 or more, or Infinity')
}

const oneOf =
  (...values: readonly unknown[]): Check =>
  (name, value) => {
    if (!values.includes(value)) throw errors.invalidOption(name, value, `one of ${values.join(', ')}`)
  }

const ofType =
  (type: string, wanted: string): Check =>
  (name, value) => {
    if (typeof value !== type) throw errors.invalidOption(name, value, wanted)
  }

const text: Check = (name, value) => {
  if (typeof value !== 'string' || value === '')
    throw errors.invalidOption(name, value, 'text that is not empty')
}

const placement: Check = (name, value) => {
  if (value === 'auto' || value === 'spread' || value === 'host') return
  const { slot } = (value ?? {}) as { slot?: unknown }
  if (Number.isInteger(slot) && (slot as number) >= 0) return
  throw errors.invalidOption(name, value, "'auto', 'spread', 'host' or { slot: number }")
}

const signal: Check = (name, value) => {
  if (!(value instanceof AbortSignal)) throw errors.invalidOption(name, value, 'an AbortSignal')
}

const logger: Check = (name, value) => {
  const of = (value ?? {}) as Record<string, unknown>
  if (['debug', 'info', 'warn', 'error'].some((method) => typeof of[method] !== 'function'))
    throw errors.invalidOption(
      name,
      value,
      'an object with the methods debug, info, warn and error, as pino gives',
    )
}

/** What comes with a later version. It is refused here, and nowhere else. */
const later =
  (what: string, isOff: (value: unknown) => boolean = () => false): Check =>
  (name, value) => {
    if (!isOff(value)) throw errors.notYetSupported(`the option ${name} (${what})`)
  }

const limits: Check = (name, value) => {
  const known = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb']
  check(`${name}.`, value, Object.fromEntries(known.map((key) => [key, whole(1)])))
}

const SYSTEM: Record<string, Check> = {
  threads: whole(0, MOST_THREADS),
  arenaBytes: whole(MIB, 2 ** 32),
  maxMessageBytes: whole(1024, 2 ** 31),
  logger,
  resourceLimits: limits,
  nodeId: (name, value) => {
    if (typeof value !== 'string' || !/^[A-Za-z0-9._-]{1,255}$/.test(value))
      throw errors.invalidOption(name, value, '1 to 255 characters of A-Za-z0-9._-')
  },
  addr: later('clusters'),
  seeds: later('clusters', (value) => Array.isArray(value) && value.length === 0),
  passphrase: later('clusters'),
  stuckThreadMs: later('the watchdog'),
  terminateStuckAfterMs: later('the watchdog'),
}

const CLASS: Record<string, Check> = {
  mailboxCapacity: whole(1, 2 ** 30),
  mailboxBytes: whole(1, 2 ** 33),
  overflow: oneOf('wait', 'fail', 'drop-newest', 'drop-oldest'),
  maxConcurrency: wholeOrInfinity,
  placement,
  instances: whole(1, 4096),
  restartPolicy: (name, value) => {
    oneOf('never', 'always', 'on-failure')(name, value)
    later('restarts', (one) => one === 'never')(name, value)
  },
  maxRestarts: whole(0),
  restartWindowMs: milliseconds,
  minBackoffMs: milliseconds,
  maxBackoffMs: milliseconds,
}

const REMOTE: Record<string, Check> = { ...CLASS, type: text }
const SPAWN: Record<string, Check> = {
  ...CLASS,
  name: (_name, value) => checkActorName(value),
  args: (name, value) => {
    if (!Array.isArray(value)) throw errors.invalidOption(name, value, 'an array')
  },
}
const ASK: Record<string, Check> = { timeoutMs: milliseconds, signal }
const STOP: Record<string, Check> = { drain: ofType('boolean', 'true or false') }
const SHUTDOWN: Record<string, Check> = { timeoutMs: milliseconds }

/** Every option that is set is a known one and passes. Undefined is as good as not set. */
function check(prefix: string, options: unknown, checks: Record<string, Check>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw errors.invalidArgument(
      prefix === '' ? 'options' : prefix.slice(0, -1),
      options,
      'an object of options',
    )
  for (const [name, value] of Object.entries(options)) {
    const one = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (one === undefined)
      throw errors.unknownOption(prefix + name, nearest(name, Object.keys(checks)), Object.keys(checks))
    if (value !== undefined) one(prefix + name, value)
  }
}

/** The known name that a typo most likely meant. */
function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, name.length >> 2) + 1
  for (const candidate of known) {
    const distance = edits(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same))
    }
    row = next
  }
  return row[b.length] as number
}

/** Contract 1.4. */
export function checkActorName(name: unknown): void {
  if (typeof name !== 'string') throw errors.nameInvalid(name, 'it has to be text')
  if (!/^[A-Za-z0-9._\-/@:]{1,255}$/.test(name))
    throw errors.nameInvalid(name, 'a name has 1 to 255 characters of A-Za-z0-9._-/@:')
  if (name.startsWith('system/')) throw errors.nameInvalid(name, "names under system/ are the system's own")
}

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
  }
}

export function checkRemoteOptions(options: RemoteOptions = {}): RemoteOptions {
  check('', options, REMOTE)
  return options
}

/** of: what its class carries. */
export function checkSpawnOptions(options: SpawnOptions = {}, of: RemoteOptions = {}): ResolvedSpawnOptions {
  check('', options, SPAWN)
  const maxConcurrency = options.maxConcurrency ?? of.maxConcurrency
  return {
    name: options.name,
    args: options.args ?? [],
    mailboxCapacity: options.mailboxCapacity ?? of.mailboxCapacity ?? 65_536,
    mailboxBytes: options.mailboxBytes ?? of.mailboxBytes ?? 64 * MIB,
    overflow: options.overflow ?? of.overflow ?? 'wait',
    maxConcurrency,
    placement: options.placement ?? of.placement ?? 'auto',
    instances: options.instances ?? of.instances ?? 1,
  }
}

export function checkAskOptions(options: AskOptions): { timeoutMs: number; signal: AbortSignal | undefined } {
  check('', options, ASK)
  return { timeoutMs: options.timeoutMs ?? DEFAULT_ASK_MS, signal: options.signal ?? undefined }
}

export function checkTellOptions(options: TellOptions): TellOptions {
  check('', options, ASK)
  return options
}

export function checkStopOptions(options: StopOptions = {}): { drain: boolean } {
  check('', options, STOP)
  return { drain: options.drain ?? false }
}

export function checkShutdownOptions(options: ShutdownOptions = {}): { timeoutMs: number } {
  check('', options, SHUTDOWN)
  return { timeoutMs: options.timeoutMs ?? 10_000 }
}

/** Whether init was given the same options again. */
export function sameOptions(one: SystemOptions, other: SystemOptions): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof SystemOptions>
  for (const key of keys)
    if (one[key] !== other[key] && JSON.stringify(one[key]) !== JSON.stringify(other[key])) return false
  return true
}
