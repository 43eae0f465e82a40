// Messages that can't go now: the mailbox is full, or the arena has no segment left. They wait here in the order sent.

import { errors } from '../errors/index.js'
import { onAbort } from './abort.js'
import type { Asks } from './asks.js'
import type { Port } from './binding.js'
import type { Clock, Timer } from './clock.js'
import {
  ASK,
  CALL,
  KIND_MASK,
  KIND_SHIFT,
  METHOD_SHIFT,
  OVERFLOW_DROP_NEWEST,
  OVERFLOW_DROP_OLDEST,
  OVERFLOW_FAIL,
  OVERFLOW_WAIT,
  ROOM_FULL,
  ROOM_GONE,
  ROOM_YES,
  SIGNAL,
  TELL,
} from './frame.js'
import type { FrameMaker, Made } from './frames.js'
import type { Hooks } from './hooks.js'
import type { Outbox } from './outbox.js'
import { MOST_CREDIT, nameOf, type Target, type WaitingSend } from './target.js'

export interface SendOptions {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Whoever sends it sees to it that not too many wait. */
  readonly isCounted?: boolean
}

// Beside the overflow policies, why a message can't go now.
export const NOBODY = 8
export const NO_SEGMENT = 9

/** A mailbox that holds this many bytes / 8 more is counted at once, not after a thousand messages. */
const COUNT_AT_BYTES8 = (64 * 1024) / 8

export class WaitingRoom {
  readonly #port: Port
  readonly #slot: number
  readonly #asks: Asks
  readonly #hooks: Hooks
  readonly #frames: FrameMaker
  readonly #outboxOf: (slot: number) => Outbox
  /** Targets with messages that wait. */
  readonly #waiting = new Set<Target>()

  constructor(
    port: Port,
    slot: number,
    asks: Asks,
    hooks: Hooks,
    frames: FrameMaker,
    outboxOf: (slot: number) => Outbox,
  ) {
    this.#port = port
    this.#slot = slot
    this.#asks = asks
    this.#hooks = hooks
    this.#frames = frames
    this.#outboxOf = outboxOf
  }

  /** Undefined where a message may go now, else why not: an overflow policy, or that nobody is there. */
  why(target: Target): number | undefined {
    if (target.gone) return NOBODY
    if (target.waiting !== undefined) return OVERFLOW_WAIT
    const answer = this.#count(target)
    const room = answer & 3
    if (room === ROOM_GONE) {
      target.gone = true
      return NOBODY
    }
    if (room !== ROOM_FULL) return undefined
    const overflow = answer >> 2
    if (overflow === OVERFLOW_DROP_OLDEST) {
      target.grant(MOST_CREDIT) // the owner makes room
      return undefined
    }
    return overflow
  }

  /** Counts what was sent; gives what port.account gives. */
  #count(target: Target): number {
    const answer = this.#port.account(
      target.slot,
      target.index,
      target.generation,
      target.uncounted,
      target.bytes8,
    )
    target.grant((answer & 3) === ROOM_YES ? Math.min(target.step * 2, MOST_CREDIT) : 0)
    return answer
  }

  /** A tell that can't go now, for the reason that `why` gave. */
  tell(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    why: number,
    options?: SendOptions,
  ): undefined | Promise<void> {
    if (why === NOBODY) {
      this.#hooks.deadLetter(target, method, value, 'stopped')
      return undefined
    }
    if (why === OVERFLOW_FAIL) throw errors.mailboxFull(nameOf(target))
    if (why === OVERFLOW_DROP_NEWEST) {
      this.#hooks.deadLetter(target, method, value, 'mailbox-full')
      return undefined
    }
    const kind = method === 0 && argc === 1 ? TELL : CALL
    const isMore = (target.waiting?.length ?? 0) >= this.#capacity(target)
    if (target.waiting !== undefined && isMore && options?.isCounted !== true)
      throw errors.mailboxFull(nameOf(target))
    const made = this.#frames.message(kind, target, method, argc, value, 0, 0)
    return waitFor(this.#asks.clock, this.wait(target, made, why === NO_SEGMENT), options, () =>
      errors.tellTimeout(nameOf(target), options?.timeoutMs ?? 0),
    )
  }

  #capacity(target: Target): number {
    return Math.max(this.#port.capacity(target.slot, target.index), 1)
  }

  /** The frame goes when it can. */
  wait(target: Target, { frame, blocks }: Made, forSegments: boolean): WaitingSend {
    const kind = ((frame[0] as number) >> KIND_SHIFT) & KIND_MASK
    const asks = kind === ASK || kind === SIGNAL
    const send: WaitingSend = {
      frame,
      blocks,
      ask: asks ? (frame[5] as number) : 0,
      sequence: asks ? (frame[6] as number) : 0,
      over: false,
      accept: undefined,
    }
    if (target.waiting === undefined) {
      target.waiting = []
      target.out = undefined
      this.#waiting.add(target)
      this.#awaitRoom(target, forSegments)
    }
    target.waiting.push(send)
    return send
  }

  /** The frame was handed to an outbox. */
  sent(target: Target, { frame, blocks }: Made): void {
    target.credit--
    this.counted(target, (frame.length >> 1) + (blocks.length > 0 ? (frame[frame.length - 2] as number) : 0))
  }

  /** So many bytes / 8 more are on their way. */
  counted(target: Target, bytes8: number): void {
    target.bytes8 += bytes8
    if (target.bytes8 > COUNT_AT_BYTES8 && target.slot !== this.#slot) this.#count(target)
  }

  /** A mailbox has room: what waited for it goes on. */
  room(slot: number, index: number): void {
    for (const target of this.#waiting)
      if (target.slot === slot && target.index === index) this.#retry(target)
  }

  /** The arena has segments. */
  arenaRoom(): void {
    for (const target of this.#waiting) this.#retry(target)
  }

  /** Nobody is there any more: what waited is lost. */
  lost(matches: (target: Target) => boolean): void {
    for (const target of this.#waiting) {
      if (!matches(target)) continue
      target.gone = true
      this.#giveUp(target)
    }
  }

  /** A notice comes once; where there is room already, nobody would send it. */
  #awaitRoom(target: Target, forSegments: boolean): void {
    const wait = forSegments
      ? this.#port.awaitSegments()
      : this.#port.awaitRoom(target.slot, target.index, target.generation)
    if (!wait) setImmediate(() => this.#retry(target))
  }

  #retry(target: Target): void {
    const waiting = target.waiting
    if (waiting === undefined) return
    const out = this.#outboxOf(target.slot)
    let sent = 0
    let full = false
    let noSegment = false
    for (const send of waiting) {
      if (send.over || (send.sequence !== 0 && !this.#asks.isOpen(send.ask, send.sequence))) {
        this.#frames.drop(send.blocks)
        sent++
        continue
      }
      if (target.credit <= 0) {
        const answer = this.#count(target)
        if ((answer & 3) === ROOM_GONE) {
          waiting.splice(0, sent)
          target.gone = true
          this.#giveUp(target)
          return
        }
        full = (answer & 3) === ROOM_FULL && answer >> 2 !== OVERFLOW_DROP_OLDEST
      }
      noSegment = !full && !out.copy(send.frame)
      if (full || noSegment) break
      this.sent(target, send)
      send.accept?.()
      sent++
    }
    waiting.splice(0, sent)
    if (full || noSegment) return this.#awaitRoom(target, noSegment)
    target.waiting = undefined
    this.#waiting.delete(target)
  }

  #giveUp(target: Target): void {
    const waiting = target.waiting ?? []
    target.waiting = undefined
    this.#waiting.delete(target)
    for (const send of waiting) {
      const head = send.frame[0] as number
      const method = head >>> METHOD_SHIFT
      if (send.sequence !== 0) {
        const error = errors.actorStopped(nameOf(target), this.#hooks.methodName(target, method))
        this.#asks.fail(send.ask, send.sequence, error, false)
      } else if (!send.over) {
        this.#hooks.deadLetter(target, method, this.#frames.valueOf(send.frame), 'stopped')
        send.accept?.()
      }
      this.#frames.drop(send.blocks)
    }
  }
}

/** A promise of acceptance, given up by its own timeout or signal alone. */
export function waitFor(
  clock: Clock,
  waiting: { over: boolean; accept: (() => void) | undefined },
  options: SendOptions | undefined,
  timedOut: () => unknown,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let timer: Timer | undefined
    const signal = options?.signal
    if (signal?.aborted) {
      waiting.over = true
      reject(signal.reason)
      return
    }
    const giveUp = (reason: unknown) => {
      waiting.over = true
      clean()
      reject(reason)
    }
    const quit = signal && onAbort(signal, () => giveUp(signal.reason))
    const clean = () => {
      clock.clearTimeout(timer)
      quit?.()
    }
    waiting.accept = () => {
      clean()
      resolve()
    }
    const timeoutMs = options?.timeoutMs
    if (timeoutMs !== undefined && timeoutMs < 0x7fff_ffff)
      timer = clock.setTimeout(() => giveUp(timedOut()), timeoutMs)
  })
}
