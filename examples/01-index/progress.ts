// Shows on standard error how far the job is: a bar on a terminal, a plain line a second elsewhere. It stands on the host.

import cliProgress from 'cli-progress'
import * as pul from 'pulsing'
import { count, megabytes } from './figures.js'

export const Progress = pul.remote(
  import.meta.url,
  class Progress {
    #found = 0
    #isAllFound = false
    #files = 0
    #bytes = 0
    #lines: NodeJS.Timeout | undefined
    #bar: cliProgress.SingleBar | undefined

    readonly #isQuiet: boolean

    constructor(isQuiet: boolean) {
      this.#isQuiet = isQuiet
    }

    onStart(): void {
      if (this.#isQuiet) return
      if (!process.stderr.isTTY) {
        this.#lines = setInterval(() => process.stderr.write(`${this.#state()}\n`), 1000)
        return
      }
      const format = '{bar} {state}'
      // Ctrl-C is the program's to handle.
      this.#bar = new cliProgress.SingleBar(
        {
          format,
          barsize: 30,
          emptyOnZero: true,
          clearOnComplete: true,
          linewrap: true,
          gracefulExit: false,
        },
        cliProgress.Presets.shades_classic,
      )
      this.#bar.start(0, 0, { state: '' })
    }

    onStop(): void {
      this.finish()
    }

    /** How many files were found so far, and whether these are all. */
    found(files: number, isAll: boolean): void {
      this.#found = files
      this.#isAllFound = isAll
      this.#bar?.setTotal(files)
    }

    /** So much more was read. */
    read(files: number, bytes: number): void {
      this.#files += files
      this.#bytes += bytes
      this.#bar?.update(this.#files, { state: this.#state() })
    }

    /** Shows no more. */
    finish(): void {
      clearInterval(this.#lines)
      this.#bar?.stop()
      this.#bar = undefined
    }

    #state(): string {
      const found = `${count(this.#found)}${this.#isAllFound ? '' : ' found so far'}`
      return `${count(this.#files)} files of ${found}, ${megabytes(this.#bytes)}`
    }
  },
)

export type ProgressProxy = pul.ActorProxy<InstanceType<typeof Progress>>
