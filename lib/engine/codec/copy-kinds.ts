// Copying the objects that are neither plain nor arrays; encode-kinds and encode-bytes are the same for words.

import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import type { Copy } from './copy.js'
import { unboxed } from './encode-kinds.js'
import { errorOf, formOf } from './error-forms.js'
import { Unfit } from './failure.js'
import {
  BOXED_KIND,
  BUFFER_KIND,
  DATE_KIND,
  ERROR_KIND,
  KEYED,
  MAP_KIND,
  REFERENCE_KIND,
  REGEXP_KIND,
  SET_KIND,
  SHARED_KIND,
  VIEW_KIND,
} from './kinds.js'
import { Patch } from './patch.js'
import { findUnfit } from './path.js'
import { detach, isDetached, isMoving } from './transfer.js'
import { isTracking, makeView, UINT8, viewType } from './views.js'

/** A part of a buffer, copied as if nothing else of the buffer were in the message. */
export interface LoneCopy {
  readonly view: ArrayBufferView
  readonly copy: object
}

/** `at`: where the copy is put once there is one. */
export function copyKind(c: Copy, value: object, kind: number, at: number): object {
  switch (kind) {
    case KEYED:
      return c.complete(at, c.keyed(value as Record<string, unknown>, {}))
    case REFERENCE_KIND:
    case SHARED_KIND:
      return c.complete(at, value)
    case MAP_KIND:
      return copyMap(c, value as Map<unknown, unknown>, at)
    case SET_KIND:
      return copySet(c, value as Set<unknown>, at)
    case DATE_KIND:
      return c.complete(at, new Date(Date.prototype.getTime.call(value)))
    case REGEXP_KIND:
      return c.complete(at, new RegExp((value as RegExp).source, (value as RegExp).flags))
    case BOXED_KIND:
      return c.complete(at, Object(unboxed(value)) as object)
    case ERROR_KIND:
      return c.complete(at, errorOf(c.any(formOf(value as Error), value) as never))
    case BUFFER_KIND:
      return c.complete(at, copyBuffer(c, value as ArrayBuffer))
    case VIEW_KIND:
      return c.complete(at, copyView(c, value as ArrayBufferView))
    default:
      throw new Unfit('')
  }
}

/** Entries first, as they are now: what is in them may have getters that change the map. */
function copyMap(c: Copy, map: Map<unknown, unknown>, at: number): object {
  const entries: unknown[] = []
  Map.prototype.forEach.call(map, (value, key) => entries.push(key, value))
  const copy = c.complete(at, new Map<unknown, unknown>())
  for (let i = 0; i < entries.length; i += 2) copy.set(c.any(entries[i], map), c.any(entries[i + 1], map))
  return copy
}

function copySet(c: Copy, set: Set<unknown>, at: number): object {
  const values: unknown[] = []
  Set.prototype.forEach.call(set, (value) => values.push(value))
  const copy = c.complete(at, new Set<unknown>())
  for (let i = 0; i < values.length; i++) copy.add(c.any(values[i], set))
  return copy
}

function copyView(c: Copy, view: ArrayBufferView): object {
  const type = viewType(view)
  const { buffer, byteOffset, byteLength } = view
  if (types.isSharedArrayBuffer(buffer)) return makeView(type, buffer, byteOffset, lengthOf(view, type))
  const moving = isMoving(buffer as ArrayBuffer)
  const known = c.find(buffer)
  if (type === UINT8 && !resizable(buffer) && !moving && known < 0 && byteLength < buffer.byteLength) {
    if (
      c.lone.every(
        (lone) => lone.view.buffer !== buffer || (Buffer.isBuffer(lone.view) && Buffer.isBuffer(view)),
      )
    ) {
      const copy = new Uint8Array(view as Uint8Array)
      c.lone.push({ view, copy })
      return copy
    }
  }
  const length = isTracking(view) ? -1 : lengthOf(view, type)
  if (known >= 0) return makeView(type, c.copyOf(known) as ArrayBuffer, byteOffset, length)
  const at = c.remember(buffer)
  return makeView(type, c.complete(at, copyBuffer(c, buffer as ArrayBuffer)), byteOffset, length)
}

function copyBuffer(c: Copy, buffer: ArrayBuffer): ArrayBuffer {
  if (isDetached(buffer)) throw new Unfit('')
  const copy = isMoving(buffer) ? move(c, buffer) : copyOf(buffer)
  for (const lone of c.lone) {
    if (lone.view.buffer !== buffer) continue
    c.patch ??= new Patch()
    c.patch.replace(lone.copy, new Uint8Array(copy, lone.view.byteOffset, lone.view.byteLength))
  }
  return copy
}

/** A send that fails moves nothing, so the whole message is looked at before its first buffer is moved. */
function move(c: Copy, buffer: ArrayBuffer): ArrayBuffer {
  if (c.moved.length === 0 && findUnfit(c.root) !== undefined) throw new Unfit('')
  const copy = detach(buffer)
  c.moved.push(buffer)
  return copy
}

function copyOf(buffer: ArrayBuffer): ArrayBuffer {
  if (!resizable(buffer)) return buffer.slice(0)
  const options = { maxByteLength: (buffer as ArrayBuffer & { maxByteLength: number }).maxByteLength }
  const copy = new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(
    buffer.byteLength,
    options,
  )
  new Uint8Array(copy).set(new Uint8Array(buffer))
  return copy
}

function lengthOf(view: ArrayBufferView, type: number): number {
  return type < 0 ? view.byteLength : (view as Uint8Array).length
}

function resizable(buffer: ArrayBufferLike): boolean {
  return (buffer as { resizable?: boolean }).resizable === true
}
