// Buffers to be moved with the message that holds them, not copied (contract 3.9).

import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import * as workers from 'node:worker_threads'
import { errors, reading } from '../../errors/index.js'
import { refused, Unfit } from './failure.js'

function given(this: unknown, buffer: ArrayBuffer): ArrayBuffer {
  return buffer
}
const Given = given as unknown as new (buffer: ArrayBuffer) => object

/** The list that a buffer was given with, as a private field of the buffer's: a WeakMap costs a moved message a tenth. */
class Mark extends Given {
  #list: readonly ArrayBuffer[] | undefined

  private constructor(buffer: ArrayBuffer, list: readonly ArrayBuffer[]) {
    super(buffer)
    this.#list = list
  }

  static set(buffer: object, list: readonly ArrayBuffer[] | undefined): void {
    if (#list in buffer) buffer.#list = list
    else if (list !== undefined) new Mark(buffer as ArrayBuffer, list)
  }

  static of(buffer: object): readonly ArrayBuffer[] | undefined {
    return #list in buffer ? buffer.#list : undefined
  }
}

/** By value: the same, for buffers that do not stand in it. */
const listsOfValues = new WeakMap<object, readonly ArrayBuffer[]>()
let marked = 0

const UNMOVABLE = 'it is marked as not to be moved, as the pool of small Buffers is'
// From Node 21 on, marks can be asked for.
const { isMarkedAsUntransferable } = workers as { isMarkedAsUntransferable?: (object: object) => boolean }
const marksAreKnown = isMarkedAsUntransferable !== undefined

function isUnmovable(buffer: ArrayBuffer): boolean {
  return isMarkedAsUntransferable?.(buffer) ?? false
}
let ever = false

/**
 * Marks buffers to be moved, not copied, with the next message that holds them or `value`. When it is sent they are
 * detached here, those too that are not in it; when the send fails they are left as they are. Gives back `value`.
 * Throws ERR_PULSING_NOT_SERIALIZABLE where the list holds anything but whole, undetached ArrayBuffers, each once.
 * Contract 3.9.
 */
export function transfer<T>(value: T, list: readonly ArrayBuffer[]): T {
  if (!reading('list', () => Array.isArray(list)))
    throw errors.invalidArgument('list', list, 'an array of ArrayBuffers')
  for (let i = 0; i < list.length; i++) {
    const buffer = list[i] as ArrayBuffer
    if (!types.isArrayBuffer(buffer)) throw refused(`list[${i}]`, 'only an ArrayBuffer can be moved')
    if (isDetached(buffer)) throw refused(`list[${i}]`, 'it is detached already')
    if (isUnmovable(buffer)) throw refused(`list[${i}]`, UNMOVABLE)
    if (list.indexOf(buffer) !== i) throw refused(`list[${i}]`, 'it stands in the list twice')
  }
  if (list.length === 0) return value
  ever = true
  const copy = [...list]
  for (const buffer of copy) Mark.set(buffer, copy)
  const isAll = list.length === 1 && ((value as ArrayBufferView).buffer ?? value) === list[0]
  if (!isAll && ((typeof value === 'object' && value !== null) || typeof value === 'function')) {
    listsOfValues.set(value as object, copy)
    marked++
  }
  return value
}

/** Whether anything was ever marked. */
export function mayMove(): boolean {
  return ever
}

export function isMoving(buffer: ArrayBuffer): boolean {
  return Mark.of(buffer) !== undefined
}

export function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false
  const { detached } = buffer as { detached?: boolean } // from Node 21 on
  if (detached !== undefined) return detached
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}

/** Detaches what was listed with the buffers moved, or with the message itself, and is still here. */
export function finishTransfer(root: unknown, moved: readonly ArrayBuffer[]): void {
  for (const buffer of moved) {
    const list = Mark.of(buffer)
    if (list !== undefined) drop(list, moved)
  }
  if (marked === 0 || typeof root !== 'object' || root === null) return
  const list = listsOfValues.get(root)
  if (list === undefined) return
  listsOfValues.delete(root)
  marked--
  drop(list, moved)
}

/** Forgets a list, and detaches what was in it but in no message. To ask a moved one whether it is detached is slow. */
function drop(list: readonly ArrayBuffer[], moved: readonly ArrayBuffer[]): void {
  for (const buffer of list) {
    if (Mark.of(buffer) === undefined) continue
    Mark.set(buffer, undefined)
    if (moved.includes(buffer)) continue
    if (!isDetached(buffer)) detach(buffer)
  }
}

/** The memory of a buffer as a new one; the old one is detached. */
export function detach(buffer: ArrayBuffer): ArrayBuffer {
  let copy: ArrayBuffer | undefined
  try {
    copy = structuredClone(buffer, { transfer: [buffer] })
  } catch {}
  // Node 20 copies what is marked as not to be moved.
  if (copy === undefined || !isDetached(buffer)) {
    Mark.set(buffer, undefined)
    throw new Unfit(UNMOVABLE)
  }
  return copy
}

/** A buffer that may be moved by whatever means: not the pool that all small Buffers are cut from. */
export function movable(buffer: ArrayBuffer): ArrayBuffer {
  return marksAreKnown || buffer.byteLength !== Buffer.poolSize ? buffer : detach(buffer)
}
