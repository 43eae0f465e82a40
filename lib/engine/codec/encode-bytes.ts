// Writing buffers and the views on them. Views of one buffer share it where they arrive, as with structured clone; but a
// Uint8Array or Buffer that is alone in the message with its buffer carries its own bytes only.

import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import type { Encoder } from './encoder.js'
import { Unfit } from './failure.js'
import { AHEAD, BACK, BLOCK, BUFFER, BYTES, INLINE_BYTES, LONE, SHARED, VIEW } from './tags.js'
import { isDetached, isMoving } from './transfer.js'
import { isTracking, UINT8, viewType } from './views.js'

export function writeView(e: Encoder, view: ArrayBufferView, p: number): number {
  const type = viewType(view)
  const { buffer, byteOffset, byteLength } = view
  const shared = types.isSharedArrayBuffer(buffer)
  if (
    !shared &&
    type === UINT8 &&
    !resizable(buffer) &&
    !isMoving(buffer as ArrayBuffer) &&
    e.find(buffer) < 0
  ) {
    if (byteLength < buffer.byteLength) {
      if (mayBeLone(e, view)) return writeLone(e, view as Uint8Array, p)
    } else if (byteLength <= INLINE_BYTES && byteLength > 0 && !isLone(e, buffer)) {
      e.remember(buffer, p + 1)
      return writeBytes(e, view as Uint8Array, e.word(BYTES, byteLength, p))
    }
  }
  const length = isTracking(view) ? -1 : type < 0 ? byteLength : (view as Uint8Array).length
  e.room(p + 6)
  e.word(VIEW, type, p)
  e.f64[(p >> 1) + 1] = byteOffset
  e.f64[(p >> 1) + 2] = length
  const known = e.find(buffer)
  if (known < 0) {
    e.remember(buffer, p + 6)
    return writeBuffer(e, buffer, p + 6)
  }
  e.aliased = true
  return e.word(BACK, known, p + 6)
}

/** At p, where the encoder remembers it. */
export function writeBuffer(e: Encoder, buffer: ArrayBufferLike, p: number): number {
  if (types.isSharedArrayBuffer(buffer)) {
    e.pending.push({ at: p + 1, memory: buffer, move: false })
    return e.word(SHARED, 0, p)
  }
  if (isDetached(buffer as ArrayBuffer)) throw new Unfit('its ArrayBuffer is detached')
  if (e.lone.length > 0) gather(e, buffer, p)
  const { byteLength } = buffer
  const longest = resizable(buffer) ? (buffer as ArrayBuffer & { maxByteLength: number }).maxByteLength : -1
  const move = isMoving(buffer as ArrayBuffer)
  if (!move && byteLength <= INLINE_BYTES) {
    e.word(BUFFER, byteLength, p)
    return writeBytes(e, new Uint8Array(buffer), e.word(longest, 0, p + 2))
  }
  e.room(p + 6)
  e.word(BLOCK, 0, p)
  e.f64[(p >> 1) + 1] = byteLength
  e.f64[(p >> 1) + 2] = longest
  e.pending.push({ at: p + 1, memory: move ? (buffer as ArrayBuffer) : new Uint8Array(buffer), move })
  return p + 6
}

function writeBytes(e: Encoder, bytes: Uint8Array, p: number): number {
  const end = p + (((bytes.length + 7) >> 3) << 1)
  e.room(end)
  e.u8.set(bytes, p << 2)
  return end
}

function writeLone(e: Encoder, view: Uint8Array, p: number): number {
  const { byteLength } = view
  const inline = byteLength <= INLINE_BYTES
  e.lone.push({ at: p, buffer: view.buffer, isBuffer: Buffer.isBuffer(view) })
  e.room(p + 8)
  e.word(LONE, byteLength, p)
  e.f64[(p >> 1) + 1] = view.byteOffset
  e.word(inline ? ((byteLength + 7) >> 3) << 1 : 0, 0, p + 4)
  e.word(0, 0, p + 6)
  if (inline) return writeBytes(e, view, p + 8)
  const bytes = new Uint8Array(view.buffer, view.byteOffset, byteLength)
  e.pending.push({ at: p + 5, memory: bytes, move: false })
  return p + 8
}

function isLone(e: Encoder, buffer: ArrayBufferLike): boolean {
  return e.lone.length > 0 && e.lone.some((lone) => lone.buffer === buffer)
}

/** Buffers cut from one pool are no aliases of each other, and must not give the pool away. */
function mayBeLone(e: Encoder, view: ArrayBufferView): boolean {
  return e.lone.every((lone) => lone.buffer !== view.buffer || (lone.isBuffer && Buffer.isBuffer(view)))
}

/** The whole buffer is written at p after all: what was written of it before is a view on that. */
function gather(e: Encoder, buffer: ArrayBufferLike, p: number): void {
  for (let i = e.lone.length - 1; i >= 0; i--) {
    const lone = e.lone[i]
    if (lone?.buffer !== buffer) continue
    e.lone.splice(i, 1)
    const block = e.pending.findIndex(({ at }) => at === lone.at + 5)
    if (block >= 0) e.pending.splice(block, 1)
    e.i32[lone.at] = AHEAD
    e.i32[lone.at + 6] = p - e.base
    e.aliased = true
  }
}

function resizable(buffer: ArrayBufferLike): boolean {
  return (buffer as { resizable?: boolean }).resizable === true
}
