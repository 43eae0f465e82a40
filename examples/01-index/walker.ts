// The walker: finds the files below a folder and deals them out to the readers. It stands on the host, and works a few
// milliseconds at a time. It keeps a folder open for each level it is in, and at most so many paths that no reader has
// had yet: enough to tell how much there is to do, and no more however large the folder is.

import { type Dir, type Dirent, opendirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import * as pul from 'pulsing'
import type { ProgressProxy } from './progress.js'
import type { ReaderProxy, Unreadable } from './reader.js'

const BATCH_PATHS = 64
const AHEAD_BATCHES = 2048
/** Batches that a reader has: one it reads, and one that it goes on with. */
const A_READER = 2
const SLICE_MS = 2
const KEPT_PATHS = 5

export interface Walked {
  readonly folders: number
  readonly links: number
  /** Sockets, pipes and devices. */
  readonly others: number
  /** Folders. */
  readonly unreadable: number
  readonly unreadablePaths: readonly Unreadable[]
}

export const Walker = pul.remote(
  import.meta.url,
  class Walker {
    readonly #readers: readonly ReaderProxy[]
    readonly #under: number[]
    readonly #progress: pul.Telling<ProgressProxy>
    #batches: string[][] = []
    #next = 0
    #open: { folder: Dir; path: string }[] = []
    #answered: (() => void) | undefined
    #failed: { error: unknown } | undefined
    #stopped = false

    #found = 0
    #folders = 0
    #links = 0
    #others = 0
    #unreadable = 0
    readonly #unreadablePaths: Unreadable[] = []

    constructor(readers: readonly ReaderProxy[], progress: ProgressProxy) {
      this.#readers = readers.map((one) => pul.withCall(one, { timeoutMs: Number.POSITIVE_INFINITY }))
      this.#under = readers.map(() => 0)
      this.#progress = pul.tell(progress)
    }

    /** Walks through a folder. It is done when the readers have read all files that it found. */
    async walk(folder: string): Promise<Walked> {
      this.#enter(Buffer.from(folder).toString('latin1'))
      for (;;) {
        if (this.#stopped || this.#failed !== undefined) this.#leave()
        if (this.#failed !== undefined) throw this.#failed.error
        const full = this.#batches.length - this.#next >= AHEAD_BATCHES
        const walking = this.#open.length > 0
        if (walking && !full) this.#walkSlice()
        this.#deal()
        if (walking && !full) await setImmediate()
        else if (this.#under.some((batches) => batches > 0))
          await new Promise<void>((settle) => {
            this.#answered = settle
          })
        else if (this.#next === this.#batches.length) break
      }
      return {
        folders: this.#folders,
        links: this.#links,
        others: this.#others,
        unreadable: this.#unreadable,
        unreadablePaths: this.#unreadablePaths,
      }
    }

    /** Walks no further. */
    stop(): void {
      this.#stopped = true
      this.#answered?.()
    }

    #walkSlice(): void {
      const until = performance.now() + SLICE_MS
      let batch: string[] = []
      while (this.#open.length > 0 && performance.now() < until) {
        const file = this.#step()
        if (file === undefined) continue
        this.#found++
        if (batch.push(file) < BATCH_PATHS) continue
        this.#batches.push(batch)
        batch = []
      }
      if (batch.length > 0) this.#batches.push(batch)
      void this.#progress.found(this.#found, this.#open.length === 0)
    }

    /** Takes one entry of the folder in hand: a file, whose path it gives, or anything else. */
    #step(): string | undefined {
      const { folder, path } = this.#open.at(-1)!
      let entry: Dirent | null
      try {
        entry = folder.readSync()
      } catch (error) {
        this.#skip(path, error)
        entry = null
      }
      if (entry === null) {
        folder.closeSync()
        this.#open.pop()
        return undefined
      }
      // Names are bytes, which need not be UTF-8; the types know only strings.
      const name = (entry.name as unknown as Buffer).toString('latin1')
      const of = path.endsWith('/') ? path + name : `${path}/${name}`
      if (entry.isFile()) return of
      if (entry.isDirectory()) this.#enter(of)
      else if (entry.isSymbolicLink()) this.#links++
      else this.#others++
      return undefined
    }

    #enter(path: string): void {
      try {
        const folder = opendirSync(Buffer.from(path, 'latin1'), {
          encoding: 'buffer' as BufferEncoding,
        })
        this.#folders++
        this.#open.push({ folder, path })
      } catch (error) {
        this.#skip(path, error)
      }
    }

    #leave(): void {
      for (const { folder } of this.#open) folder.closeSync()
      this.#open = []
      this.#next = this.#batches.length
    }

    #skip(path: string, error: unknown): void {
      this.#unreadable++
      if (this.#unreadablePaths.length === KEPT_PATHS) return
      this.#unreadablePaths.push({ path, code: (error as NodeJS.ErrnoException).code ?? String(error) })
    }

    /** Gives each reader what it can take, the idle ones first. */
    #deal(): void {
      for (let level = 0; level < A_READER; level++)
        for (const [i, reader] of this.#readers.entries()) {
          if (this.#next === this.#batches.length) return
          if (this.#under[i]! > level) continue
          this.#under[i]!++
          reader.read(this.#taken()).then(
            () => {
              this.#under[i]!--
              this.#answered?.()
            },
            (error: unknown) => {
              this.#failed ??= { error }
              this.#answered?.()
            },
          )
        }
    }

    #taken(): string[] {
      const batch = this.#batches[this.#next++]!
      if (this.#next === AHEAD_BATCHES || this.#next === this.#batches.length) {
        this.#batches = this.#batches.slice(this.#next)
        this.#next = 0
      }
      return batch
    }
  },
)

export type WalkerProxy = pul.ActorProxy<InstanceType<typeof Walker>>
