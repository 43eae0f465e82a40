// From a class to a running actor of this thread, and back.

import {
  CELL,
  type Cell,
  type CellOptions,
  DRAINED,
  isThenable,
  PAUSED_FULL,
  PAUSED_RESTARTING,
  PAUSED_STARTING,
  PAUSED_STOPPING,
  Seen,
  targetOf,
} from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { Actor, StopReason } from './actor.js'
import type { ClassInfo } from './class-info.js'
import { ActorContext } from './context.js'
import { cancelDelayed } from './delay.js'
import type { ActorHost } from './host.js'
import { refOf } from './proxy.js'
import type { ActorRecord } from './record.js'
import type { ActorRef } from './ref.js'

export interface Start {
  readonly info: ClassInfo
  readonly make: () => object
  readonly options: CellOptions
  readonly name: string | undefined
  readonly parent: ActorRef | undefined
  /** The pool it works for, 0 for none, and how many messages it takes at a time. */
  readonly pool: number
  readonly permits: number
  /** The supervision layer's own. */
  readonly supervision: unknown
}

type Hooks = Partial<Pick<Actor, 'onStart' | 'onStop'>>

const classIds = new WeakMap<ActorHost, Map<string, number>>()

/** The interned description of a class; 0 where it has no method to call. */
export function classIdOf(host: ActorHost, info: ClassInfo): number {
  let ids = classIds.get(host)
  if (ids === undefined) {
    ids = new Map()
    classIds.set(host, ids)
  }
  let id = ids.get(info.text)
  if (id === undefined) {
    id = host.thread.port.intern(`c${info.text}`)
    if (id < 0) throw errors.internal('the table of classes is full')
    ids.set(info.text, id)
  }
  return id
}

/** The cell of the running actor; a promise where its onStart is asynchronous. Throws what keeps it from starting. */
export function startActor(host: ActorHost, start: Start): Cell | Promise<Cell> {
  const { thread } = host
  const { info, name, options } = start
  const cell = thread.open(NOBODY, info.table, options, classIdOf(host, info))
  cell.actor = recordOf(host, start)
  observe(host, cell, info)
  if (name !== undefined) {
    if (!thread.addName(name, cell.target)) {
      thread.close(cell)
      throw errors.nameTaken(name)
    }
    thread.expose(cell.target)
  }
  try {
    const made = makeInstance(host, cell)
    if (made === undefined) return running(host, cell, start)
    return made.then(
      () => running(host, cell, start),
      async (error) => {
        discard(host, cell)
        await stopChildren(host, cell, false)
        throw error
      },
    )
  } catch (error) {
    discard(host, cell)
    throw error
  }
}

/** Its calls are counted with those of its class, where the system is observed. */
function observe({ thread }: ActorHost, cell: Cell, { table, type, description }: ClassInfo): void {
  if (thread.tallies === undefined) return
  const tally = thread.tallies.of(table, type, description.methods)
  cell.untimed = tally.left
  cell.seen = new Seen(tally)
}

function recordOf(host: ActorHost, { info, name, parent, make, supervision }: Start): ActorRecord {
  return {
    host,
    info,
    name,
    parent,
    startedMs: Math.trunc(performance.now() - host.madeMs),
    make,
    supervision,
    children: undefined,
    delayed: undefined,
    stopping: undefined,
    retired: false,
    joins: 0,
  }
}

/** An actor that outlived its thread, on the one that took its place: its mailbox waits for an instance (contract 5.2). */
export function adoptActor(host: ActorHost, cell: Cell, start: Start): void {
  cell.options = start.options
  cell.methods = start.info.table
  cell.instance = NOBODY
  cell.pool = start.pool
  observe(host, cell, start.info)
  cell.actor = { ...recordOf(host, start), retired: true, joins: start.pool === 0 ? 0 : start.permits }
}

const NOBODY = {}

/** The instance, and its onStart; a promise where that is asynchronous. */
function makeInstance(host: ActorHost, cell: Cell): Promise<unknown> | undefined {
  const record = cell.actor as ActorRecord
  const instance = record.make()
  if ((instance as { [CELL]?: Cell })[CELL]?.closed === false)
    throw errors.invalidArgument('actor', instance, 'an instance that is not an actor already')
  cell.instance = instance
  record.retired = false
  if (Object.isExtensible(instance)) (instance as { [CELL]?: Cell | undefined })[CELL] = cell
  const { onStart } = instance as Hooks
  if (typeof onStart !== 'function') return undefined
  const { actorId } = refOf(host, cell.target)
  const started = onStart.call(instance, actorId, contextOf(host, cell)) as unknown
  return isThenable(started) ? Promise.resolve(started) : undefined
}

function madeOnce(): never {
  throw errors.internal('an actor that is never made again was to be')
}

function running(host: ActorHost, cell: Cell, start: Start): Cell {
  if (start.supervision === undefined) (cell.actor as ActorRecord).make = madeOnce
  if (cell.closed) throw errors.actorStopped(refOf(host, cell.target).toString(), 'onStart')
  host.thread.unpause(cell, PAUSED_STARTING)
  if (start.pool !== 0) {
    cell.pool = start.pool
    host.thread.expose(cell.target)
    host.thread.port.joinPool(start.pool, cell.index, cell.generation, start.permits)
  }
  return cell
}

/** It never started. */
function discard(host: ActorHost, cell: Cell): void {
  freeName(host, cell)
  host.thread.close(cell)
  void retire(host, cell, undefined)
  host.ended(cell, 'failed')
}

function freeName(host: ActorHost, cell: Cell): void {
  const { name } = cell.actor as ActorRecord
  if (name !== undefined) host.thread.removeName(name, cell.target)
}

export function contextOf(host: ActorHost, cell: Cell): ActorContext {
  cell.context ??= new ActorContext(host, cell)
  return cell.context as ActorContext
}

const drains = new WeakMap<object, () => void>()

/** Of the layers above: called when the actor begins to drain, to let those go who would wait for ever. */
export function onDraining(instance: object, called: () => void): void {
  drains.set(instance, called)
}

/** Contract 3.8: resolves when onStop has run. */
export function stopActor(host: ActorHost, cell: Cell, drain: boolean, reason: StopReason): Promise<void> {
  const record = cell.actor as ActorRecord
  record.stopping ??= stopNow(host, cell, drain, reason)
  return record.stopping
}

async function stopNow(host: ActorHost, cell: Cell, drain: boolean, reason: StopReason): Promise<void> {
  const record = cell.actor as ActorRecord
  await stopChildren(host, cell, drain)
  if (cell.closed) return
  if (drain) {
    drains.get(cell.instance as object)?.()
    await drained(host, cell)
  } else if (record.info.serial && cell.running > 0) await idle(host, cell)
  if (cell.closed) return
  freeName(host, cell)
  host.thread.close(cell)
  if (record.parent !== undefined) host.childStopped(record.parent, refOf(host, cell.target))
  await retire(host, cell, reason)
  host.ended(cell, reason)
}

/** Last started first. */
async function stopChildren(host: ActorHost, cell: Cell, drain: boolean): Promise<void> {
  const { children } = cell.actor as ActorRecord
  if (children === undefined) return
  for (const child of [...children].reverse()) {
    const target = targetOf(child)
    if (target !== undefined) await host.stop(target, { drain }).catch(() => undefined)
    children.delete(child)
  }
}

/**
 * The instance is no more: what it wanted of itself later is not done, its context is dead, its onStop runs.
 * @param reason undefined: it has not started, so it can't stop
 */
function retire(host: ActorHost, cell: Cell, reason: StopReason | undefined): Promise<void> | undefined {
  const record = cell.actor as ActorRecord
  if (record.retired) return undefined
  record.retired = true
  const { instance, context } = cell
  cancelDelayed(record)
  host.retired(cell)
  if (context !== undefined) ActorContext.ended(context as ActorContext)
  cell.context = undefined
  const { onStop } = instance as Hooks
  if (typeof onStop !== 'function' || reason === undefined) return undefined
  const failed = (error: unknown) =>
    host.logger.error({ err: error, actor: refOf(host, cell.target).toString() }, 'onStop failed')
  try {
    const stopped = onStop.call(instance, reason) as unknown
    return isThenable(stopped) ? Promise.resolve(stopped).then(() => undefined, failed) : undefined
  } catch (error) {
    failed(error)
    return undefined
  }
}

/**
 * The instance ends, its mailbox waits for another (contract 5.2): no message begins, what is under way fails, its children
 * stop, its onStop runs. A promise where any of that takes time.
 */
export function haltActor(host: ActorHost, cell: Cell, reason: StopReason): Promise<void> | undefined {
  const { thread } = host
  const { children, retired } = cell.actor as ActorRecord
  if (retired) return undefined
  const { instance } = cell
  thread.pause(cell, PAUSED_RESTARTING)
  thread.dispatcher.restarting(cell)
  const gone = () => {
    if (Object.isExtensible(instance)) (instance as { [CELL]?: Cell | undefined })[CELL] = undefined
  }
  if (children === undefined || children.size === 0) {
    const stopped = retire(host, cell, reason)
    if (stopped === undefined) gone()
    return stopped?.then(gone)
  }
  return stopChildren(host, cell, false)
    .then(() => retire(host, cell, reason))
    .then(gone)
}

/** Another instance takes its place, and the messages that wait. Throws, or rejects with, what keeps it from starting. */
export function reviveActor(host: ActorHost, cell: Cell): Promise<void> | undefined {
  const go = () => {
    const record = cell.actor as ActorRecord
    host.thread.unpause(cell, PAUSED_RESTARTING | PAUSED_FULL)
    if (record.joins === 0 || cell.closed) return
    host.thread.port.joinPool(cell.pool, cell.index, cell.generation, record.joins)
    record.joins = 0
  }
  let made: Promise<unknown> | undefined
  try {
    made = makeInstance(host, cell)
  } catch (error) {
    void retire(host, cell, undefined)
    throw error
  }
  if (made === undefined) return void go()
  return made.then(go, async (error) => {
    void retire(host, cell, undefined)
    await stopChildren(host, cell, false)
    throw error
  })
}

/** What was sent before is handled, and nothing is under way. */
function drained(host: ActorHost, cell: Cell): Promise<void> {
  return new Promise((resolve) => {
    const { thread } = host
    const done = () => {
      cell.draining = undefined
      thread.pause(cell, PAUSED_STOPPING)
      resolve()
    }
    cell.draining = { left: cell.native ? 2 : 1, done }
    thread.pushLocal(cell, DRAINED)
    if (cell.native) thread.sender.mark(cell.target, DRAINED)
  })
}

/** The message in hand is done; no other begins. */
function idle(host: ActorHost, cell: Cell): Promise<void> {
  return new Promise((resolve) => {
    host.thread.pause(cell, PAUSED_STOPPING)
    cell.draining = {
      left: 0,
      done: () => {
        cell.draining = undefined
        resolve()
      },
    }
  })
}
