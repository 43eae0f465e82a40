// What is done when a message has been written and fits: memory goes into blocks. So a send that fails moves nothing.

import { errors } from '../../errors/index.js'
import type { Encoder } from './encoder.js'
import { HostFailure, Unfit } from './failure.js'
import { finishTransfer, isDetached, movable } from './transfer.js'

/** A block to make, and the word that takes its id. */
export interface Pending {
  readonly at: number
  readonly memory: Uint8Array | ArrayBuffer | SharedArrayBuffer
  readonly move: boolean
}

/** A part of a buffer, written as if nothing else of the buffer were in the message. */
export interface Lone {
  readonly at: number
  readonly buffer: ArrayBufferLike
  /** A Buffer: what lies around it in its buffer is not its sender's to give. */
  readonly isBuffer: boolean
}

const NONE: readonly ArrayBuffer[] = []

/** bytes: of the message without its blocks. */
export function settle(encoder: Encoder, root: unknown, bytes: number): void {
  const { pending, maxBytes } = encoder
  if (pending.length === 0) return finishTransfer(root, NONE)
  const moved: ArrayBuffer[] = []
  let all = bytes
  for (const { memory, move } of pending) {
    if (move) moved.push(memory as ArrayBuffer)
    else if (memory instanceof Uint8Array) all += memory.byteLength
  }
  if (all > maxBytes) throw new HostFailure(errors.messageTooLarge(all, maxBytes))
  if (moved.some(isDetached)) throw new Unfit('a buffer to be moved was detached by a getter')
  for (const block of pending) if (!block.move) make(encoder, block)
  for (const block of pending) if (block.move) make(encoder, block)
  finishTransfer(root, moved)
}

function make(encoder: Encoder, { at, memory, move }: Pending): void {
  const { host } = encoder
  let id: number
  try {
    if (move) id = host.moveBlock(movable(memory as ArrayBuffer))
    else if (memory instanceof Uint8Array) id = host.makeBlock(memory)
    else id = host.shareBlock(memory as SharedArrayBuffer)
  } catch (error) {
    if (error instanceof Unfit) throw error
    throw new HostFailure(error)
  }
  encoder.blocks.push(id)
  encoder.i32[at] = id
}
