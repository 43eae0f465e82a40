// Calls that are made later.

import type { Clock, Target, Timer } from '../engine/index.js'
import { PulsingRuntimeError } from '../errors/index.js'
import type { ActorHost } from './host.js'
import type { ActorRecord } from './record.js'

/** A call that `pul.delayed` will make (contract, section 2). */
export interface DelayedCall {
  /** False once the call was made, or given up. */
  readonly pending: boolean
  /** Gives the call up; false where it was made already, or given up. */
  cancel(): boolean
}

type Delays = Set<{ cancel(): boolean }>

/** Waits for its time, in the thread's list and, where it is of the actor itself, in the actor's. */
class Delay implements DelayedCall {
  readonly #clock: Clock
  #timer: Timer | undefined
  readonly #lists: readonly Delays[]

  constructor(clock: Clock, lists: readonly Delays[], delayMs: number, run: () => void) {
    this.#clock = clock
    this.#lists = lists
    for (const list of lists) list.add(this)
    // What keeps the process alive (contract 3.5).
    this.#timer = clock.setTimeout(() => {
      this.#end()
      run()
    }, delayMs)
  }

  get pending(): boolean {
    return this.#timer !== undefined
  }

  cancel(): boolean {
    const was = this.pending
    this.#end()
    return was
  }

  #end(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    for (const list of this.#lists) list.delete(this)
  }
}

const OVER: DelayedCall = Object.freeze({ pending: false, cancel: () => false })

/**
 * Sends the call, as a tell does, when the time has passed; its arguments are as they were now.
 * @param isOwn the actor's of itself: it ends with the actor
 */
export function delayCall(
  host: ActorHost,
  target: Target,
  method: number,
  args: readonly unknown[],
  delayMs: number,
  isOwn: boolean,
): DelayedCall {
  const { thread } = host
  const values = thread.copyList(args)
  const value = values.length === 1 ? values[0] : values
  if (thread.stopped || (isOwn && target.gone)) {
    thread.hooks.deadLetter(target, method, value, thread.stopped ? 'shutdown' : 'stopped')
    return OVER
  }
  const lists: Delays[] = [thread.delayed]
  if (isOwn) {
    const record = target.cell?.actor as ActorRecord
    record.delayed ??= new Set()
    lists.push(record.delayed)
  }
  return new Delay(thread.clock, lists, delayMs, () => {
    try {
      void thread.tell(target, method, values.length, value, undefined, isOwn)
    } catch (error) {
      // Nobody is there to catch it. A copy was carried once, so this is the mailbox's overflow, or the message's size.
      const isFull = error instanceof PulsingRuntimeError && error.code === 'ERR_PULSING_MAILBOX_FULL'
      thread.hooks.deadLetter(target, method, value, isFull ? 'mailbox-full' : 'not-handled')
    }
  })
}

/** The actor has stopped: what it wanted of itself later is not done. */
export function cancelDelayed({ delayed }: ActorRecord): void {
  for (const call of delayed ?? []) call.cancel()
}
