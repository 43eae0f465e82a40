// The writing and the reading end of the queue rows.

import * as pul from 'pulsing'
import { type Entry, putAll, recordsOf, TEXT } from '../records.js'
import { check } from '../scenario.js'

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
      const records = recordsOf(batch)
      const begun = performance.now()
      await putAll(count, batch, () => writer.put(records))
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
