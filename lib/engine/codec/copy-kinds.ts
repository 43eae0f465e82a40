// Copying the objects that are not plain; encode-kinds and encode-bytes are the same for words.

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
  LIST,
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
import type { TrieNode } from './trie.js'
import { isTracking, makeView, UINT8, viewType } from './views.js'

/** A part of a buffer, copied as if nothing else of the buffer were in the message. */
export interface LoneCopy {
  readonly view: ArrayBufferView
  readonly copy: object
}

/** `at`: where the copy is put once there is one. */
export function copyKind(c: Copy, value: object, kind: number, at: number, entry: TrieNode): object {
  switch (kind) {
    case LIST:
      return c.array(value as unknown[], c.complete(at, [] as unknown[]), entry)
    case REFERENCE_KIND:
    case SHARED_KIND:
      return c.complete(at, value)
    case MAP_KIND:
      return copyMap(c, value as Map<unknown, unknown>, at, entry)
    case SET_KIND:
      return copySet(c, value as Set<unknown>, at, entry)
    case DATE_KIND:
      return c.complete(at, new Date(Date.prototype.getTime.call(value)))
    case REGEXP_KIND:
      return c.complete(at, new RegExp((value as RegExp).source, (value as RegExp).flags))
    case BOXED_KIND:
      return c.complete(at, Object(unboxed(value)) as object)
    case ERROR_KIND:
      return c.complete(
        at,
        errorOf(c.any(formOf(value as Error, false), value, entry) as never, value as Error),
      )
    case BUFFER_KIND:
      return c.complete(at, copyBuffer(c, value as ArrayBuffer))
    case VIEW_KIND:
      return c.complete(at, copyView(c, value as ArrayBufferView))
    default:
      throw new Unfit('')
  }
}

/** Entries first, as they are now: what is in them may have getters that change the map. */
function copyMap(c: Copy, map: Map<unknown, unknown>, at: number, entry: TrieNode): object {
  const entries: unknown[] = []
  Map.prototype.forEach.call(map, (value, key) => entries.push(key, value))
  const copy = c.complete(at, new Map<unknown, unknown>())
  for (let i = 0; i < entries.length; i += 2) {
    copy.set(c.any(entries[i], map, entry), c.any(entries[i + 1], map, entry))
  }
  return copy
}

function copySet(c: Copy, set: Set<unknown>, at: number, entry: TrieNode): object {
  const values: unknown[] = []
  Set.prototype.forEach.call(set, (value) => values.push(value))
  const copy = c.complete(at, new Set<unknown>())
  for (let i = 0; i < values.length; i++) copy.add(c.any(values[i], set, entry))
  return copy
}

/** Bytes of memory copied since it was set to 0: what a message on one thread counts for. */
export const bulk: { bytes: number } = { bytes: 0 }

function copyView(c: Copy, view: ArrayBufferView): object {
  const type = viewType(view)
  const { buffer, byteOffset } = view
  const length = type < 0 ? view.byteLength : (view as Uint8Array).length
  if (types.isSharedArrayBuffer(buffer)) return makeView(type, buffer, byteOffset, length)
  const known = c.find(buffer)
  if (known >= 0) return makeView(type, c.copyOf(known) as ArrayBuffer, byteOffset, tracked(view, length))
  if (type === UINT8 && !resizable(buffer) && !isMoving(buffer as ArrayBuffer) && mayBeLone(c, view)) {
    if (length === 0 && isDetached(buffer as ArrayBuffer)) throw new Unfit('')
    const copy = new Uint8Array(view as Uint8Array)
    bulk.bytes += length
    c.lone.push({ view, copy })
    return copy
  }
  const at = c.remember(buffer)
  const copy = c.complete(at, copyBuffer(c, buffer as ArrayBuffer))
  return makeView(type, copy, byteOffset, tracked(view, length))
}

function tracked(view: ArrayBufferView, length: number): number {
  return isTracking(view) ? -1 : length
}

/** Buffers cut from one pool are no aliases of each other, and must not give the pool away. */
function mayBeLone(c: Copy, view: ArrayBufferView): boolean {
  for (const { view: lone } of c.lone) {
    if (lone.buffer === view.buffer && !(isCut(lone) && isCut(view))) return false
  }
  return true
}

/** A Buffer that is a part of its buffer only. */
function isCut(view: ArrayBufferView): boolean {
  return Buffer.isBuffer(view) && view.byteLength < view.buffer.byteLength
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
  bulk.bytes += buffer.byteLength
  if (!resizable(buffer)) return buffer.slice(0)
  const options = { maxByteLength: (buffer as ArrayBuffer & { maxByteLength: number }).maxByteLength }
  const copy = new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(
    buffer.byteLength,
    options,
  )
  new Uint8Array(copy).set(new Uint8Array(buffer))
  return copy
}

function resizable(buffer: ArrayBufferLike): boolean {
  return (buffer as { resizable?: boolean }).resizable === true
}
