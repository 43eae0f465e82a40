// A thread of a system whose calls carry the trace that they belong to. A class of its own, so that the others pay nothing.

import { MAX_ARGUMENTS } from './frame.js'
import type { Reader } from './relay.js'
import type { Target } from './target.js'
import { Thread } from './thread.js'
import { carried, withOneMore } from './traces.js'
import type { SendOptions } from './waiting.js'

/** Plain messages that nobody answers, and what the engine says to itself, carry nothing. */
function mayCarry(target: Target, argc: number): boolean {
  return target.index !== 0 && argc < MAX_ARGUMENTS
}

export class TracedThread extends Thread {
  override tell(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    options?: SendOptions,
    isOwn = false,
  ): undefined | Promise<void> {
    const more = method !== 0 && mayCarry(target, argc) ? carried() : undefined
    if (more === undefined) return super.tell(target, method, argc, value, options, isOwn)
    return super.tell(target, method, argc + 1, withOneMore(argc, value, more), options, isOwn)
  }

  override ask(
    target: Target,
    method: number,
    argc: number,
    value: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    exact: boolean,
  ): Promise<unknown> {
    const more = mayCarry(target, argc) ? carried() : undefined
    if (more === undefined) return super.ask(target, method, argc, value, timeoutMs, signal, exact)
    return super.ask(target, method, argc + 1, withOneMore(argc, value, more), timeoutMs, signal, exact)
  }

  override askStream(
    reader: Reader,
    argc: number,
    value: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): void {
    const more = mayCarry(reader.target as Target, argc) ? carried() : undefined
    if (more === undefined) return super.askStream(reader, argc, value, timeoutMs, signal)
    return super.askStream(reader, argc + 1, withOneMore(argc, value, more), timeoutMs, signal)
  }
}
