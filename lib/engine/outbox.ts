// The frames that this thread writes for one slot: into the arena, where the receiver reads them in place.

import type { Port } from './binding.js'
import * as frame from './frame.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const { BATCH_HEADER_WORDS, BLOCKS_BIT, MAX_FRAME_BYTES, ROUTE_BLOCKS, ROUTE_CLOSE, SEGMENT_HEADER_BYTES } =
  frame

/** Of a frame, and of the header of the batch behind it. */
const MOST_WORDS = (MAX_FRAME_BYTES >> 2) + BATCH_HEADER_WORDS

// What flush is to give when a segment is done.
const WANT = 1
const WANT_SYSTEM = 2

export class Outbox {
  readonly #port: Port
  readonly #i32: Int32Array
  readonly #segmentWords: number
  readonly #to: number
  /** Frames that found no segment, oldest first: answers and system frames, which nobody waits for. */
  readonly #late: Int32Array[] = []
  #batch = 0 // word of the open batch's header, 0 for none
  #position = 0
  #end = 0
  /** As end; 0 in a segment of the reserve, which is for answers and system frames alone. */
  #userEnd = 0
  #count = 0
  #blocks = 0

  constructor(port: Port, i32: Int32Array, segmentBytes: number, to: number) {
    this.#port = port
    this.#i32 = i32
    this.#segmentWords = segmentBytes >> 2
    this.#to = to
  }

  /** The word where the next frame begins, with room for the largest; 0 where the arena has no segment left. */
  begin(): number {
    // Hot: tell-cross.
    if (this.#position + MOST_WORDS <= this.#userEnd) return this.#position
    return this.#next(false)
  }

  /** As begin, for an answer or a system frame: they may use the reserve. */
  beginSystem(): number {
    if (this.#position + MOST_WORDS <= this.#end) return this.#position
    return this.#next(true)
  }

  /** The frame that was begun ends before this word. */
  end(at: number): void {
    this.#position = at
    this.#count++
  }

  /** A frame of native code's making, or kept from before: false where there is no segment. */
  copy(frame: Int32Array, system = false): boolean {
    const at = system ? this.beginSystem() : this.begin()
    if (at === 0) return false
    this.#i32.set(frame, at)
    if (((frame[0] as number) & BLOCKS_BIT) !== 0) this.carriesBlocks()
    this.end(at + frame.length)
    return true
  }

  /** A frame of this batch has blocks. */
  carriesBlocks(): void {
    this.#blocks = ROUTE_BLOCKS
  }

  /** Goes out when there is a segment again, in order. */
  later(frame: Int32Array): void {
    this.#late.push(frame)
    if (this.#late.length === 1) this.#awaitSegments()
  }

  get isLate(): boolean {
    return this.#late.length > 0
  }

  /** Sends what had to wait; false where some of it still does. */
  catchUp(): boolean {
    let sent = 0
    for (const frame of this.#late) {
      if (!this.copy(frame, true)) break
      sent++
    }
    this.#late.splice(0, sent)
    if (this.#late.length > 0) this.#awaitSegments()
    return this.#late.length === 0
  }

  /** A notice comes once; where there is a segment already, nobody would send it. */
  #awaitSegments(): void {
    if (this.#port.awaitSegments()) return
    setImmediate(() => {
      this.catchUp()
      this.flush()
    })
  }

  /** Hands over what was written. */
  flush(): void {
    if (this.#count === 0) return
    this.#hand(0, 0)
    this.#open(this.#position)
  }

  #hand(route: number, want: number): number {
    const batch = this.#batch
    const i32 = this.#i32
    i32[batch + 1] = this.#position >> 1
    i32[batch + 2] = this.#count
    i32[batch + 3] = this.#to | route | this.#blocks
    this.#count = 0
    this.#blocks = 0
    return this.#port.flush(batch >> 1, want)
  }

  #open(at: number): void {
    this.#batch = at
    this.#position = at + BATCH_HEADER_WORDS
  }

  #next(system: boolean): number {
    const segment =
      this.#batch === 0
        ? this.#port.take(system ? 1 : 0)
        : this.#hand(ROUTE_CLOSE, system ? WANT_SYSTEM : WANT)
    if (segment === 0) {
      this.#batch = this.#position = this.#end = this.#userEnd = 0
      return 0
    }
    this.#end = (segment + 1) * this.#segmentWords
    this.#userEnd = system ? 0 : this.#end
    this.#open(segment * this.#segmentWords + (SEGMENT_HEADER_BYTES >> 2))
    return this.#position
  }
}
