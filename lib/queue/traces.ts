// The traces that records were put in, of those that this thread has read.

import type { TraceContext } from '../engine/index.js'

const traces = new WeakMap<object, TraceContext>()

/** Undefined where it was put in none, or by a system without the option `traces`. */
export function traceOf(record: unknown): TraceContext | undefined {
  return typeof record === 'object' && record !== null ? traces.get(record) : undefined
}

export function setTrace(record: unknown, trace: TraceContext): void {
  if (typeof record === 'object' && record !== null) traces.set(record, trace)
}
