// One thread of one system: its actors, its queues, and the loop that works them off.

import { copyPlainError, errors } from '../errors/index.js'
import { Asks } from './asks.js'
import type { Port } from './binding.js'
import { Cancellations } from './cancellations.js'
import { Cell, type CellOptions, type Method, PAUSED_RESTARTING, PAUSED_STARTING } from './cell.js'
import { type Clock, realClock } from './clock.js'
import { bulk, copyList, copyValue, Decoder, type Words } from './codec/index.js'
import { ThreadCodecHost } from './codec-host.js'
import { Controls } from './controls.js'
import { Dispatcher } from './dispatch.js'
import * as frame from './frame.js'
import { path } from './frames.js'
import type { Hooks } from './hooks.js'
import { isFull, LocalMailboxes } from './local-mailboxes.js'
import { LocalQueue } from './local-queue.js'
import type { Reader } from './relay.js'
import { Sender } from './sender.js'
import type { StreamSource } from './stream-source.js'
import { Streams } from './streams.js'
import { Tallies } from './tally.js'
import { nameOf, Target } from './target.js'
import { Targets } from './targets.js'
import type { SendOptions } from './waiting.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const {
  ACTORS,
  BATCH,
  CONTROL_BYTES,
  CURRENT,
  CURSOR,
  LOCAL_WAITING,
  LOCAL_WORK,
  METHOD,
  NEXT_GENERATION,
  NOTICE_ARENA_ROOM,
  NOTICE_ASK_LOST,
  NOTICE_POOL_CLOSED,
  NOTICE_ROOM,
  NOTICE_THREAD_DIED,
  NOTICES,
  POOL_SLOT,
  REFERENCED,
  SIGNAL,
  TURN,
  YIELD,
} = frame

const SETTLED = Promise.resolve()

export interface ThreadOptions {
  readonly attach: (run: () => void) => Port | undefined
  readonly arena: SharedArrayBuffer
  readonly segmentBytes: number
  readonly slot: number
  readonly slots: number
  readonly maxMessageBytes: number
  /** Of the thread that talks to other nodes; -1 where there is none. */
  readonly netSlot: number
  readonly hooks: Hooks
  /** Calls are counted, by class. */
  readonly isObserved: boolean
  /** Its calls carry the trace that they belong to. */
  readonly isTraced: boolean
  /** The real one unless set. */
  readonly clock: Clock | undefined
}

/** Frames a batch, and how long a turn may take before timers and sockets get theirs, in milliseconds. */
const BATCH_FRAMES = 1024
const TURN_MS = 1
/** The clock is read after so many messages at most. */
const MOST_BETWEEN_LOOKS = 64

export class Thread {
  readonly slot: number
  readonly slots: number
  readonly netSlot: number
  readonly port: Port
  readonly control: Int32Array
  readonly controls: Controls
  readonly hooks: Hooks
  readonly asks: Asks
  readonly sender: Sender
  readonly codec: ThreadCodecHost
  readonly dispatcher: Dispatcher
  readonly cancellations: Cancellations = new Cancellations(this)
  readonly streams: Streams = new Streams(this)
  readonly mailboxes: LocalMailboxes = new LocalMailboxes(this)
  readonly local: LocalQueue = new LocalQueue()
  /** Calls that are to be made later: they are given up when the thread leaves. */
  readonly delayed: Set<{ cancel(): boolean }> = new Set()
  readonly cells: (Cell | undefined)[] = []
  readonly tallies: Tallies | undefined
  readonly clock: Clock
  readonly isTraced: boolean
  readonly #free: number[] = []
  readonly #targets: Targets
  #localQueued = false
  #running = false
  #turn = -1
  #turnStart = 0
  #look = MOST_BETWEEN_LOOKS
  #wakes = 0
  readonly #maxMessageBytes: number
  /** Of the memory in the message copied last, in 8 bytes. */
  #copied8 = 0
  /** The actor whose message is being handled, or was the last one in this turn. */
  current: Cell | undefined = undefined
  stopped = false
  readonly #localTask = () => {
    if (!this.#running && !this.stopped) this.#work(false)
  }

  constructor(options: ThreadOptions) {
    this.slot = options.slot
    this.slots = options.slots
    this.netSlot = options.netSlot
    this.hooks = options.hooks
    this.isTraced = options.isTraced
    this.clock = options.clock ?? realClock
    this.tallies = options.isObserved ? new Tallies() : undefined
    this.#maxMessageBytes = options.maxMessageBytes
    const words: Words = {
      i32: new Int32Array(options.arena),
      f64: new Float64Array(options.arena),
      u8: new Uint8Array(options.arena),
    }
    this.controls = new Controls(options.arena, options.slots)
    this.control = new Int32Array(options.arena, options.slot * CONTROL_BYTES, CONTROL_BYTES >> 2)
    const port = options.attach(() => this.#work(true))
    if (port === undefined) throw errors.internal(`slot ${options.slot} is taken`)
    this.port = port
    this.#targets = new Targets(port, options.slot, options.slots)
    if (options.slot !== 0) this.control[REFERENCED] = 1
    this.codec = new ThreadCodecHost(
      port,
      options.hooks,
      (target) => this.expose(target),
      (slot, index, generation, classId) => this.targetAt(slot, index, generation, classId),
    )
    this.asks = new Asks(
      this.clock,
      this.control,
      (target, timeoutMs, method, isStream) => {
        const name = this.hooks.methodName(target as Target, method)
        return isStream ? errors.streamTimeout(name, timeoutMs) : errors.askTimeout(name, timeoutMs)
      },
      (target, ask, sequence) => this.cancellations.say(target as Target, ask, sequence),
    )
    this.sender = new Sender(
      port,
      words,
      options.slot,
      options.segmentBytes,
      options.maxMessageBytes,
      this.asks,
      options.hooks,
      this.codec,
    )
    this.dispatcher = new Dispatcher(this, words, new Decoder(this.codec, words))
  }

  // --- actors

  /** A new actor of this thread; no message reaches it before start. index: -1 for the next free one. */
  open(
    instance: object,
    methods: readonly (Method | undefined)[],
    options: CellOptions,
    classId: number,
  ): Cell {
    const index = this.#free.length > 0 ? (this.#free.pop() as number) : this.cells.length
    const generation = this.control[NEXT_GENERATION] as number
    this.control[NEXT_GENERATION] = generation + 1
    const target = new Target(this.slot, index, generation, classId)
    const cell = new Cell(target, instance, methods, options)
    cell.paused = PAUSED_STARTING
    target.cell = cell
    this.cells[index] = cell
    this.control[ACTORS] = (this.control[ACTORS] as number) + 1
    return cell
  }

  /**
   * The actors of the thread before this one that outlived it: their messages wait until they are made again. Called once,
   * when the agent is there and nobody else.
   */
  reserve(): Cell[] {
    const kept = this.port.kept()
    const cells: Cell[] = []
    for (let i = 0; i + 2 < kept.length; i += 3) {
      const [index, generation, classId] = kept.slice(i, i + 3) as [number, number, number]
      const target = new Target(this.slot, index, generation, classId)
      const cell = new Cell(target, target, [], {
        capacity: this.port.capacity(this.slot, index),
        capacityBytes: Number.POSITIVE_INFINITY,
        overflow: 0,
        limit: Number.POSITIVE_INFINITY,
      })
      cell.native = cell.kept = true
      cell.paused = PAUSED_RESTARTING
      target.cell = cell
      this.control[ACTORS] = (this.control[ACTORS] as number) + 1
      while (this.cells.length < index) {
        this.#free.push(this.cells.length)
        this.cells.push(undefined)
      }
      this.cells.push(cell)
      cells.push(cell)
    }
    return cells
  }

  /** The actor outlives this thread from here on. */
  keep(cell: Cell): void {
    this.expose(cell.target)
    this.port.keep(cell.index, cell.target.classId)
    cell.kept = true
    for (const { slot, ask, sequence } of cell.calls ?? [])
      if (sequence !== 0 && slot !== this.slot) this.port.begun(slot, ask, sequence)
  }

  /** It takes no message from here on: what waits and what is under way fails. */
  close(cell: Cell): void {
    if (cell.closed) return
    cell.closed = true
    cell.target.gone = true
    // What still comes for it names its class and method.
    if (cell.native) this.#targets.keep(cell.target)
    this.cells[cell.index] = undefined
    this.#free.push(cell.index)
    this.control[ACTORS] = (this.control[ACTORS] as number) - 1
    if (cell.native) this.port.close(cell.index)
    if (cell.pool !== 0 && !this.port.leavePool(cell.pool, cell.index, cell.generation)) {
      this.port.closePool(cell.pool)
      this.hooks.poolClosed(cell.pool, true)
    }
    this.dispatcher.closed(cell)
  }

  /** Native code has to know the actor: a reference to it goes to another thread, or it has a name. */
  expose(target: Target): void {
    const { cell } = target
    if (cell === undefined || cell.native || cell.closed) return
    cell.native = true
    const { capacity, capacityBytes, overflow } = cell.options
    if (!this.port.open(cell.index, cell.generation, capacity, Math.ceil(capacityBytes / 8), overflow))
      throw errors.internal(`more than ${cell.index} actors on one thread can't be known to others`)
    if (cell.paused !== 0) this.port.pause(cell.index)
  }

  pause(cell: Cell, why: number): void {
    if (cell.seen !== undefined && cell.paused === 0) cell.seen.paused()
    if (cell.paused === 0 && cell.native && !cell.closed) this.port.pause(cell.index)
    cell.paused |= why
  }

  unpause(cell: Cell, why: number): void {
    if ((cell.paused & why) === 0) return
    cell.paused &= ~why
    if (cell.paused !== 0 || cell.closed) return
    if (cell.seen !== undefined && this.waitingIn(cell) === 0) cell.seen.pausedMs = cell.seen.backlogMs = 0
    if (cell.native) this.port.resume(cell.index)
    if (cell.held !== undefined) this.queueHeld(cell)
  }

  /** Messages that wait for it, of this thread and of others. */
  waitingIn(cell: Cell): number {
    return cell.depth + (cell.native ? this.port.depth(cell.index) : 0)
  }

  /** When what begins now can have begun at the earliest: it has waited since then, or longer. */
  readyMs(cell: Cell): number {
    return cell.seen?.pausedMs || this.#turnStart
  }

  /** False where the name is taken. */
  addName(name: string, { slot, index, generation, classId }: Target): boolean {
    if (!this.port.addName(name, slot, index, generation, classId)) return false
    this.hooks.namesChanged()
    return true
  }

  /** Only where it still names that actor. */
  removeName(name: string, { slot, index, generation }: Target): void {
    this.port.removeName(name, slot, index, generation)
    this.hooks.namesChanged()
  }

  /** It is not gone, as far as its own thread says. */
  isThere(target: Target): boolean {
    return this.#targets.isThere(target)
  }

  /** The one target of that actor on this thread. */
  targetAt(slot: number, index: number, generation: number, classId: number): Target {
    if (slot === this.slot) {
      const cell = this.cells[index]
      if (cell !== undefined && cell.generation === generation) return cell.target
    }
    return this.#targets.at(slot, index, generation, classId)
  }

  // --- messages

  /** Undefined: accepted. A promise: it waits for room. */
  tell(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    options?: SendOptions,
    isOwn = false,
  ): undefined | Promise<void> {
    if (this.stopped) {
      this.hooks.deadLetter(target, method, value, 'shutdown')
      return undefined
    }
    const { cell } = target
    if (cell === undefined) return this.sender.tell(target, method, argc, value, options)
    const copy = this.#copyArguments(method, argc, value)
    const bytes8 = this.#copied8
    if (cell.closed) {
      this.hooks.deadLetter(target, method, copy, 'stopped')
      return undefined
    }
    // Hot: tell-local. A tell to oneself is always accepted; what waits goes first.
    const own = isOwn || cell === this.current
    if (cell.waiters === undefined && (own || !isFull(cell))) {
      cell.depth++
      this.control[LOCAL_WAITING] = (this.control[LOCAL_WAITING] as number) + 1
      if (bytes8 !== 0) cell.bytes8 += bytes8
      this.local.push(cell, method, argc, copy, 0, 0, bytes8)
      if (!this.#running && !this.#localQueued) this.#queueLocal()
      return undefined
    }
    return this.mailboxes.tellFull(cell, method, argc, copy, bytes8, own, options)
  }

  ask(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    exact: boolean,
  ): Promise<unknown> {
    if (this.stopped) return Promise.reject(errors.systemStopped())
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { cell } = target
    if (cell === undefined) return this.sender.ask(target, method, argc, value, timeoutMs, signal, exact)
    let copy: unknown
    try {
      copy = this.#copyArguments(method, argc, value)
    } catch (error) {
      return Promise.reject(error)
    }
    const bytes8 = this.#copied8
    if (cell.closed) return Promise.reject(this.dispatcher.stoppedError(target, method))
    const full = cell.waiters !== undefined || (isFull(cell) && cell !== this.current)
    if (full && this.mailboxes.refusesAsk(cell)) return Promise.reject(errors.mailboxFull(nameOf(target)))
    const promise = this.asks.begin(target, method, timeoutMs, exact)
    const { index, sequence } = this.asks
    if (signal !== undefined) this.asks.abortWith(signal, index, sequence)
    // Hot: ask-local.
    if (full) this.mailboxes.askFull(cell, method, argc, copy, bytes8, index, sequence)
    else this.#pushAsk(cell, method, argc, copy, bytes8, index, sequence)
    return promise
  }

  #pushAsk(
    cell: Cell,
    method: number,
    argc: number,
    copy: unknown,
    bytes8: number,
    index: number,
    sequence: number,
  ): void {
    cell.depth++
    this.control[LOCAL_WAITING] = (this.control[LOCAL_WAITING] as number) + 1
    if (bytes8 !== 0) cell.bytes8 += bytes8
    this.local.push(cell, method, argc, copy, index, sequence, bytes8)
    if (!this.#running && !this.#localQueued) this.#queueLocal()
  }

  /** As ask, where the answer is a stream: whatever comes, errors too, comes to its reader. */
  askStream(
    reader: Reader,
    argc: number,
    value: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): void {
    const target = reader.target as Target
    const { method } = reader
    if (this.stopped) return reader.failed(errors.systemStopped(), false)
    const { cell } = target
    if (cell === undefined) return this.sender.askStream(reader, target, argc, value, timeoutMs, signal)
    let copy: unknown
    try {
      copy = this.#copyArguments(method, argc, value)
    } catch (error) {
      return reader.failed(error, false)
    }
    const bytes8 = this.#copied8
    if (cell.closed) return reader.failed(this.dispatcher.stoppedError(target, method), false)
    const full = cell.waiters !== undefined || (isFull(cell) && cell !== this.current)
    if (full && this.mailboxes.refusesAsk(cell))
      return reader.failed(errors.mailboxFull(nameOf(target)), false)
    this.asks.read(reader, timeoutMs, signal)
    const { index, sequence } = reader
    const count = argc | reader.takes
    if (full) this.mailboxes.askFull(cell, method, count, copy, bytes8, index, sequence)
    else this.#pushAsk(cell, method, count, copy, bytes8, index, sequence)
  }

  /** An ask of another thread's agent, in the system lane: not counted, not held up. */
  askSystem(target: Target, method: number, value: unknown, timeoutMs: number): Promise<unknown> {
    if (this.stopped) return Promise.reject(errors.systemStopped())
    if (target.cell !== undefined) return this.ask(target, method, 1, value, timeoutMs, undefined, true)
    if (this.controls.isUnmanned(target.slot)) return Promise.reject(errors.threadGone(target.slot))
    return this.sender.askSlow(target, method, 1, value, timeoutMs, undefined, true, SIGNAL)
  }

  /** The actor that lives there, or lived there last, where this thread has heard of it. */
  lastTarget(slot: number, index: number): Target | undefined {
    return this.#targets.lastAt(slot, index)
  }

  /** On the host: no thread comes for that slot any more, so nobody is to wait for its agent, or its actors. */
  leaveUnmanned(slot: number): void {
    this.controls.setUnmanned(slot)
    this.port.giveUp(slot)
    this.agentGone(slot)
  }

  /** What its agent was asked fails. As long as threads come, the next one's agent takes up what the last one had not begun. */
  agentGone(slot: number): void {
    this.asks.failAll(
      (target) => target.slot === slot && target.index === 0,
      () => errors.threadGone(slot),
    )
  }

  /** A copy, as an answer makes it. Text within objects is not counted against the limit here. */
  copyOne(value: unknown, root: string): unknown {
    bulk.bytes = 0
    const copy = (typeof value === 'object' && copyPlainError(value)) || copyValue(this.codec, value, root)
    this.#counted(value)
    return copy
  }

  #copyArguments(method: number, argc: number, value: unknown): unknown {
    this.#copied8 = 0
    if (argc === 0) return undefined
    if (argc === 1) return this.copyOne(value, path(method, argc))
    bulk.bytes = 0
    const copy = copyList(this.codec, value as unknown[], 'args')
    this.#counted(undefined)
    return copy
  }

  #counted(value: unknown): void {
    const bytes = bulk.bytes + (typeof value === 'string' ? value.length : 0)
    this.#copied8 = bytes >> 3
    if (bytes > this.#maxMessageBytes) throw errors.messageTooLarge(bytes, this.#maxMessageBytes)
  }

  /** A copy, as a message would make it. */
  copyList(values: readonly unknown[]): unknown[] {
    return copyList(this.codec, values, 'args')
  }

  /** The local queue gets an entry that looks at what the actor holds. */
  queueHeld(cell: Cell): void {
    if (cell.heldQueued) return
    cell.heldQueued = true
    this.local.push(cell, -1, 0, undefined, 0, 0, 0)
    if (!this.#running && !this.#localQueued) this.#queueLocal()
  }

  /** A stream of that actor steps on when others had their turn. */
  queueSource(cell: Cell, source: StreamSource): void {
    this.local.push(cell, -1, 0, source, 0, 0, 0)
    if (!this.#running && !this.#localQueued) this.#queueLocal()
  }

  /** That actor's code runs from here on; gives whose ran. undefined: none. */
  enter(cell: Cell | undefined, method: number): Cell | undefined {
    const before = this.current
    this.current = cell
    this.control[CURRENT] = cell === undefined ? -1 : cell.index
    this.control[METHOD] = method
    return before
  }

  /** A message of the engine's own, behind the local ones of that actor. */
  pushLocal(cell: Cell, method: number, value?: unknown): void {
    cell.depth++
    this.control[LOCAL_WAITING] = (this.control[LOCAL_WAITING] as number) + 1
    this.local.push(cell, method, 1, value, 0, 0, 0)
    if (!this.#running && !this.#localQueued) this.#queueLocal()
  }

  /** Whether messages of this thread's actors to each other wait to be handled. */
  get hasLocalWork(): boolean {
    return this.local.length > 0 || this.#localQueued
  }

  /** Leaves the slot: nothing is sent or handled any more. */
  stop(): void {
    if (this.stopped) return
    this.sender.flush()
    this.stopped = true
    for (const call of this.delayed) call.cancel()
    this.streams.dispose()
    this.asks.dispose()
    this.port.detach()
  }

  // --- the loop

  #queueLocal(): void {
    this.control[LOCAL_WORK] = 1
    if (this.control[REFERENCED] === 0) this.port.ref()
    // A turn that has used its time up goes on after the event loop had its own: #work takes it up then.
    this.#localQueued = true
    // The clock is read now and then only: an awaited ask comes by here each time (ask-local).
    if (this.#turn === this.control[TURN] && (++this.#wakes & 15) === 0 && this.#isOver()) return
    void SETTLED.then(this.#localTask) // queueMicrotask makes an async resource each time
  }

  #isOver(): boolean {
    return performance.now() - this.#turnStart > TURN_MS
  }

  /** Works off what waits, for a turn's time: inbox: the frames of other threads too. */
  #work(inbox: boolean): void {
    const { control, port } = this
    if (this.#turn !== control[TURN]) {
      this.#turn = control[TURN] as number
      this.#turnStart = performance.now()
    }
    this.#look = 1
    this.#running = true
    this.#localQueued = false
    this.sender.batching = true
    let more = true
    if (!inbox) {
      this.#workLocal()
    } else {
      while (more) {
        if ((control[CURSOR] as number) >= (control[BATCH] as number)) {
          more = port.drain(BATCH_FRAMES) > 0
        }
        if (!this.#workBatch()) more = false
        // Answers first: that a thread has died says nothing of what it had answered.
        else if (control[NOTICES] !== 0) this.#notices()
        if (!this.#workLocal()) more = false
        if (control[YIELD] !== 0) more = false
        this.sender.flush()
      }
    }
    this.#running = false
    this.current = undefined
    control[CURRENT] = -1
    this.sender.batching = false
    this.sender.flush()
    // What is left over waits for the next turn.
    this.#localQueued = this.local.length > 0
    control[LOCAL_WORK] = this.#localQueued ? 1 : 0
  }

  /** False where the turn's time is up. */
  #workBatch(): boolean {
    const { control } = this
    const { batch } = this.dispatcher
    const count = control[BATCH] as number
    while ((control[CURSOR] as number) < count) {
      const from = control[CURSOR] as number
      const to = Math.min(from + this.#look, count)
      batch(from, to)
      if (to < count && this.#isTimeUp()) return false
    }
    return true
  }

  #workLocal(): boolean {
    const { local } = this
    const deliver = this.dispatcher.local
    let left = this.#look
    while (local.length > 0) {
      deliver()
      if (--left > 0 || local.length === 0) continue
      if (this.#isTimeUp()) return false
      left = this.#look
    }
    return true
  }

  /**
   * Reads the clock. Each turn it is read after the first message, then after 2, 4 and at last 64 more, so that answers of
   * slow methods are not held back by what stands behind them, and fast ones pay nothing for it.
   */
  #isTimeUp(): boolean {
    this.#look = Math.min(this.#look * 2, MOST_BETWEEN_LOOKS)
    return this.#isOver()
  }

  #notices(): void {
    const list = this.port.notices()
    for (let i = 0; i + 2 < list.length; i += 3) {
      const a = list[i + 1] as number
      const b = (list[i + 2] as number) | 0
      switch (list[i]) {
        case NOTICE_ROOM:
          this.sender.waiting.room(a, b)
          break
        case NOTICE_ARENA_ROOM:
          this.sender.arenaRoom()
          break
        case NOTICE_THREAD_DIED:
          this.#lost(
            (target) =>
              target.slot === a &&
              target.index !== 0 &&
              target.generation - b < 0 &&
              !this.#targets.isThere(target),
          )
          this.dispatcher.callerLost(a)
          this.hooks.threadDied(a, b)
          break
        case NOTICE_ASK_LOST:
          this.asks.fail(a, b, errors.threadDied('the thread that ran the call has ended'), false)
          break
        case NOTICE_POOL_CLOSED:
          this.#lost((target) => target.slot === POOL_SLOT && target.index === a)
          this.hooks.poolClosed(a, false)
          break
      }
    }
  }

  #lost(matches: (target: Target) => boolean): void {
    this.#targets.lost(matches)
    this.sender.waiting.lost(matches)
    this.asks.failAll(
      (target) => matches(target as Target),
      (target, method) => this.dispatcher.stoppedError(target as Target, method),
    )
  }
}
