// Values between threads, and copies on one. See docs/semantics.md for what may be sent.

export { copyList, copyValue } from './copy.js'
export { bulk } from './copy-kinds.js'
export { Decoder } from './decoder.js'
export { Encoder } from './encoder.js'
export { mayGenerate } from './generate.js'
export type { CodecHost } from './host.js'
export * as values from './parts.js'
export { isShared, share } from './share.js'
export { INT } from './tags.js'
export { transfer } from './transfer.js'
export { GrowingWords, type Words } from './words.js'
