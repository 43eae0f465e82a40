// The types of views on buffers, as numbers.

import { types } from 'node:util'

type ViewClass = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => ArrayBufferView

const NAMES = [
  'Uint8Array',
  'Int8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array', // where the language has it
]
const CLASSES = NAMES.map((name) => (globalThis as Record<string, unknown>)[name] as ViewClass | undefined)
const nameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined

export const UINT8 = 0
/** Types are numbers below this one; -1 is a DataView's. */
export const VIEW_TYPES: number = NAMES.length
/** A DataView's. */
const DATA_VIEW = -1

/** Of which type a view is, a subclass too. A DataView's is below 0. */
export function viewType(view: ArrayBufferView): number {
  const name = nameOf.call(view)
  return name === undefined ? DATA_VIEW : NAMES.indexOf(name)
}

/** A length of -1: the view follows its buffer's length. */
export function makeView(
  type: number,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): ArrayBufferView {
  const Class = type === DATA_VIEW ? (DataView as unknown as ViewClass) : (CLASSES[type] as ViewClass)
  return length < 0 ? new Class(buffer, byteOffset) : new Class(buffer, byteOffset, length)
}

/** Whether a view follows the length of its resizable buffer. Nothing says so but trying it, on a copy. */
export function isTracking(view: ArrayBufferView): boolean {
  const { buffer } = view
  if ((buffer as { resizable?: boolean }).resizable !== true || types.isSharedArrayBuffer(buffer))
    return false
  const copy = structuredClone(view)
  const resized = copy.buffer as ArrayBuffer & { maxByteLength: number; resize(bytes: number): void }
  const before = copy.byteLength
  // A view that does not follow is out of bounds when its end is cut off, and then has no length at all.
  const step = (view as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
  if (view.byteOffset + before + step <= resized.byteLength) return false
  if (resized.byteLength + step <= resized.maxByteLength) {
    resized.resize(resized.byteLength + step)
    return copy.byteLength > before
  }
  if (before <= step) return false
  resized.resize(resized.byteLength - step)
  return lengthOf(copy) > 0
}

function lengthOf(view: ArrayBufferView): number {
  try {
    return view.byteLength
  } catch {
    return 0 // a DataView out of bounds
  }
}
