// The hot part of dispatch: from a frame, or a local message, to the method. Closures over constants, made once a thread,
// so that the compiler knows the arrays that they read. The benchmarks tell-cross-int and tell-local-int notice every word.

import { errors } from '../errors/index.js'
import { running } from './calls.js'
import type { Cell, Method } from './cell.js'
import * as codec from './codec/index.js'
import type { Dispatcher } from './dispatch.js'
import * as frame from './frame.js'
import { Receivers } from './receivers.js'
import { StandIn } from './stand-in.js'
import type { Thread } from './thread.js'
import { inTrace, uncarried } from './traces.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const {
  CALL,
  CURRENT,
  CURSOR,
  KIND_MASK,
  KIND_SHIFT,
  LOCAL_WAITING,
  MAX_ARGUMENTS,
  METHOD,
  METHOD_SHIFT,
  SAME,
  SCHEDULE,
  SIGNAL,
  SPILLED,
  TELL,
  VALUE,
} = frame
const { INT } = codec

/** Messages in one go after which a class may get a loop of its own. */
const LONG_RUN = 16

/** Method numbers of the engine's own messages, from here on; no class has so many. This one is for onSignal. */
export const SIGNALLED: number = (1 << 14) - 3
/** The message that names asks which their callers gave up. */
export const GIVEN_UP: number = (1 << 14) - 2
/** The one that ends a drain. */
export const DRAINED: number = (1 << 14) - 1

export interface Delivery {
  /** Frames of other threads: entries of the batch from `from` to before `to`. */
  batch(from: number, to: number): void
  /** The oldest local message. */
  local(): void
  /** Calls the method, and answers where sequence is not 0. */
  invoke(
    cell: Cell,
    method: number,
    argc: number,
    value: unknown,
    slot: number,
    ask: number,
    sequence: number,
  ): void
}

export function makeDelivery(
  thread: Thread,
  slow: Dispatcher,
  i32: Int32Array,
  decoder: codec.Decoder,
): Delivery {
  const { control, cells, hooks, asks, cancellations, mailboxes } = thread
  const own = thread.slot

  const plainCall = (
    cell: Cell,
    fn: Method | undefined,
    method: number,
    argc: number,
    value: unknown,
  ): unknown => {
    if (fn === undefined) throw errors.unsupportedMethod(hooks.methodName(cell.target, method))
    if (method === 0) return fn.call(cell.instance, value, cell.context ?? hooks.contextOf(cell))
    if (argc === 1) return fn.call(cell.instance, value)
    if (argc === 0) return fn.call(cell.instance)
    const count = argc & MAX_ARGUMENTS
    if (count <= 1) return count === 0 ? fn.call(cell.instance) : fn.call(cell.instance, value)
    return fn.apply(cell.instance, value as unknown[])
  }

  /** In the trace that it carries. */
  const tracedCall: typeof plainCall = (cell, fn, method, argc, value) => {
    if (cell.index === 0) return plainCall(cell, fn, method, argc, value) // the engine's own
    const count = argc & MAX_ARGUMENTS
    const carries = uncarried(count, value)
    const own = carries === undefined ? value : carries.value
    const flags = argc & ~MAX_ARGUMENTS
    const left = carries === undefined ? argc : flags | carries.argc
    return inTrace(carries?.context, hooks.callName(cell, method), () =>
      plainCall(cell, fn, method, left, own),
    )
  }
  const call = thread.isTraced ? tracedCall : plainCall

  const invoke: Delivery['invoke'] = (cell, method, argc, value, slot, ask, sequence) => {
    if (method >= SIGNALLED) return slow.own(cell, method, value, slot)
    const fn = cell.methods[method]
    if (fn === undefined && cell.instance instanceof StandIn)
      return cell.instance.message(cell, method, argc, value, slot, ask, sequence)
    if (thread.current !== cell) {
      thread.current = cell
      control[CURRENT] = cell.index
    }
    control[METHOD] = method
    running.cell = cell
    const { untimed } = cell
    // Counted here: a function for it would take the place of another that becomes part of this one.
    let timed = false
    if (untimed !== undefined) {
      const left = (untimed[method] as number) - 1
      untimed[method] = left
      if (left < 0) {
        timed = true
        slow.timed(cell, method)
      }
    }
    let result: unknown
    try {
      result = call(cell, fn, method, argc, value)
      if (typeof result === 'object' && result !== null) {
        if (typeof (result as PromiseLike<unknown>).then === 'function') {
          return slow.begun(
            cell,
            method,
            result as PromiseLike<unknown>,
            slot,
            ask,
            sequence,
            running.ended(),
          )
        }
        if (isStream(result)) {
          const controller = running.ended()
          if (slow.streams(cell, method, argc, result, slot, ask, sequence, controller)) return
        }
      }
    } catch (thrown) {
      running.ended()
      if (timed) slow.ran(cell, method)
      slow.threw(cell, method, thrown, slot, ask, sequence)
      if (cell.pool !== 0) slow.poolDone(cell, slot, ask, sequence)
      return
    }
    running.ended()
    if (timed) slow.ran(cell, method)
    if (sequence !== 0) slow.reply(slot, ask, sequence, result, VALUE)
    if (cell.pool !== 0) slow.poolDone(cell, slot, ask, sequence)
  }

  const read = (at: number): unknown => {
    const tag = i32[at]
    if (tag === INT) return i32[at + 1]
    if (tag === SPILLED) return slow.read(at)
    decoder.pos = at
    return decoder.read()
  }

  /** One frame, at that word. */
  const frame = (at: number): void => {
    const head = i32[at] as number
    const kind = (head >> KIND_SHIFT) & KIND_MASK
    if (kind >= VALUE) {
      const ask = i32[at + 1] as number
      // An answer that needs no more than its value.
      if (kind === VALUE && i32[at + 4] === INT && asks.isOpen(ask, i32[at + 2] as number))
        return asks.settle(ask, i32[at + 5])
      return slow.answered(at, kind)
    }
    const method = head >>> METHOD_SHIFT
    const cell = cells[i32[at + 1] as number]
    if (cell === undefined || cell.generation !== i32[at + 2]) {
      // The agent has one address, whatever its generation.
      if (cell === undefined || kind !== SIGNAL || cell.index !== 0) return slow.bounce(at, 'stopped')
    }
    let value: unknown
    let argc = 1
    let slot = 0
    let ask = 0
    let sequence = 0
    try {
      if (kind === TELL) {
        value = read(at + 4)
      } else if (kind === CALL) {
        argc = i32[at + 4] as number
        if (argc !== 0) value = read(at + 6)
      } else {
        slot = i32[at + 4] as number
        ask = i32[at + 5] as number
        sequence = i32[at + 6] as number
        argc = i32[at + 7] as number
        if (!cancellations.isEmpty && cancellations.take(slot, sequence)) return slow.skipped(cell, at)
        if ((argc & MAX_ARGUMENTS) !== 0) value = read(at + 8)
      }
    } catch (error) {
      return slow.unreadable(at, kind, error)
    }
    invoke(cell, method, argc, value, slot, ask, sequence)
  }

  const receivers = new Receivers({
    i32,
    control,
    read,
    isPromise: (cell, result) => {
      if (typeof (result as PromiseLike<unknown>).then === 'function') {
        slow.begun(cell, 0, result as PromiseLike<unknown>, 0, 0, 0, running.controller)
        return true
      }
      return isStream(result) && slow.streams(cell, 0, 1, result, 0, 0, 0, running.controller)
    },
    failed: (cell, at, isRead, error) =>
      isRead ? slow.threw(cell, 0, error, 0, 0, 0) : slow.unreadable(at, TELL, error),
  })
  const { common } = receivers

  const batch = (from: number, to: number): void => {
    let next = from
    while (next < to) {
      const entry = control[SCHEDULE + next] as number
      control[CURSOR] = ++next
      if (entry === 0) continue // put back
      if (entry < 0) {
        slow.bounced(-entry << 1)
        continue
      }
      const at = (entry & ~SAME) << 1
      // A tell to receive, without blocks: nothing but its size in the first word.
      if ((i32[at] as number) >>> KIND_SHIFT === 0) {
        const cell = cells[i32[at + 1] as number]
        if (cell !== undefined && cell.generation === i32[at + 2] && cell.pool === 0 && isReceiver(cell)) {
          thread.current = cell
          control[CURRENT] = cell.index
          control[METHOD] = 0
          if (cell.context === undefined) hooks.contextOf(cell)
          running.cell = cell
          const { untimed } = cell
          if (untimed !== undefined) {
            const left = (untimed[0] as number) - 1
            untimed[0] = left
            if (left < 0) slow.timed(cell, 0)
          }
          const end = (cell.receive ?? common)(cell, at, next, to)
          running.ended()
          if (untimed !== undefined) slow.ranMany(cell, end - next)
          if (end - next > LONG_RUN && cell.receive === undefined) cell.receive = receivers.of(cell.methods)
          next = end
          continue
        }
      }
      frame(at)
    }
  }

  const queue = thread.local
  const local = (): void => {
    const at = queue.take()
    const cell = queue.cells[at]
    const value = queue.values[at]
    const word = at << 2
    const head = queue.words[word] as number
    const sequence = queue.words[word + 2] as number
    const ask = queue.words[word + 1] as number
    const bytes8 = queue.words[word + 3] as number
    queue.cells[at] = undefined
    queue.values[at] = undefined
    if (cell === undefined) return // it was taken out
    if (head === 0) return mailboxes.queued(cell, value)
    const method = (head & 0xffff) - 1
    const argc = head >>> 16
    if (cell.closed) {
      control[LOCAL_WAITING] = (control[LOCAL_WAITING] as number) - 1
      return mailboxes.lost(cell, { method, argc, value, slot: own, ask, sequence, bytes8, next: undefined })
    }
    if (cell.paused !== 0 || cell.held !== undefined)
      return mailboxes.hold(cell, { method, argc, value, slot: own, ask, sequence, bytes8, next: undefined })
    cell.depth--
    control[LOCAL_WAITING] = (control[LOCAL_WAITING] as number) - 1
    if (bytes8 !== 0) cell.bytes8 -= bytes8
    // Whose caller has given up is not begun.
    if (sequence === 0 || asks.isOpen(ask, sequence)) invoke(cell, method, argc, value, own, ask, sequence)
    if (cell.waiters !== undefined) mailboxes.admit(cell)
  }

  return { batch, local, invoke }
}

/** Its class has a receive, and the instance has no other of its own. */
function isReceiver({ instance, methods }: Cell): boolean {
  return methods[0] !== undefined && (instance as { receive?: unknown }).receive === methods[0]
}

/** A quick look, at every object that a method gives. */
function isStream(value: object): boolean {
  const { next, [Symbol.asyncIterator]: iterator } = value as AsyncIterator<unknown> & AsyncIterable<unknown>
  return typeof next === 'function' || typeof iterator === 'function'
}
