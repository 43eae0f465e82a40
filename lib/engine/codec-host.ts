// What the codec needs of its thread: the engine's table, blocks, and references.

import { errors } from '../errors/index.js'
import { bridge, type Port } from './binding.js'
import type { CodecHost } from './codec/index.js'
import type { Hooks } from './hooks.js'
import type { Target } from './target.js'

export class ThreadCodecHost implements CodecHost {
  readonly #port: Port
  readonly #hooks: Hooks
  readonly #expose: (target: Target) => void
  readonly #targetAt: (slot: number, index: number, generation: number, classId: number) => Target
  readonly #shapes = new Map<number, string>()
  /** Bytes that blocks made since this was set to 0 have copied. */
  copiedBytes = 0
  /** All bytes of those blocks. */
  blockBytes = 0

  constructor(
    port: Port,
    hooks: Hooks,
    expose: (target: Target) => void,
    targetAt: (slot: number, index: number, generation: number, classId: number) => Target,
  ) {
    this.#port = port
    this.#hooks = hooks
    this.#expose = expose
    this.#targetAt = targetAt
  }

  internString(text: string): number {
    return this.#port.intern(`s${text}`)
  }

  stringOf(id: number): string {
    return this.#port.text(id).slice(1)
  }

  internShape(keys: string): number {
    return this.#port.intern(`k${keys}`)
  }

  shapeKeys(id: number): string {
    let keys = this.#shapes.get(id)
    if (keys === undefined) {
      keys = this.#port.text(id).slice(1)
      this.#shapes.set(id, keys)
    }
    return keys
  }

  makeBlock(bytes: Uint8Array): number {
    const id = this.#port.copyBlock(bytes)
    if (id === 0) throw errors.outOfMemory(bytes.byteLength)
    this.copiedBytes += bytes.byteLength
    this.blockBytes += bytes.byteLength
    return id
  }

  moveBlock(buffer: ArrayBuffer): number {
    const bytes = buffer.byteLength
    this.blockBytes += bytes
    const pointer = bridge?.detach(buffer)
    if (bridge !== undefined && pointer !== undefined)
      return this.#port.adoptBlock(pointer, bytes, bridge.release)
    const id = this.#port.copyBlock(new Uint8Array(buffer))
    if (id === 0) throw errors.outOfMemory(bytes)
    structuredClone(buffer, { transfer: [buffer] }) // the sender's buffer is detached, with the bridge or without
    return id
  }

  shareBlock(buffer: SharedArrayBuffer): number {
    const pointer = bridge?.share(buffer)
    if (bridge === undefined || pointer === undefined) throw errors.bridgeUnavailable()
    return this.#port.adoptBlock(pointer, buffer.byteLength, bridge.release)
  }

  takeBlock(id: number): ArrayBuffer | SharedArrayBuffer {
    const block = this.#port.takeBlock(id)
    if (block === undefined) throw errors.internal(`block ${id} of a message is missing`)
    if (typeof block !== 'number') return block
    if (bridge === undefined) throw errors.bridgeUnavailable()
    return bridge.attach(block)
  }

  refToWords(ref: object, out: Int32Array, at: number): void {
    const target = this.#hooks.targetOf(ref)
    this.#expose(target)
    out[at] = target.slot
    out[at + 1] = target.index
    out[at + 2] = target.generation
    // Below 0: sent as a reference, so it arrives as one, with what is known of its class.
    out[at + 3] = target.ref === ref ? -target.classId : target.classId
  }

  refFromWords(i32: Int32Array, at: number): object {
    const classId = i32[at + 3] as number
    const target = this.#targetAt(
      i32[at] as number,
      i32[at + 1] as number,
      i32[at + 2] as number,
      Math.abs(classId),
    )
    return classId > 0 ? this.#hooks.proxyFor(target) : this.#hooks.refFor(target)
  }
}
