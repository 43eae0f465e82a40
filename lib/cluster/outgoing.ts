// Calls of this node's actors to those of one peer: each goes out as a frame, and is answered when the peer's comes.

import type { LossReason, StopReason } from '../actor/index.js'
import {
  BOUNCE_STOPPED,
  ERROR,
  MAX_ARGUMENTS,
  PAUSED_REMOTE,
  PAUSED_STARTING,
  path,
  type Thread,
} from '../engine/index.js'
import { errors, isPulsingError } from '../errors/index.js'
import { NONE } from '../wire/index.js'
import {
  ASK,
  CANCEL,
  DESCRIBE,
  OPEN,
  STOP,
  SYSTEM,
  TAKEN,
  TELL,
  UNWATCH,
  WATCH,
  WINDOW_BYTES,
  WINDOW_MESSAGES,
} from './frames.js'
import type { ActorAddress, Carried, Link } from './link.js'
import type { NodeIdentity } from './refs.js'
import { RemoteActor } from './remote-actor.js'

/** Something that the peer was asked. */
interface Request {
  /** Undefined for a request of the node's own. */
  readonly actor: RemoteActor | undefined
  readonly slot: number
  readonly ask: number
  readonly sequence: number
  readonly method: number
  /** Of a stream: where its reader says what it took; -1 before its first item. */
  source: number
  generation: number
  /** Of the node's own. */
  readonly settle: ((answer: unknown, failed: boolean) => void) | undefined
}

/** Stand-ins for actors of one peer. Those beyond are refused: a peer could name actors without end. */
const MOST_ACTORS = 1_000_000

/** The mailbox of a stand-in: what waits here while the peer is slow. */
const MAILBOX = {
  capacity: 65_536,
  capacityBytes: 64 * 1024 * 1024,
  overflow: 0,
  limit: Number.POSITIVE_INFINITY,
}

/** Requests have one number between the nodes: that of the ask, beside the slot of its thread. */
function requestOf(slot: number, sequence: number): number {
  return slot * 2 ** 32 + (sequence >>> 0)
}

export class Outgoing {
  readonly #link: Link
  readonly #thread: Thread
  readonly #actors = new Map<string, RemoteActor>()
  /** By number, on this connection. */
  #channels: (RemoteActor | undefined)[] = []
  #epoch = 0
  readonly #requests = new Map<number, Request>()
  /** Those that wait until less is queued for the peer. */
  readonly #held = new Set<RemoteActor>()
  #own = 0

  constructor(link: Link) {
    this.#link = link
    this.#thread = link.local.thread
  }

  get identity(): NodeIdentity {
    return this.#link.identity
  }

  // --- stand-ins

  /** The stand-in for that actor, made where there is none. */
  actorAt(address: ActorAddress): RemoteActor {
    const known = this.#actors.get(`${address.slot}.${address.index}.${address.generation}`)
    if (known !== undefined) {
      this.#learnClass(known, address.hash)
      return known
    }
    if (this.#actors.size >= MOST_ACTORS)
      throw errors.internal(`node ${this.#link.nodeId} names more than ${MOST_ACTORS} actors`)
    const actor = new RemoteActor(this, address)
    const thread = this.#thread
    const cell = thread.open(actor, [], MAILBOX, this.#link.classes.idOf(address.hash))
    actor.cell = cell
    actor.usedMs = performance.now()
    thread.port.label(cell.generation, `${this.#link.nodeId}/${actor.key}`)
    thread.expose(cell.target)
    thread.unpause(cell, PAUSED_STARTING)
    this.#actors.set(actor.key, actor)
    return actor
  }

  /** Its class was not known when it was heard of first. */
  #learnClass(actor: RemoteActor, hash: string): void {
    const { target } = actor.cell
    if (target.classId !== 0 || hash === '') return
    actor.hash = hash
    target.classId = this.#link.classes.idOf(hash)
  }

  /** It is gone for good: what waits and what is under way fails, watchers hear, references fail at once. */
  gone(actor: RemoteActor, reason: StopReason | LossReason): void {
    if (!this.#actors.delete(actor.key)) return
    this.#held.delete(actor)
    if (actor.epoch === this.#epoch) this.#channels[actor.channel] = undefined
    for (const [id, request] of this.#requests)
      if (request.actor === actor) this.#settle(id, request, BOUNCE_STOPPED, ERROR)
    this.#thread.close(actor.cell)
    this.#thread.port.label(actor.cell.generation, '')
    this.#link.local.ended(actor.cell, reason)
  }

  /** The node is dead, or has left. */
  allGone(): void {
    for (const actor of [...this.#actors.values()]) this.gone(actor, 'node-died')
    this.#failAll()
  }

  /** Nothing went there since that time. */
  unusedSince(ms: number): RemoteActor[] {
    return [...this.#actors.values()].filter((actor) => actor.usedMs < ms)
  }

  get size(): number {
    return this.#actors.size
  }

  /** Nothing is awaited, and nobody watched. */
  get isIdle(): boolean {
    return this.#requests.size === 0 && !this.isWatching
  }

  // --- messages

  /** Hot: cluster-tell, cluster-ask-pipelined. It never throws. */
  message(
    actor: RemoteActor,
    method: number,
    argc: number,
    value: unknown,
    slot: number,
    ask: number,
    sequence: number,
  ): void {
    const link = this.#link
    const count = argc & MAX_ARGUMENTS
    try {
      const channel = this.#channelOf(actor)
      const isTell = sequence === 0
      const id = isTell ? NONE : requestOf(slot, sequence)
      const kind = isTell ? TELL : ASK
      let bytes = link.put(kind, channel, method, isTell ? count : argc, id, count > 0, value)
      if (bytes === 0) {
        const carried = count === 0 ? undefined : { value, root: path(method, count) }
        const header = isTell ? [TELL, channel, method, count] : [ASK, channel, method, argc, id]
        const frame = link.encode(header, carried)
        bytes = frame.length
        link.sendBytes(frame)
      }
      if (!isTell)
        this.#requests.set(id, {
          actor,
          slot,
          ask,
          sequence,
          method,
          source: -1,
          generation: 0,
          settle: undefined,
        })
      actor.usedMs = link.usedMs
      actor.credit--
      actor.creditBytes -= bytes
      const goesOn = !link.isBlocked
      if (!goesOn) this.#held.add(actor)
      if (!goesOn || actor.credit <= 0 || actor.creditBytes <= 0)
        this.#thread.pause(actor.cell, PAUSED_REMOTE)
    } catch (error) {
      const known = isPulsingError(error) ? error : errors.internal('a message could not be written', error)
      if (sequence !== 0) this.#thread.dispatcher.reply(slot, ask, sequence, known, ERROR)
      else this.#thread.hooks.unobserved(known, actor.cell.target, method)
    }
  }

  #channelOf(actor: RemoteActor): number {
    if (actor.epoch === this.#epoch) return actor.channel
    const hash = this.#link.introduce(actor.cell.target.classId)
    actor.channel = this.#channels.length
    actor.epoch = this.#epoch
    actor.credit = WINDOW_MESSAGES
    actor.creditBytes = WINDOW_BYTES
    this.#channels.push(actor)
    const { channel, slot, index, generation, token } = actor
    this.#link.send([OPEN, channel, slot, index, generation, token, hash])
    return channel
  }

  /** The caller of that ask has given it up. */
  gaveUp(slot: number, sequence: number): boolean {
    const id = requestOf(slot, sequence)
    const request = this.#requests.get(id)
    if (request === undefined) return false
    this.#forget(id, request)
    this.#link.send([CANCEL, id])
    return true
  }

  callerLost(actor: RemoteActor, slot: number): void {
    for (const [, request] of this.#requests)
      if (request.actor === actor && request.slot === slot) this.gaveUp(slot, request.sequence)
  }

  watch(actor: RemoteActor): void {
    this.#link.send([WATCH, this.#channelOf(actor)])
  }

  unwatch(actor: RemoteActor): void {
    if (actor.epoch === this.#epoch && !actor.cell.closed) this.#link.send([UNWATCH, actor.channel])
  }

  async stop(actor: RemoteActor, drain: boolean): Promise<boolean> {
    // Behind what was sent before.
    while (drain && !actor.cell.closed && this.#thread.port.depth(actor.cell.index) > 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    const { slot, index, generation, token } = actor
    return (await this.request(STOP, { slot, index, generation, token, drain })) === true
  }

  describe({ slot, index, generation, token }: RemoteActor): Promise<unknown> {
    return this.request(DESCRIBE, { slot, index, generation, token })
  }

  /** A request of this node's own. Rejects with what the peer says, or where the connection is lost. */
  request(operation: string, argument: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { slot } = this.#thread
      this.#own = (this.#own + 1) >>> 0
      const sequence = this.#own
      const id = requestOf(slot, sequence)
      this.#requests.set(id, {
        actor: undefined,
        slot,
        ask: 0,
        sequence,
        method: 0,
        source: -1,
        generation: 0,
        settle: (answer, failed) => (failed ? reject(answer) : resolve(answer)),
      })
      try {
        this.#link.send([SYSTEM, id, operation], { value: argument, root: operation } satisfies Carried)
      } catch (error) {
        this.#requests.delete(id)
        reject(error)
      }
    })
  }

  // --- what the peer says

  /** kind: VALUE, ERROR or END of the engine's. */
  answered(id: number, value: unknown, kind: number): void {
    const request = this.#requests.get(id)
    if (request !== undefined) this.#settle(id, request, value, kind)
  }

  item(id: number, value: unknown): void {
    const request = this.#requests.get(id)
    if (request === undefined || request.actor === undefined) return
    const { streams, sender } = this.#thread
    if (request.source < 0) {
      const source = streams.adopt((items) => this.#link.control([TAKEN, id, items]))
      request.source = source.index
      request.generation = source.generation
    }
    const { slot, ask, sequence, source, generation } = request
    try {
      sender.item(slot, ask, sequence, source, generation, value)
    } catch (error) {
      this.gaveUp(slot, sequence)
      this.#thread.dispatcher.reply(slot, ask, sequence, error, ERROR)
    }
  }

  /** The actor of that channel took so many messages. */
  credited(channel: number, messages: number, bytes: number): void {
    const actor = this.#channels[channel]
    if (actor === undefined) return
    actor.credit = Math.min(actor.credit + messages, WINDOW_MESSAGES)
    actor.creditBytes = Math.min(actor.creditBytes + bytes, WINDOW_BYTES)
    if (!this.#held.has(actor)) this.#release(actor)
  }

  goneAt(channel: number, reason: StopReason | LossReason): void {
    const actor = this.#channels[channel]
    if (actor !== undefined) this.gone(actor, reason)
  }

  /** Less is queued: what was held for that goes on. */
  drained(): void {
    const held = [...this.#held]
    this.#held.clear()
    for (const actor of held) this.#release(actor)
  }

  #release(actor: RemoteActor): void {
    if (actor.credit > 0 && actor.creditBytes > 0 && !actor.cell.closed)
      this.#thread.unpause(actor.cell, PAUSED_REMOTE)
  }

  /** The connection is lost: what is under way fails. unsent: channel, method and arguments of tells that did not go. */
  lost(unsent: readonly { channel: number; method: number; value: unknown }[]): void {
    const channels = this.#channels
    this.#channels = []
    this.#epoch++
    for (const { channel, method, value } of unsent) {
      const actor = channels[channel]
      if (actor !== undefined)
        this.#thread.hooks.deadLetter(actor.cell.target, method, value, 'connection-lost')
    }
    this.#failAll()
    this.#held.clear()
    for (const actor of channels) {
      if (actor === undefined || actor.cell.closed) continue
      actor.credit = WINDOW_MESSAGES
      actor.creditBytes = WINDOW_BYTES
      this.#release(actor)
    }
  }

  /** Those that are watched have to be watched on the next connection too. */
  watchAgain(): void {
    for (const actor of this.#actors.values()) if (actor.isWatched) this.watch(actor)
  }

  get isWatching(): boolean {
    for (const actor of this.#actors.values()) if (actor.isWatched) return true
    return false
  }

  #failAll(): void {
    for (const [id, request] of this.#requests) {
      const { actor, method } = request
      const what =
        actor === undefined ? 'a request' : this.#thread.hooks.methodName(actor.cell.target, method)
      this.#settle(id, request, errors.connectionLost(this.#link.nodeId, what), ERROR)
    }
  }

  #settle(id: number, request: Request, value: unknown, kind: number): void {
    this.#forget(id, request)
    const { slot, ask, sequence, settle } = request
    if (settle !== undefined) settle(value, kind === ERROR)
    else this.#thread.dispatcher.reply(slot, ask, sequence, value, kind)
  }

  #forget(id: number, { source }: Request): void {
    this.#requests.delete(id)
    if (source >= 0) this.#thread.streams.release(source)
  }
}
