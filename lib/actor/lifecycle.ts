// From a class to a running actor of this thread, and back.

import {
  CELL,
  type Cell,
  type CellOptions,
  DRAINED,
  PAUSED_STARTING,
  PAUSED_STOPPING,
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
  const record: ActorRecord = {
    host,
    info,
    name,
    parent: start.parent,
    children: undefined,
    delayed: undefined,
    stopping: undefined,
  }
  cell.actor = record
  if (name !== undefined) {
    const { index, generation } = cell
    if (!thread.port.addName(name, thread.slot, index, generation, cell.target.classId)) {
      thread.close(cell)
      throw errors.nameTaken(name)
    }
    thread.expose(cell.target)
  }
  try {
    const instance = start.make()
    cell.instance = instance
    if ((instance as { [CELL]?: Cell })[CELL]?.closed === false)
      throw errors.invalidArgument('actor', instance, 'an instance that is not an actor already')
    if (Object.isExtensible(instance)) (instance as { [CELL]?: Cell })[CELL] = cell
    const { onStart } = instance as Hooks
    if (typeof onStart === 'function') {
      const started = onStart.call(
        instance,
        refOf(host, cell.target).actorId,
        contextOf(host, cell),
      ) as unknown
      if (isThenable(started)) {
        return Promise.resolve(started).then(
          () => running(host, cell, start),
          (error) => {
            discard(host, cell)
            throw error
          },
        )
      }
    }
  } catch (error) {
    discard(host, cell)
    throw error
  }
  return running(host, cell, start)
}

const NOBODY = {}

function running(host: ActorHost, cell: Cell, start: Start): Cell {
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
  cancelDelayed(cell.actor as ActorRecord)
  freeName(host, cell)
  host.thread.close(cell)
}

function freeName(host: ActorHost, cell: Cell): void {
  const { name } = cell.actor as ActorRecord
  if (name !== undefined) host.thread.port.removeName(name, host.thread.slot, cell.index, cell.generation)
}

export function contextOf(host: ActorHost, cell: Cell): ActorContext {
  cell.context ??= new ActorContext(host, cell)
  return cell.context as ActorContext
}

/** Contract 3.8: resolves when onStop has run. */
export function stopActor(host: ActorHost, cell: Cell, drain: boolean, reason: StopReason): Promise<void> {
  const record = cell.actor as ActorRecord
  record.stopping ??= stopNow(host, cell, drain, reason)
  return record.stopping
}

async function stopNow(host: ActorHost, cell: Cell, drain: boolean, reason: StopReason): Promise<void> {
  const record = cell.actor as ActorRecord
  // Last started first.
  for (const child of [...(record.children ?? [])].reverse()) {
    const target = targetOf(child)
    if (target !== undefined) await host.stop(target, { drain }).catch(() => undefined)
  }
  if (cell.closed) return
  if (drain) await drained(host, cell)
  else if (record.info.serial && cell.running > 0) await idle(host, cell)
  if (cell.closed) return
  freeName(host, cell)
  host.thread.close(cell)
  cancelDelayed(record)
  if (record.parent !== undefined) host.childStopped(record.parent, refOf(host, cell.target))
  if (cell.context !== undefined) ActorContext.ended(cell.context as ActorContext)
  const { onStop } = cell.instance as Hooks
  if (typeof onStop !== 'function') return
  try {
    await onStop.call(cell.instance, reason)
  } catch (error) {
    host.logger.error({ err: error, actor: refOf(host, cell.target).toString() }, 'onStop failed')
  }
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
    cell.depth++
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  )
}
