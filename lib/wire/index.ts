// Values between nodes, as bytes of msgpack.

export { type Frame, WireDecoder } from './decoder.js'
export { type Plain, WireEncoder, type WireRefs } from './encoder.js'
export { WireError } from './error.js'
export { NONE, PlainFrameReader, PlainFrameWriter } from './plain-frames.js'
export { Quick } from './quick.js'
