// What a thread says of itself and of its actors, to whoever observes the system.

import { getHeapStatistics } from 'node:v8'
import { type ActorHost, ActorId, type ActorRecord, type ActorRef, refOf } from '../actor/index.js'
import { type Cell, type ClassReport, type DeadLetterReason, StandIn, type Thread } from '../engine/index.js'
import type { Supervised } from '../supervision/index.js'
import type { ActorStatus } from './requests.js'

/** The parent of actors that no actor has spawned. */
export const ROOT = 'none'

/** Of a look at all actors of a thread: so many milliseconds at a time, so that they are not kept waiting. */
const SLICE_MS = 4
const LOOKS_A_CLOCK = 1024

/** By what actors are chosen, and in which order: the largest first. */
export const ACTOR_ORDERS = ['waiting', 'underWay', 'time', 'restarts', 'age'] as const
export type ActorOrder = (typeof ACTOR_ORDERS)[number]

export interface ActorsWanted {
  readonly top: number
  readonly by: ActorOrder
  /** Part of a name, a class or an id, whatever its case; '' for all. */
  readonly filter: string
  /** The id of the actor that spawned it; ROOT for those that none did; any where it is not set. */
  readonly parent: string | undefined
  /** Those of the system's own too. */
  readonly all: boolean
}

export interface ReportRequest {
  /** None where it is not set. */
  readonly actors: ActorsWanted | undefined
  /** Whether mailboxes are looked at, all of them. */
  readonly backlogs: boolean
}

/** What waits in the mailboxes of a class. */
export interface Backlog {
  readonly type: string
  readonly waiting: number
  /** The longest backlogMs of its actors. */
  readonly backlogMs: number
}

/** An actor, as its thread sees it. */
export interface ActorReport {
  readonly id: string
  readonly name: string | undefined
  readonly type: string
  readonly slot: number
  readonly parent: string | undefined
  readonly children: number
  readonly status: ActorStatus
  readonly waiting: number
  /** Milliseconds in which messages have waited without a moment in which none did: the oldest is at most that old. */
  readonly backlogMs: number
  readonly underWay: number
  /** What its calls took together, those that are done; an estimate, as short ones are sampled. */
  readonly timeMs: number
  readonly restarts: number
  /** Milliseconds since it started. */
  readonly ageMs: number
  readonly lastFailure: string | undefined
}

export interface ThreadReport {
  readonly heapUsedBytes: number
  readonly heapLimitBytes: number
  /** Memory of buffers, beside the heap. */
  readonly externalBytes: number
  readonly classes: readonly ClassReport[]
  /** Its asks that wait for an answer. */
  readonly asksUnderWay: number
  /** By their reason. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>
  /** By class, those with messages that wait; none where it was not asked for. */
  readonly backlogs: readonly Backlog[]
  /** The top ones, and how many there are that the filter lets through. */
  readonly actors: readonly ActorReport[]
  readonly found: number
}

/** statusOf: as describe has it. */
export async function reportOf(
  host: ActorHost,
  { actors, backlogs }: ReportRequest,
  statusOf: (cell: Cell) => ActorStatus,
): Promise<ThreadReport> {
  const heap = getHeapStatistics()
  const found = actors === undefined ? { actors: [], found: 0 } : await actorsOf(host, actors, statusOf)
  return {
    heapUsedBytes: heap.used_heap_size,
    heapLimitBytes: heap.heap_size_limit,
    externalBytes: heap.external_memory,
    classes: host.thread.tallies?.reports() ?? [],
    asksUnderWay: host.thread.asks.underWay,
    deadLetters: host.thread.tallies?.deadLetters ?? {},
    backlogs: backlogs ? await backlogsOf(host.thread) : [],
    ...found,
  }
}

async function actorsOf(
  host: ActorHost,
  { top, by, filter, parent: wantedParent, all }: ActorsWanted,
  statusOf: (cell: Cell) => ActorStatus,
): Promise<{ actors: ActorReport[]; found: number }> {
  const { thread } = host
  const wanted = filter.toLowerCase()
  const isChild = childrenOf(wantedParent)
  const nowMs = performance.now() - host.madeMs
  const weightOf = (cell: Cell): number => {
    if (by === 'waiting') return thread.waitingIn(cell)
    if (by === 'underWay') return cell.running
    if (by === 'time') return cell.seen?.runMs ?? 0
    if (by === 'age') return nowMs - (cell.actor as ActorRecord).startedMs
    return supervisedOf(cell)?.restarts ?? 0
  }
  // The least of the best is at the end; most actors are no better than that, and cost a look.
  const best: { cell: Cell; value: number }[] = []
  let found = 0
  await eachActor(thread, (cell, { name, info, parent }) => {
    if (isChild !== undefined && !isChild(parent)) return
    if (!all && name?.startsWith('system/') === true) return
    if (wanted !== '' && !isFound(host, cell, name, info.type, wanted)) return
    found++
    const value = weightOf(cell)
    if (best.length === top && value <= (best.at(-1)?.value ?? 0)) return
    let at = best.length
    while (at > 0 && (best[at - 1]?.value ?? 0) < value) at--
    best.splice(at, 0, { cell, value })
    if (best.length > top) best.pop()
  })
  const there = best.filter(({ cell }) => thread.cells[cell.index] === cell && !cell.closed)
  const actors = there.map(({ cell }): ActorReport => {
    const { name, info, parent, children, stopping, startedMs } = cell.actor as ActorRecord
    const { restarts = 0, lastFailure } = supervisedOf(cell) ?? {}
    return {
      id: refOf(host, cell.target).actorId.toString(),
      name,
      type: info.type,
      slot: thread.slot,
      parent: parent?.actorId.toString(),
      children: children?.size ?? 0,
      status: stopping === undefined ? statusOf(cell) : 'stopping',
      waiting: thread.waitingIn(cell),
      backlogMs: backlogOf(thread, cell),
      underWay: cell.running,
      timeMs: cell.seen?.runMs ?? 0,
      restarts,
      ageMs: Math.round(nowMs - startedMs),
      lastFailure: lastFailure === undefined ? undefined : String(lastFailure.error),
    }
  })
  return { actors, found }
}

/** Undefined where whose child it is does not matter. */
function childrenOf(wanted: string | undefined): ((parent: ActorRef | undefined) => boolean) | undefined {
  if (wanted === undefined) return undefined
  if (wanted === ROOT) return (parent) => parent === undefined
  const { nodeId, slot, index, generation } = ActorId.parse(wanted)
  return (parent) => {
    // By its parts, since there may be a million of them.
    const id = parent?.actorId
    return id?.index === index && id.generation === generation && id.slot === slot && id.nodeId === nodeId
  }
}

/** Looks at all actors of the thread, some milliseconds at a time. Those that come meanwhile may be looked at, or not. */
async function eachActor(thread: Thread, look: (cell: Cell, actor: ActorRecord) => void): Promise<void> {
  let sliceMs = performance.now()
  for (let index = 0; index < thread.cells.length; index++) {
    if (index % LOOKS_A_CLOCK === 0 && performance.now() - sliceMs > SLICE_MS) {
      await new Promise((resolve) => setImmediate(resolve))
      sliceMs = performance.now()
    }
    const cell = thread.cells[index]
    if (cell?.actor === undefined || cell.instance instanceof StandIn || cell.closed) continue
    look(cell, cell.actor as ActorRecord)
  }
}

async function backlogsOf(thread: Thread): Promise<Backlog[]> {
  const found = new Map<string, { type: string; waiting: number; backlogMs: number }>()
  await eachActor(thread, (cell, { info: { type } }) => {
    const waiting = thread.waitingIn(cell)
    if (waiting === 0) return
    const sum = found.get(type) ?? { type, waiting: 0, backlogMs: 0 }
    sum.waiting += waiting
    sum.backlogMs = Math.max(sum.backlogMs, backlogOf(thread, cell))
    found.set(type, sum)
  })
  return [...found.values()]
}

function backlogOf(thread: Thread, cell: Cell): number {
  const since = cell.seen?.backlogMs ?? 0
  return since === 0 || thread.waitingIn(cell) === 0 ? 0 : Math.round(performance.now() - since)
}

function supervisedOf(cell: Cell): Supervised | undefined {
  return (cell.actor as ActorRecord).supervision as Supervised | undefined
}

function isFound(
  host: ActorHost,
  cell: Cell,
  name: string | undefined,
  type: string,
  wanted: string,
): boolean {
  return (
    name?.toLowerCase().includes(wanted) === true ||
    type.toLowerCase().includes(wanted) ||
    refOf(host, cell.target).actorId.toString().toLowerCase().includes(wanted)
  )
}
