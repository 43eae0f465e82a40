// Calls of one peer's actors to those of this node: the peer gives each a number, once it has shown that it may name it.

import { Terminated } from '../actor/index.js'
import {
  type Cell,
  MAX_ARGUMENTS,
  PAUSED_STARTING,
  StandIn,
  type Target,
  type Thread,
  targetOf,
  uncarried,
} from '../engine/index.js'
import { errors } from '../errors/index.js'
import { CallRelay } from './call-relay.js'
import { CREDIT, ERROR, GONE, WINDOW_BYTES, WINDOW_MESSAGES } from './frames.js'
import { isWord, type Link } from './link.js'

/** An actor of this node that the peer has given a number. */
interface Hosted {
  readonly channel: number
  readonly target: Target
  /** By the method's number as the peer has it: as this process has it; -1 where there is none. */
  readonly methods: readonly number[]
  /** What it took since the peer was told last. */
  messages: number
  bytes: number
  isWatched: boolean
  isGone: boolean
}

/** How often it is looked whether an actor whose mailbox was full has taken what came. */
const LOOK_AGAIN_MS = 5
/** Actors of this node that one peer may have given a number. */
const MOST_CHANNELS = 1_000_000

/** In place of the peer's actors, it watches those of this node. */
class PeerWatcher extends StandIn {
  readonly #told: (signal: Terminated) => void

  constructor(told: (signal: Terminated) => void) {
    super()
    this.#told = told
  }

  override signalled(value: unknown): void {
    if (value instanceof Terminated) this.#told(value)
  }

  override message(): void {
    // Nobody knows it.
  }
  override gaveUp(): boolean {
    return false
  }
  override callerLost(): void {
    // It has asked nothing.
  }
  override watched(): void {
    // Nobody knows it.
  }
  override unwatched(): void {
    // Nobody knows it.
  }
  override stop(): Promise<boolean> {
    return Promise.resolve(false)
  }
  override describe(): Promise<unknown> {
    return Promise.resolve(undefined)
  }
}

/** The window of the peer's stand-in bounds what waits. */
const COUNTED = { isCounted: true }

const WATCHER = {
  capacity: 1,
  capacityBytes: 1024,
  overflow: 0,
  limit: Number.POSITIVE_INFINITY,
}

export class Incoming {
  readonly #link: Link
  readonly #thread: Thread
  #channels: (Hosted | undefined)[] = []
  readonly #byTarget = new Map<Target, Hosted>()
  readonly #relays = new Map<number, CallRelay>()
  /** Those whose mailbox was full, and those that the peer is not to send more to while so much is queued for it. */
  readonly #stalled = new Set<Hosted>()
  #timer: NodeJS.Timeout | undefined
  #watcher: Cell | undefined

  constructor(link: Link) {
    this.#link = link
    this.#thread = link.local.thread
  }

  /** The peer gives an actor a number. False where it breaks the rules. */
  open(
    channel: unknown,
    slot: unknown,
    index: unknown,
    generation: unknown,
    token: unknown,
    hash: unknown,
  ): boolean {
    if (channel !== this.#channels.length || this.#channels.length >= MOST_CHANNELS) return false
    if (!isWord(slot) || !isWord(index) || !isWord(generation) || typeof hash !== 'string') return false
    if (!this.#link.tokens.admits(slot, index, generation, token)) {
      this.#channels.push(undefined)
      this.#link.send([GONE, channel, 'stopped'])
      return true
    }
    const { classes } = this.#link
    const known = classes.idOf(hash)
    const target = this.#thread.targetAt(slot, index, generation | 0, known)
    const own = target.classId === 0 ? known : target.classId
    const hosted: Hosted = {
      channel,
      target,
      methods: this.#mapping(known, own),
      messages: 0,
      bytes: 0,
      isWatched: false,
      isGone: false,
    }
    this.#channels.push(hosted)
    this.#byTarget.set(target, hosted)
    return true
  }

  /** From methods as the peer numbers them to those as the actor's own class does. */
  #mapping(theirs: number, own: number): number[] {
    const { classes } = this.#link
    const ownNames = classes.methodsOf(own)
    return [0, ...classes.methodsOf(theirs).map((name) => ownNames.indexOf(name) + 1 || -1)]
  }

  /** Hot: cluster-tell. */
  tell(channel: number, method: number, argc: number, value: unknown, bytes: number): void {
    const hosted = this.#channels[channel]
    if (hosted === undefined) return
    const own = this.#methodOf(hosted, method)
    if (own < 0 || !isCount(argc)) {
      this.#thread.hooks.unobserved(errors.unsupportedMethod(`number ${method}`), hosted.target, 0)
    } else {
      try {
        const given = this.#given(argc, value)
        void this.#thread.tell(hosted.target, own, given.argc, given.value, COUNTED)
      } catch {
        // Its mailbox is full and refuses what comes, or the message is larger than this node takes.
        this.#thread.hooks.deadLetter(hosted.target, own, value, 'mailbox-full')
      }
    }
    this.#took(hosted, bytes)
  }

  /** Hot: cluster-ask-pipelined. */
  ask(channel: number, method: number, argc: number, request: number, value: unknown, bytes: number): void {
    const hosted = this.#channels[channel]
    if (hosted === undefined) return this.#refuse(request, errors.actorStopped('the actor', 'the call'))
    const own = this.#methodOf(hosted, method)
    if (own < 0 || !isCount(argc & MAX_ARGUMENTS) || this.#relays.has(request)) {
      this.#refuse(request, errors.unsupportedMethod(`number ${method}`))
    } else {
      const relay = new CallRelay(this, this.#link, request, hosted.target, own, argc)
      this.#relays.set(request, relay)
      const given = this.#given(argc & MAX_ARGUMENTS, value)
      this.#thread.askStream(relay, given.argc, given.value, Number.POSITIVE_INFINITY, undefined)
    }
    this.#took(hosted, bytes)
  }

  /** Where this node traces nothing, what a call carries of a trace is not its method's. */
  #given(argc: number, value: unknown): { argc: number; value: unknown } {
    return (this.#thread.isTraced ? undefined : uncarried(argc, value)) ?? { argc, value }
  }

  /** A message that can't be read. */
  unreadable(
    channel: number,
    method: number,
    request: number | undefined,
    error: Error,
    bytes: number,
  ): void {
    const hosted = this.#channels[channel]
    if (request !== undefined) this.#refuse(request, error)
    else if (hosted !== undefined)
      this.#thread.hooks.deadLetter(
        hosted.target,
        Math.max(this.#methodOf(hosted, method), 0),
        undefined,
        'not-handled',
      )
    if (hosted !== undefined) this.#took(hosted, bytes)
  }

  #methodOf(hosted: Hosted, method: number): number {
    return hosted.methods[method] ?? -1
  }

  #refuse(request: number, error: Error): void {
    this.#link.send([ERROR, request], { value: error, root: 'result' })
  }

  cancel(request: number): void {
    const relay = this.#relays.get(request)
    this.#relays.delete(request)
    relay?.cancel()
  }

  taken(request: number, items: number): void {
    this.#relays.get(request)?.taken(items)
  }

  /** That call is answered. */
  over(request: number): void {
    this.#relays.delete(request)
  }

  /** The engine, not the actor, has failed a call: where that is because nobody is there, the peer learns it. */
  failedHere(target: Target, error: unknown): void {
    if ((error as { code?: unknown } | null)?.code !== 'ERR_PULSING_ACTOR_STOPPED') return
    const hosted = this.#byTarget.get(target)
    if (hosted !== undefined) this.#gone(hosted, 'stopped')
  }

  /** Nothing is under way for the peer, and nobody is watched for it. */
  get isIdle(): boolean {
    return this.#relays.size === 0 && this.#watcher === undefined
  }

  // --- what the peer may send

  /** The message is in the mailbox, or waits for room there: then the peer is told later. Hot. */
  #took(hosted: Hosted, bytes: number): void {
    hosted.messages++
    hosted.bytes += bytes
    if (hosted.target.gone) return this.#gone(hosted, 'stopped')
    if (hosted.messages < WINDOW_MESSAGES / 2 && hosted.bytes < WINDOW_BYTES / 2) return
    if (hosted.target.waiting !== undefined || this.#link.isBlocked) this.#stall(hosted)
    else this.#credit(hosted)
  }

  #credit(hosted: Hosted): void {
    this.#link.control([CREDIT, hosted.channel, hosted.messages, hosted.bytes])
    hosted.messages = hosted.bytes = 0
  }

  #stall(hosted: Hosted): void {
    this.#stalled.add(hosted)
    this.#timer ??= setTimeout(() => this.#lookAgain(), LOOK_AGAIN_MS)
  }

  #lookAgain(): void {
    this.#timer = undefined
    for (const hosted of [...this.#stalled]) {
      if (hosted.target.waiting !== undefined || this.#link.isBlocked) continue
      this.#stalled.delete(hosted)
      if (!hosted.isGone) this.#credit(hosted)
    }
    if (this.#stalled.size > 0) this.#timer = setTimeout(() => this.#lookAgain(), LOOK_AGAIN_MS)
  }

  // --- watching

  watch(channel: number): void {
    const hosted = this.#channels[channel]
    if (hosted === undefined || hosted.isWatched || hosted.isGone) return
    hosted.isWatched = true
    void this.#link.local.watch(this.#watching(), hosted.target)
  }

  unwatch(channel: number): void {
    const hosted = this.#channels[channel]
    if (hosted === undefined || !hosted.isWatched) return
    hosted.isWatched = false
    this.#link.local.unwatch(this.#watching(), hosted.target)
  }

  #watching(): Cell {
    if (this.#watcher !== undefined) return this.#watcher
    const watcher = new PeerWatcher(({ ref, reason }) => {
      const hosted = this.#byTarget.get(targetOf(ref) as Target)
      if (hosted?.isWatched === true) this.#gone(hosted, reason)
    })
    const cell = this.#thread.open(watcher, [], WATCHER, 0)
    this.#thread.unpause(cell, PAUSED_STARTING)
    this.#watcher = cell
    return cell
  }

  #gone(hosted: Hosted, reason: string): void {
    if (hosted.isGone) return
    hosted.isGone = true
    this.#link.send([GONE, hosted.channel, reason])
    this.#channels[hosted.channel] = undefined
    this.#byTarget.delete(hosted.target)
    this.#stalled.delete(hosted)
  }

  /** The connection is lost: nobody waits for what the peer asked. */
  lost(): void {
    for (const relay of this.#relays.values()) relay.cancel()
    this.#relays.clear()
    this.#channels = []
    this.#byTarget.clear()
    this.#stalled.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#watcher === undefined) return
    this.#link.local.retired(this.#watcher)
    this.#thread.close(this.#watcher)
    this.#watcher = undefined
  }
}

function isCount(argc: number): boolean {
  return Number.isInteger(argc) && argc >= 0 && argc <= MAX_ARGUMENTS
}

/** Of an actor, or a pool, of this node. */
export function addressOf({
  slot,
  index,
  generation,
}: Pick<Target, 'slot' | 'index' | 'generation'>): [slot: number, index: number, generation: number] {
  return [slot, index, generation >>> 0]
}
