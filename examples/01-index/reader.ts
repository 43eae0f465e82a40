// A reader: opens the files it is told to, says which are text, tallies them, and hands what is in them to the tokenizers,
// a chunk at a time. It has a fixed number of chunks; they come back when they are counted, and till then it waits.

import { closeSync, constants, openSync, readSync } from 'node:fs'
import * as pul from 'pulsing'
import { CHUNK_BYTES, Chunk } from './chunk.js'
import type { ProgressProxy } from './progress.js'
import type { TokenizerProxy } from './tokenizer.js'

/** A file with a NUL byte in so many of its first bytes is no text. */
const LOOKED_AT_BYTES = 8192
/** A file is begun in a chunk with so much room; else in the next. */
const LEAST_ROOM = 4 * LOOKED_AT_BYTES
/** How often progress is told. */
const SAY_MS = 100
/** How many paths of unreadable files are kept, to be shown. */
const KEPT_PATHS = 5
/** Should a file have become a named pipe since the walk, opening it must not wait for a writer. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

export interface Unreadable {
  /** A character a byte, as all paths between these actors. */
  readonly path: string
  readonly code: string
}

export interface Tally {
  readonly files: number
  readonly bytes: number
  readonly binary: number
  readonly unreadable: number
  readonly unreadablePaths: readonly Unreadable[]
  readonly extensions: ReadonlyMap<string, { readonly files: number; readonly bytes: number }>
}

export const Reader = pul.remote(
  import.meta.url,
  class Reader {
    readonly #own: number
    readonly #tokenizers: readonly TokenizerProxy[]
    readonly #progress: pul.Telling<ProgressProxy>
    /** Chunks that each tokenizer has of this reader. */
    readonly #under: number[]
    readonly #free: Uint8Array[] = []
    readonly #chunks: number
    #waiting: { settle: (bytes: Uint8Array) => void; fail: (error: unknown) => void }[] = []
    #home: (() => void) | undefined
    #failed: { error: unknown } | undefined
    #stopped = false

    readonly #extensions = new Map<string, { files: number; bytes: number }>()
    readonly #unreadablePaths: Unreadable[] = []
    #files = 0
    #bytes = 0
    #binary = 0
    #unreadable = 0
    #filesToSay = 0
    #bytesToSay = 0
    #saidAt = performance.now()

    /** @param own which of the tokenizers stands on this thread */
    constructor(own: number, tokenizers: readonly TokenizerProxy[], progress: ProgressProxy) {
      this.#own = own
      this.#tokenizers = tokenizers.map((one) => pul.withCall(one, { timeoutMs: Number.POSITIVE_INFINITY }))
      this.#progress = pul.tell(progress)
      this.#under = tokenizers.map(() => 0)
      this.#chunks = Math.min(16, 2 * tokenizers.length + 2)
      for (let i = 0; i < this.#chunks; i++) this.#free.push(new Uint8Array(CHUNK_BYTES))
    }

    /**
     * Reads those files. Calls may overlap: each fills a chunk of its own. Reading waits for the disk, not for a promise:
     * on this thread there is nothing else to do, and a promise for each of many small files costs more than to read it.
     */
    async read(paths: readonly string[]): Promise<void> {
      let chunk = new Chunk(this.#free.pop() ?? (await this.#freed()))
      for (const path of paths) {
        if (this.#stopped) break
        if (chunk.room < LEAST_ROOM) {
          this.#send(chunk)
          chunk = new Chunk(this.#free.pop() ?? (await this.#freed()))
        }
        const file = this.#open(path)
        if (file === undefined) continue
        try {
          const size = this.#tallied(path, this.#begin(path, file, chunk))
          if (size === undefined) continue
          while (chunk.room === 0 && !this.#stopped) {
            const next = new Chunk(this.#free.pop() ?? (await this.#freed()))
            chunk.moveOpenWord(next)
            this.#send(chunk)
            chunk = next
            const bytes = this.#fill(path, file, chunk)
            size.bytes += bytes
            this.#bytes += bytes
            this.#bytesToSay += bytes
          }
          chunk.endFile()
        } finally {
          closeSync(file)
        }
      }
      this.#send(chunk)
    }

    /** Reads no further, though what was read is counted. */
    stop(): void {
      this.#stopped = true
    }

    /** When all that was read is counted: what it was. */
    async finish(): Promise<Tally> {
      if (this.#free.length < this.#chunks)
        await new Promise<void>((settle) => {
          this.#home = settle
        })
      if (this.#failed !== undefined) throw this.#failed.error
      this.#say(0)
      return {
        files: this.#files,
        bytes: this.#bytes,
        binary: this.#binary,
        unreadable: this.#unreadable,
        unreadablePaths: this.#unreadablePaths,
        extensions: this.#extensions,
      }
    }

    #open(path: string): number | undefined {
      try {
        return openSync(Buffer.from(path, 'latin1'), FLAGS)
      } catch (error) {
        this.#skip(path, error)
        return undefined
      }
    }

    /** Reads a file from its beginning. Gives how much was read, or undefined where it is no text, or can't be read. */
    #begin(path: string, file: number, chunk: Chunk): number | undefined {
      const { bytes, end } = chunk
      chunk.beginFile()
      const skipped = this.#unreadable
      const read = this.#fill(path, file, chunk)
      if (read === 0 && this.#unreadable > skipped) return undefined
      if (bytes.subarray(end, end + Math.min(read, LOOKED_AT_BYTES)).includes(0)) {
        chunk.dropFile()
        this.#binary++
        return undefined
      }
      return read
    }

    /** Reads on, to the end of the file or of the chunk. A file that fails midway ends there, and is reported. */
    #fill(path: string, file: number, chunk: Chunk): number {
      const from = chunk.end
      try {
        while (chunk.room > 0) {
          const read = readSync(file, chunk.bytes, chunk.end, chunk.room, null)
          if (read === 0) break
          chunk.end += read
        }
      } catch (error) {
        this.#skip(path, error)
      }
      return chunk.end - from
    }

    /** Counts a file of text, and gives the sizes of its extension. */
    #tallied(path: string, bytes: number | undefined): { bytes: number } | undefined {
      if (bytes === undefined) return undefined
      const extension = extensionOf(path)
      let size = this.#extensions.get(extension)
      if (size === undefined) {
        size = { files: 0, bytes: 0 }
        this.#extensions.set(extension, size)
      }
      size.files++
      size.bytes += bytes
      this.#files++
      this.#bytes += bytes
      this.#filesToSay++
      this.#bytesToSay += bytes
      return size
    }

    #skip(path: string, error: unknown): void {
      this.#unreadable++
      if (this.#unreadablePaths.length === KEPT_PATHS) return
      this.#unreadablePaths.push({ path, code: (error as NodeJS.ErrnoException).code ?? String(error) })
    }

    /** Moves a chunk to a tokenizer. */
    #send(chunk: Chunk): void {
      this.#say(SAY_MS)
      if (chunk.end === 0) {
        this.#giveBack(chunk.bytes)
        return
      }
      const to = this.#choose()
      this.#under[to]!++
      this.#tokenizers[to]!.count(
        pul.transfer(chunk.bytes, [chunk.bytes.buffer as ArrayBuffer]),
        chunk.end,
      ).then(
        (bytes) => {
          this.#under[to]!--
          this.#giveBack(bytes)
        },
        (error: unknown) => this.#fail(error),
      )
    }

    /** Tells how far it is, unless it did so less than so long ago: each message wakes the host. */
    #say(afterMs: number): void {
      const now = performance.now()
      if (now - this.#saidAt < afterMs) return
      this.#saidAt = now
      void this.#progress.read(this.#filesToSay, this.#bytesToSay)
      this.#filesToSay = 0
      this.#bytesToSay = 0
    }

    /**
     * The tokenizer on this thread if it has nothing of this reader, else the one that has the least. More would wait on
     * this thread, and keep this reader from feeding the others when it alone has a large file.
     */
    #choose(): number {
      const under = this.#under
      let best = this.#own
      if (under[best] === 0) return best
      for (let i = 0; i < under.length; i++)
        if (i !== this.#own && (best === this.#own || under[i]! < under[best]!)) best = i
      return best
    }

    #giveBack(bytes: Uint8Array): void {
      const next = this.#waiting.shift()
      if (next !== undefined) next.settle(bytes)
      else if (this.#free.push(bytes) === this.#chunks) this.#home?.()
    }

    /** A chunk's memory, once there is some. */
    #freed(): Promise<Uint8Array> {
      if (this.#failed !== undefined) return Promise.reject(this.#failed.error)
      return new Promise((settle, fail) => {
        this.#waiting.push({ settle, fail })
      })
    }

    #fail(error: unknown): void {
      this.#failed ??= { error }
      for (const { fail } of this.#waiting) fail(error)
      this.#waiting = []
      this.#home?.()
    }
  },
)

export type ReaderProxy = pul.ActorProxy<InstanceType<typeof Reader>>

/** From the last dot of the name on, in lower case; none where the dot is the name's first or last character. */
function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  if (dot <= 0 || dot === name.length - 1) return ''
  return name.slice(dot).replace(/[A-Z]+/g, (upper) => upper.toLowerCase())
}
