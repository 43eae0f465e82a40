// Extension types of msgpack by which nodes carry what plain msgpack can't. A leaf carries its value as data. A mark stands
// first in an array, says what the rest of it makes, and has no data, but for DEF and ALIAS.

// Leaves.
export const UNDEFINED = 1
export const MINUS_ZERO = 2
/** 8 bytes, a double: milliseconds. */
export const DATE = 3
/** A sign, 0 or 1, then the bytes of the absolute value, the greatest first. */
export const BIGINT = 4
/** Code units of 2 bytes, for strings that are not well formed. */
export const UTF16 = 5
/** 4 bytes: the number of an object that came before, or is around it. */
export const ALIAS = 6
export const HOLE = 7

// Marks.
/** 4 bytes: the number that the value after it has for its aliases. */
export const DEF = 16
/** Keys and values. */
export const MAP = 17
/** Values. */
export const SET = 18
/** source, flags */
export const REGEXP = 19
/** The primitive. */
export const BOXED = 20
/** Its form, as lib/errors makes it. */
export const ERROR = 21
/** bytes, the length that it may be resized to, or -1 */
export const BUFFER = 22
/** type, byteOffset, length or -1 for one that follows its buffer, buffer */
export const VIEW = 23
/** A plain value, which the node knows how to read. */
export const REF = 24
/** Keys and values of an object that has keys which a map of msgpack must not have. */
export const ENTRIES = 25
/** length, then pairs of key and value: an array with holes or named properties. */
export const SPARSE = 26

/** By type: bytes of data, from and to; undefined where there is no such type. */
export const SIZES: readonly (readonly [least: number, most: number] | undefined)[] = Array.from(
  { length: 27 },
  (_, type) => {
    if (type === DATE) return [8, 8] as const
    if (type === BIGINT) return [2, 1024 * 1024] as const
    if (type === UTF16) return [0, 2 ** 31] as const
    if (type === ALIAS || type === DEF) return [4, 4] as const
    const isKnown = (type >= UNDEFINED && type <= HOLE) || (type >= DEF && type <= SPARSE)
    return isKnown ? ([1, 1] as const) : undefined
  },
)

/** Levels of msgpack: a level of the value may take a few. */
export const MOST_LEVELS = 4200
