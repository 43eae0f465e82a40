// A codec host without an engine: one table and one store of blocks, as threads of one system would share them.

import { type CodecHost, Decoder, Encoder, GrowingWords } from '../../lib/engine/codec/index.js'
import { REF } from '../../lib/engine/symbols.js'

export class Ref {
  readonly words: readonly number[]
  constructor(...words: readonly number[]) {
    this.words = words
  }
  get [REF](): boolean {
    return true
  }
}

/** What threads of one system share. */
export class Shared {
  readonly texts: string[] = []
  readonly ids = new Map<string, number>()
  readonly blocks = new Map<number, ArrayBuffer | SharedArrayBuffer>()
  limit = 65_536
  #nextBlock = 1

  intern(text: string): number {
    const known = this.ids.get(text)
    if (known !== undefined) return known
    if (this.texts.length >= this.limit) return -1
    this.ids.set(text, this.texts.push(text) - 1)
    return this.texts.length - 1
  }

  put(memory: ArrayBuffer | SharedArrayBuffer): number {
    this.blocks.set(this.#nextBlock, memory)
    return this.#nextBlock++
  }
}

export class TestHost implements CodecHost {
  readonly shared: Shared
  readonly calls: string[] = []
  constructor(shared: Shared = new Shared()) {
    this.shared = shared
  }
  internString(text: string): number {
    return this.shared.intern(`s${text}`)
  }
  stringOf(id: number): string {
    return (this.shared.texts[id] as string).slice(1)
  }
  internShape(keys: string): number {
    return this.shared.intern(`k${keys}`)
  }
  shapeKeys(id: number): string {
    return (this.shared.texts[id] as string).slice(1)
  }
  makeBlock(bytes: Uint8Array): number {
    this.calls.push(`make ${bytes.length}`)
    return this.shared.put(new Uint8Array(bytes).buffer)
  }
  moveBlock(buffer: ArrayBuffer): number {
    this.calls.push(`move ${buffer.byteLength}`)
    return this.shared.put(structuredClone(buffer, { transfer: [buffer] }))
  }
  shareBlock(buffer: SharedArrayBuffer): number {
    this.calls.push(`share ${buffer.byteLength}`)
    return this.shared.put(buffer)
  }
  takeBlock(id: number): ArrayBuffer | SharedArrayBuffer {
    const memory = this.shared.blocks.get(id)
    if (memory === undefined) throw new Error(`block ${id} was taken already`)
    this.shared.blocks.delete(id)
    return memory
  }
  refToWords(ref: object, out: Int32Array, at: number): void {
    out.set((ref as Ref).words, at)
  }
  refFromWords(i32: Int32Array, at: number): object {
    return new Ref(...i32.subarray(at, at + 4))
  }
}

/** A sending and a receiving thread over one memory. */
export class Bed {
  readonly shared = new Shared()
  readonly sender = new TestHost(this.shared)
  readonly receiver = new TestHost(this.shared)
  readonly words = new GrowingWords()
  readonly encoder = new Encoder(this.sender, this.words)

  /** What arrives on the other thread. */
  send(value: unknown, path = 'message'): unknown {
    this.encoder.pos = 0
    this.encoder.blocks.length = 0
    this.encoder.write(value, path)
    const decoder = new Decoder(this.receiver, this.words)
    const received = decoder.read()
    if (decoder.pos !== this.encoder.pos) throw new Error(`read ${decoder.pos} of ${this.encoder.pos} words`)
    if (this.shared.blocks.size > 0) throw new Error('blocks are left')
    return received
  }
}
