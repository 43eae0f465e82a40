// An actor on this thread, as the engine sees it: where its messages go, what runs, and whether more may begin.

import type { Receive } from './receivers.js'
import type { StreamSource } from './stream-source.js'
import type { Seen } from './tally.js'
import type { Target } from './target.js'

// biome-ignore lint/suspicious/noExplicitAny: a user's method, called with what was sent
export type Method = (...args: any[]) => unknown

/** What all actors spawned alike share. */
export interface CellOptions {
  readonly capacity: number
  readonly capacityBytes: number
  readonly overflow: number
  /** Calls under way at a time. */
  readonly limit: number
}

/** A local message. value: the argument where argc is 1, else all of them. sequence 0: nobody waits for an answer. */
export interface Envelope {
  readonly method: number
  readonly argc: number
  readonly value: unknown
  readonly slot: number
  readonly ask: number
  readonly sequence: number
  /** Of the memory in it, in 8 bytes. */
  readonly bytes8: number
  next: Envelope | undefined
}

/** Why no message may begin; several may hold at a time. */
export const PAUSED_FULL = 1 // as many calls under way as may be
export const PAUSED_STARTING = 2
export const PAUSED_STOPPING = 4
export const PAUSED_RESTARTING = 8
/** A stand-in, whose node is to take what it was sent first. */
export const PAUSED_REMOTE = 16

/** An asynchronous call under way. */
export interface Call {
  readonly cell: Cell
  readonly method: number
  readonly slot: number
  readonly ask: number
  readonly sequence: number
  /** That of its actor when it began. */
  readonly life: number
  /** Of its signal, where its method has asked for one. */
  controller: AbortController | undefined
  /** Where it is a stream's. */
  source: StreamSource | undefined
  /** Where it is timed: when it began, 0 where not, and how many calls it stands for. */
  readonly begunMs: number
  readonly weight: number
  /** Answered, or given up: what its method does from here on is nobody's. */
  over: boolean
}

/** A local tell or ask that found the mailbox full. */
export interface LocalWaiter {
  readonly envelope: Envelope
  readonly accept: () => void
  readonly isOver: () => boolean
}

export class Cell {
  readonly index: number
  readonly generation: number
  readonly target: Target
  options: CellOptions
  instance: object
  /** By the number that a frame names; 0 is receive. */
  methods: readonly (Method | undefined)[]
  /** The loop for runs of messages to its receive, where its class has one of its own. */
  receive: Receive | undefined = undefined
  /** Where the system is observed: by method, how many calls are not to be timed before one is; and the rest of it. */
  untimed: Int32Array | undefined = undefined
  seen: Seen | undefined = undefined
  /** The actor layer's own. */
  actor: unknown = undefined
  context: unknown = undefined
  /** How often its instance was made again. */
  life = 0
  /** Calls under way, asynchronous ones. */
  running = 0
  /** Local messages that wait. */
  depth = 0
  /** Of the memory in those, in 8 bytes. */
  bytes8 = 0
  /** PAUSED_..., 0 where messages may begin. */
  paused = 0
  /** No message is taken: it is gone. */
  closed = false
  /** It has a mailbox in native memory: a reference to it was sent to another thread. */
  native = false
  /** It outlives its thread: the next one makes it again. */
  kept = false
  /** The pool it works for. */
  pool = 0
  /** Local messages that came while paused, a list, and whether the local queue has an entry that will look at them. */
  held: Envelope | undefined = undefined
  heldLast: Envelope | undefined = undefined
  heldCount = 0
  heldQueued = false
  waiters: LocalWaiter[] | undefined = undefined
  calls: Set<Call> | undefined = undefined
  /** Draining: queues that still have to be worked off, then what happens. */
  draining: { left: number; done: () => void } | undefined = undefined

  constructor(
    target: Target,
    instance: object,
    methods: readonly (Method | undefined)[],
    options: CellOptions,
  ) {
    this.index = target.index
    this.generation = target.generation
    this.target = target
    this.instance = instance
    this.methods = methods
    this.options = options
  }
}
