// The writing and the reading end of the queue rows.

import * as pul from 'pulsing'
import { check } from '../scenario.js'

interface Entry {
  readonly id: string
  readonly n: number
  readonly text: string
}

/** About 200 bytes. */
const TEXT = Buffer.alloc(160, 'abcdefghij').toString('latin1')
/** Batches under way at a time. */
const UNDER_WAY = 16

export const Queuer = pul.remote(
  import.meta.url,
  class Queuer {
    /** A topic whose buckets are all on another node. */
    async topicElsewhere(topic: string, options: pul.QueueWriteOptions): Promise<string> {
      const { nodeId } = pul.getSystem()
      for (let i = 0; ; i++) {
        const writer = await pul.queue.write(`${topic}-${i}`, options)
        if ((await writer.stats()).every((bucket) => bucket.nodeId !== nodeId)) return writer.topic
      }
    }

    /** Milliseconds that it took to put, and flush, so many records in batches. */
    async put(topic: string, options: pul.QueueWriteOptions, count: number, batch: number): Promise<number> {
      const writer = await pul.queue.write<Entry>(topic, options)
      const records = Array.from({ length: batch }, (_, n) => ({ id: `customer-${n % 1000}`, n, text: TEXT }))
      const begun = performance.now()
      const puts: Promise<unknown>[] = []
      for (let n = 0; n < count; n += batch) {
        puts.push(writer.put(records))
        if (puts.length >= UNDER_WAY) await puts.shift()
      }
      await Promise.all(puts)
      await writer.flush()
      return performance.now() - begun
    }

    /** Milliseconds that it took to read so many. */
    async get(topic: string, count: number, batch: number): Promise<number> {
      const reader = await pul.queue.read<Entry>(topic)
      const begun = performance.now()
      let seen = 0
      let length = 0
      while (seen < count) {
        for (const { text } of await reader.get({ limit: batch, wait: true })) {
          length += text.length
          seen++
        }
      }
      check('the bytes', length, count * TEXT.length)
      return performance.now() - begun
    }
  },
)

export type QueuerProxy = pul.ActorProxy<InstanceType<typeof Queuer>>
