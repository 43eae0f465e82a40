// Memory that values are written to.

import { errors } from '../../errors/index.js'
import { HostFailure } from './failure.js'

/** Three views of one buffer. */
export interface Words {
  readonly i32: Int32Array
  readonly f64: Float64Array
  readonly u8: Uint8Array
}

const FIRST_BYTES = 16 * 1024
/** What is kept from one message to the next. */
const KEPT_BYTES = 1024 * 1024

/** Scratch on the heap that grows with what is written to it; an encoder over it never answers that there is no room. */
export class GrowingWords implements Words {
  i32: Int32Array
  f64: Float64Array
  u8: Uint8Array
  readonly maxBytes: number

  constructor(maxBytes: number = 1024 * 1024 * 1024) {
    this.maxBytes = maxBytes
    const buffer = new ArrayBuffer(FIRST_BYTES)
    this.i32 = new Int32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.u8 = new Uint8Array(buffer)
  }

  /** Makes room for so many words. The views are others afterwards. */
  reserve(words: number): void {
    const bytes = words * 4
    if (bytes <= this.u8.length) return
    if (bytes > this.maxBytes) throw new HostFailure(errors.messageTooLarge(bytes, this.maxBytes))
    this.#resize(Math.min(Math.max(bytes, this.u8.length * 2), this.maxBytes), true)
  }

  /** Gives back what an unusually large message took. */
  trim(): void {
    if (this.u8.length > KEPT_BYTES) this.#resize(FIRST_BYTES, false)
  }

  #resize(bytes: number, keep: boolean): void {
    const old = this.u8
    const buffer = new ArrayBuffer((bytes + 7) & ~7)
    this.i32 = new Int32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.u8 = new Uint8Array(buffer)
    if (keep) this.u8.set(old)
  }
}
