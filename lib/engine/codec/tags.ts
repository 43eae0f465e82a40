// First word of a value. In brackets what follows it, by words; every value begins and ends at an even word.
// Positions inside a message count from its first word.

export const INT = 1 // [value]
export const STRING_ID = 2 // [id]
export const OBJECT = 3 // [shape] values
export const DOUBLE = 4 // [0] f64
export const BOOLEAN = 5 // [0 or 1]
export const UNDEFINED = 6 // [0]
export const NULL = 7 // [0]
export const LATIN1 = 8 // [length] bytes
export const UTF16 = 9 // [length] code units
export const ARRAY = 10 // [length] elements
export const HOLE = 11 // [0]                  an element that is not there
export const ARRAY_PLUS = 12 // [length] elements [pairs, 0] key and value of each
export const RECORD = 13 // [words to the keys] values [count, 0] keys
export const BACK = 14 // [position]              an object that came before, or its ancestor
export const REFERENCE = 15 // [0] 4 words
export const MAP = 16 // [size] keys and values
export const SET = 17 // [size] values
export const DATE = 18 // [0] f64
export const BIGINT = 19 // [0] int64
export const BIG_BIGINT = 20 // [negative] its hexadecimal digits, a string
export const REGEXP = 21 // [0] source, flags
export const BOXED = 22 // [0] the primitive
export const ERROR = 23 // [0] its form
export const BYTES = 24 // [length] bytes         a Uint8Array and its whole buffer; the buffer's position is 1 more
export const LONE = 25 // [length] f64 offset [words, block] [position, 0] bytes   a part of a buffer not otherwise sent
export const AHEAD = 26 // the same, when the whole buffer came after all, at the position
export const VIEW = 27 // [type] f64 offset, f64 length, a buffer
export const BUFFER = 28 // [length] [longest length or -1, 0] bytes
export const BLOCK = 29 // [block] f64 length, f64 longest length or -1
export const SHARED = 30 // [block]
export const SPARSE = 31 // [length] [pairs, 0] key and value of each

/** In the first word of a message that holds BACK or AHEAD: its reader keeps what it has read. */
export const ALIASED = 256
export const TAG_MASK = 255

/** Bytes over this go into a block outside the frame. */
export const INLINE_BYTES = 4096
/** Levels that objects may be nested: what every thread's stack can hold, whatever else is on it. */
export const MAX_DEPTH = 1000
