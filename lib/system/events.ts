// What a system tells of itself: events, counted and listened to on the host, wherever they happened.

import { type Channel, channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import type { DeadLetterReason } from '../engine/index.js'
import type { Logger } from '../options/index.js'
import type { Member, MemberStatus } from './nodes.js'

/** A message that could not be delivered (contract 3.7). */
export interface DeadLetter {
  /** The actor's id, as text; behind its name where it has one: `name (id)`. So in all events. */
  readonly actor: string
  /** `receive`, or the method that was called. */
  readonly method: string
  /** The message, or the arguments. Undefined where it can't be read any more. */
  readonly message: unknown
  readonly reason: DeadLetterReason
}

/** An error that nobody waited for (contract 4.3). */
export interface UnobservedError {
  readonly actor: string
  readonly method: string
  readonly error: Error
}

/** A thread that has ended; another takes its place. */
export interface ThreadDied {
  readonly slot: number
  /** What ended it, where it is known. */
  readonly error: Error | undefined
  /** Whose code ended it, where that is known: id, and name where it has one. */
  readonly actor: string | undefined
  /** Name of the class of the actor, or of actors of which it was one. */
  readonly type: string | undefined
  /** The method that ran; undefined for what an actor does outside its calls, as in a timer that it left behind. */
  readonly method: string | undefined
}

/** An actor that is made again (contract 5.1). */
export interface Restart {
  readonly actor: string
  /** What it failed with; undefined where it stopped itself. */
  readonly error: Error | undefined
  /** How often it was made again by now. */
  readonly restarts: number
  /** Milliseconds before its new instance is made. */
  readonly delayMs: number
}

/** An engine thread that has not come back to its event loop for `stuckThreadMs` (contract 5.5). */
export interface Stuck {
  readonly slot: number
  /** Whose method it runs: id, and name where it has one. Undefined where no message is handled, as in a timer. */
  readonly actor: string | undefined
  readonly method: string | undefined
  /** Since when, milliseconds ago, as near as the watchdog looks. */
  readonly stuckMs: number
}

/** A member of the cluster has another status, or is new (contract 6.1). */
export interface MemberEvent extends Member {
  /** Undefined for one that is new. */
  readonly before: MemberStatus | undefined
}

/** A node that was not taken as a peer, or did not take this one (contract 6.2). */
export interface PeerRefused {
  readonly addr: string
  /** What was wrong, and what to do. */
  readonly reason: string
}

/** Records of a queue that a reader will not see, or that are lost (contract 7.3). */
export interface QueueGap {
  readonly topic: string
  readonly bucketId: number
  /** Offsets: from the first that is missing, to the first that is there again. */
  readonly from: number
  readonly to: number
  /** `lost`: the bucket began again empty; `dropped`: its retention let the oldest go before this reader came to them. */
  readonly reason: 'lost' | 'dropped'
}

/** The events of a system, and what their listeners are given (contract, section 2). */
export interface SystemEvents {
  deadLetter: [DeadLetter]
  unobservedError: [UnobservedError]
  restart: [Restart]
  stuck: [Stuck]
  threadDied: [ThreadDied]
  member: [MemberEvent]
  peerRefused: [PeerRefused]
  queueGap: [QueueGap]
}

/** Their names. */
export const EVENTS: readonly (keyof SystemEvents)[] = [
  'deadLetter',
  'unobservedError',
  'restart',
  'stuck',
  'threadDied',
  'member',
  'peerRefused',
  'queueGap',
]

/** Each event is published by node:diagnostics_channel too, as `pulsing:<name>`, with the node's id; on the host. */
const CHANNELS: ReadonlyMap<string, Channel> = new Map(
  EVENTS.map((name) => [name, channel(`pulsing:${name}`)]),
)

export type SystemEvent =
  | { readonly name: 'deadLetter'; readonly data: DeadLetter }
  | { readonly name: 'unobservedError'; readonly data: UnobservedError }
  | { readonly name: 'restart'; readonly data: Restart }
  | { readonly name: 'member'; readonly data: MemberEvent }
  | { readonly name: 'peerRefused'; readonly data: PeerRefused }
  | { readonly name: 'queueGap'; readonly data: QueueGap }

/** Those that are counted where they happen. */
export type CountedEvent = 'deadLetter' | 'unobservedError' | 'restart'

function isCounted(name: SystemEvent['name']): name is CountedEvent {
  return name === 'deadLetter' || name === 'unobservedError' || name === 'restart'
}

/** Log lines of one kind in so many milliseconds; the rest is counted and said with the next. */
const LOG_LINES = 10
const LOG_WINDOW_MS = 10_000
/** Events that an engine thread hands on at a time, and that may wait there for it; what is over is counted alone. */
const HANDED_ON = 1000
const MOST_WAITING = 10_000
/** Restarts a second that an engine thread tells one by one; each is an error with its stack, and more help nobody. */
const MOST_RESTARTS = 1000

/** Gives the host events. */
type HandOn = (events: readonly SystemEvent[]) => Promise<unknown>

export class Events {
  readonly emitter: EventEmitter<SystemEvents> = new EventEmitter<SystemEvents>()
  readonly #logger: Logger
  readonly #nodeId: string
  readonly #logged = new Map<string, { since: number; lines: number; left: number }>()
  threadsDied = 0
  /** Set by whoever makes this. */
  count: (name: CountedEvent) => void = () => undefined
  #waiting: SystemEvent[] = []
  #handOn: HandOn | undefined
  /** What waits is handed on soon, or when the host has taken what it was given last. */
  #scheduled = false
  /** When this second began, and its restarts. */
  #secondOfRestarts = Number.NEGATIVE_INFINITY
  #restarts = 0

  constructor(logger: Logger, nodeId: string) {
    this.#logger = logger
    this.#nodeId = nodeId
  }

  /** On an engine thread: events go to the host. */
  forwardTo(handOn: HandOn): void {
    this.#handOn = handOn
  }

  /** It is counted where it happened, in memory that outlives the thread, and told as far as that can be. */
  happened(event: SystemEvent): void {
    if (isCounted(event.name)) this.count(event.name)
    this.tell(event)
  }

  /** It was counted before. */
  tell(event: SystemEvent): void {
    if (this.#handOn === undefined) return this.#deliver(event)
    if (this.#waiting.length >= MOST_WAITING || (event.name === 'restart' && !this.#isSeldom())) return
    this.#waiting.push(event)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => void this.#handOnAll())
  }

  #isSeldom(): boolean {
    const now = performance.now()
    if (now - this.#secondOfRestarts > 1000) {
      this.#secondOfRestarts = now
      this.#restarts = 0
    }
    return ++this.#restarts <= MOST_RESTARTS
  }

  async #handOnAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Refused as where a message in them is too large: they were counted at least.
      await this.#handOn?.(this.#waiting.splice(0, HANDED_ON)).catch(() => undefined)
    }
    this.#scheduled = false
  }

  /** On the host: what an engine thread handed on. */
  received(events: readonly SystemEvent[]): void {
    for (const event of events) this.#deliver(event)
  }

  stuck(event: Stuck): void {
    const { slot, actor, method, stuckMs } = event
    const what = actor === undefined ? 'no message is being handled' : `${actor} is in ${method}`
    const ms = Math.round(stuckMs)
    this.#logger.warn(event, `thread ${slot} has not come back to its event loop for ${ms} ms: ${what}`)
    this.#emit('stuck', event)
  }

  died(event: ThreadDied, code: number): void {
    const { slot, error, actor, type, method } = event
    this.threadsDied++
    const why =
      error === undefined ? `an actor called process.exit(${code}), or it was terminated` : error.message
    const who = actor ?? (type === undefined ? undefined : `an actor of ${type}`)
    const where = method === undefined ? 'outside its calls' : `in ${method}`
    const blamed = who === undefined ? '' : `; it was ${who}, ${where}`
    this.#logger.error(
      { slot, err: error, code, actor, type, method },
      `thread ${slot} has ended, and is replaced: ${why}${blamed}`,
    )
    this.#emit('threadDied', event)
  }

  #deliver(event: SystemEvent): void {
    if (event.name === 'deadLetter') {
      const { actor, method, reason } = event.data
      this.#log(
        'deadLetter',
        { actor, method, reason },
        `a message to ${actor} (${method}) was not delivered: ${reason}`,
      )
      this.#emit('deadLetter', event.data)
    } else if (event.name === 'restart') {
      const { actor, error, delayMs } = event.data
      const why = error === undefined ? 'it stopped itself' : error.message
      this.#log(
        'restart',
        { actor, err: error },
        `${actor} is restarted in ${Math.round(delayMs)} ms: ${why}`,
      )
      this.#emit('restart', event.data)
    } else if (event.name === 'member') {
      this.#emit('member', event.data)
    } else if (event.name === 'peerRefused') {
      const { addr, reason } = event.data
      this.#log('peerRefused', { addr, reason }, `node ${addr} and this one do not go together: ${reason}`)
      this.#emit('peerRefused', event.data)
    } else if (event.name === 'queueGap') {
      const { topic, bucketId, from, to, reason } = event.data
      const what =
        reason === 'lost'
          ? `bucket ${bucketId} of ${topic} was lost at offset ${from}, and has begun again`
          : `records ${from} to ${to} of bucket ${bucketId} of ${topic} were dropped before they were read`
      this.#log('queueGap', event.data, what)
      this.#emit('queueGap', event.data)
    } else {
      const { actor, method, error } = event.data
      this.#log(
        'unobservedError',
        { actor, method, err: error },
        `${actor} (${method}) failed: ${error.message}`,
      )
      this.#emit('unobservedError', event.data)
    }
  }

  #emit<E extends keyof SystemEvents>(name: E, event: SystemEvents[E][0]): void {
    const channel = CHANNELS.get(name)
    if (channel?.hasSubscribers === true)
      channel.publish({ nodeId: this.#nodeId, ...event })
      // Typed by its name, which EventEmitter's own types can't follow here.
    ;(this.emitter as EventEmitter).emit(name, event)
  }

  #log(kind: string, fields: object, message: string): void {
    const now = performance.now()
    let state = this.#logged.get(kind)
    if (state === undefined || now - state.since > LOG_WINDOW_MS) {
      const left = state?.left ?? 0
      state = { since: now, lines: 0, left: 0 }
      this.#logged.set(kind, state)
      if (left > 0)
        this.#logger.warn({ kind, count: left }, `${left} more of the kind ${kind} were not logged`)
    }
    if (state.lines++ < LOG_LINES) this.#logger.warn(fields, message)
    else state.left++
  }
}
