// A slow consumer: it writes one record at a time, as a disk or a database would.
import { setTimeout as sleep } from 'node:timers/promises'
import * as pul from 'pulsing'

export const Store = pul.remote(
  import.meta.url,
  class Store {
    stored = 0
    last = -1

    async write(record: number): Promise<void> {
      await sleep(1)
      this.stored++
      this.last = record
    }

    report(): { stored: number; last: number } {
      return { stored: this.stored, last: this.last }
    }
  },
  { maxConcurrency: 1 }, // without it every write would begin at once, and none would wait in the mailbox
)
