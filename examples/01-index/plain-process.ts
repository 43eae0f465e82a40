// The plain program in a process of its own: it has a core to itself there, and Ctrl-C is heard while it counts.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Counted } from './compare.js'
import type { PlainMessage } from './plain.js'

export class PlainProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  constructor(folder: string) {
    this.#child = fork(fileURLToPath(new URL('plain.js', import.meta.url)), [folder], {
      serialization: 'advanced',
      execArgv: [],
    })
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => {
      throw new Error(`the plain program ended before it was done, by ${signal ?? `exit code ${code}`}`)
    })
    this.#ended.catch(() => undefined)
  }

  /** Runs it, with all counts of words or none, and says how long it took. */
  async run(wanted: 'words' | 'time'): Promise<Counted & { ms: number }> {
    const words = new Map<string, number>()
    const done = new Promise<Counted & { ms: number }>((settle) => {
      const take = (message: unknown): void => {
        const part = message as PlainMessage
        if ('words' in part) for (const [word, count] of part.words) words.set(word, count)
        else {
          this.#child.off('message', take)
          settle({ totals: part.counts, words, ms: part.ms })
        }
      }
      this.#child.on('message', take)
    })
    this.#child.send(wanted)
    return Promise.race([done, this.#ended])
  }

  close(): void {
    this.#child.kill('SIGKILL')
  }
}
