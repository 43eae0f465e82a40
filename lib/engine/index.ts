// What the layers above may use of the engine.

export { onAbort } from './abort.js'
export type { Addon, EngineStats, Port } from './binding.js'
export { addon, bridge } from './binding.js'
export { callSignal } from './calls.js'
export type { CellOptions, Method } from './cell.js'
export {
  Cell,
  PAUSED_FULL,
  PAUSED_REMOTE,
  PAUSED_RESTARTING,
  PAUSED_STARTING,
  PAUSED_STOPPING,
} from './cell.js'
export { type Clock, realClock, type Timer } from './clock.js'
export { copyValue, isShared, share, transfer, values } from './codec/index.js'
export { DRAINED, SIGNALLED } from './deliver.js'
export { execArgvOfThreads } from './exec-argv.js'
export {
  BOUNCE_STOPPED,
  DEAD_LETTERS,
  END,
  ERROR,
  LOCAL_LOST,
  MAX_ARGUMENTS,
  MAX_METHODS,
  MAX_SLOTS,
  POOL_SLOT,
  RESTARTS,
  STREAMED,
  TURN_BUCKETS,
  UNOBSERVED,
  VALUE,
  WINDOW_SHIFT,
} from './frame.js'
export { path } from './frames.js'
export type { DeadLetterReason, Hooks } from './hooks.js'
export type { Reader } from './relay.js'
export { StandIn } from './stand-in.js'
export { StreamCall, type StreamItems, stream } from './stream-call.js'
export { CELL, giveTarget, REF, targetOf } from './symbols.js'
export { BOUNDS, type ClassReport, type MethodReport, Seen, type TimesReport } from './tally.js'
export { Target } from './target.js'
export { isThenable } from './thenable.js'
export { Thread } from './thread.js'
export { TracedThread } from './traced-thread.js'
export { type TraceContext, traceContext, uncarried, withoutTrace, withTraceContext } from './traces.js'
