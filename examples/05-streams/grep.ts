// An actor that searches files. It stands in a module of its own: engine threads import that, and nothing else.
import { open } from 'node:fs/promises'
import * as pul from 'pulsing'

export interface Match {
  readonly line: number
  readonly text: string
}

export const Grep = pul.remote(
  import.meta.url,
  class Grep {
    /** Lines that contain the word; returns how many lines it read. */
    async *lines(path: string, word: string): AsyncGenerator<Match, number> {
      await using file = await open(path) // closed when the reader has left, too
      let line = 0
      for await (const text of file.readLines()) {
        line++
        if (text.includes(word)) yield { line, text }
      }
      return line
    }
  },
)
