// What the layers above may use of the engine.

export type { Addon, EngineStats, Port } from './binding.js'
export { addon, bridge } from './binding.js'
export { callSignal } from './calls.js'
export type { CellOptions, Method } from './cell.js'
export { Cell, PAUSED_STARTING, PAUSED_STOPPING } from './cell.js'
export { copyValue, isShared, share, transfer } from './codec/index.js'
export { DRAINED } from './deliver.js'
export { ACTORS, CONTROL_BYTES, CURRENT, MAX_METHODS, MAX_SLOTS, POOL_SLOT } from './frame.js'
export type { DeadLetterReason, Hooks } from './hooks.js'
export { CELL, giveTarget, REF, targetOf } from './symbols.js'
export { Target } from './target.js'
export { Thread } from './thread.js'
