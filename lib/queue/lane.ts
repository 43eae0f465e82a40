// A writer's way to one bucket. Batches go out in the order of their puts, many at a time; where the bucket moves, those that were
// not answered go again, in the same order, to where it is then. Each has a key, by which the bucket knows what it has already.

import { withCall } from '../actor/index.js'
import { errors } from '../errors/index.js'
import type { Finder, FoundBucket } from './finder.js'
import type { Encoded } from './records.js'
import { isPassing, type WriterStats } from './requests.js'

interface Put {
  readonly batch: Encoded
  readonly key: string
  readonly untilMs: number
  readonly settle: (offset: number) => void
  readonly fail: (error: unknown) => void
  /** The epoch of the bucket that it went to. */
  sentTo: string
}

/** Nothing of the put was done. */
function isUnbegun(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 'ERR_PULSING_ACTOR_STOPPED' || code === 'ERR_PULSING_BUCKET_MOVED'
}

export class Lane {
  readonly #finder: Finder
  readonly #topic: string
  readonly bucketId: number
  /** What the bucket was lost at: told once for each loss. */
  readonly #lost: (bucketId: number, from: number) => void
  #found: FoundBucket | undefined
  #finding: Promise<void> | undefined
  /** Those that are not settled, the oldest first. */
  readonly #puts = new Set<Put>()
  #underWay = 0
  #isBroken = false
  /** The offset behind the last record that was written. */
  #next = 0
  #losses = 0

  constructor(
    finder: Finder,
    topic: string,
    bucketId: number,
    lost: (bucketId: number, from: number) => void,
  ) {
    this.#finder = finder
    this.#topic = topic
    this.bucketId = bucketId
    this.#lost = lost
  }

  /** Something was written, or is to be. */
  get isUsed(): boolean {
    return this.#found !== undefined
  }

  /** The offset of the first record. Hot: queue-put. */
  put(batch: Encoded, key: string, timeoutMs: number): Promise<number> {
    return new Promise((settle, fail) => {
      const put: Put = {
        batch,
        key,
        untilMs: performance.now() + timeoutMs,
        settle,
        fail,
        sentTo: '',
      }
      this.#puts.add(put)
      const found = this.#found
      if (found === undefined || this.#isBroken || this.#finding !== undefined) this.#recover()
      else this.#send(put, found)
    })
  }

  #send(put: Put, { bucket, epoch }: FoundBucket): void {
    put.sentTo = epoch
    this.#underWay++
    bucket.append(put.batch.bytes, put.batch.count, put.key).then(
      (offset) => {
        this.#underWay--
        this.#puts.delete(put)
        this.#next = offset + put.batch.count
        put.settle(offset)
        if (this.#isBroken) this.#recover()
      },
      (error) => {
        this.#underWay--
        if (isPassing(error)) {
          this.#isBroken = true
          // It did not begin there, so that it may begin elsewhere.
          if (isUnbegun(error)) put.sentTo = ''
        } else {
          this.#puts.delete(put)
          put.fail(error)
        }
        if (this.#isBroken) this.#recover()
      },
    )
  }

  /** Once nothing is under way: the bucket is looked up, and what is left goes to it. */
  #recover(): void {
    if (this.#finding !== undefined || this.#underWay > 0) return
    this.#finding = this.#find().finally(() => {
      this.#finding = undefined
      if (this.#puts.size > 0 && this.#underWay === 0) this.#recover()
    })
  }

  async #find(): Promise<void> {
    const before = this.#found?.epoch ?? ''
    const untilMs = Math.max(...[...this.#puts].map((put) => put.untilMs))
    const left = Math.max(untilMs - performance.now(), 0)
    let found: FoundBucket
    try {
      found = await this.#finder.find(this.bucketId, before, left)
    } catch (error) {
      this.#found = undefined
      for (const put of this.#puts) put.fail(error)
      this.#puts.clear()
      return
    }
    this.#found = found
    this.#isBroken = false
    if (before !== '' && before !== found.epoch) {
      this.#losses++
      this.#lost(this.bucketId, this.#next)
    }
    for (const put of this.#puts) {
      if (put.sentTo === '' || put.sentTo === found.epoch) this.#send(put, found)
      else {
        this.#puts.delete(put)
        put.fail(errors.bucketLost(this.#topic, this.bucketId))
      }
    }
  }

  /** Makes what was put durable, where its backend does. */
  async flush(timeoutMs: number): Promise<void> {
    await this.#ask(timeoutMs, ({ bucket }) => withCall(bucket, { timeoutMs }).flush(), true)
  }

  async stats(timeoutMs: number): Promise<WriterStats> {
    const stats = await this.#ask(timeoutMs, ({ bucket }) => bucket.stats(), false)
    return { ...stats, lost: this.#losses }
  }

  /** Asks the bucket, wherever it is. isSame: a bucket that has begun again is no good. */
  async #ask<R>(timeoutMs: number, ask: (found: FoundBucket) => Promise<R>, isSame: boolean): Promise<R> {
    const untilMs = performance.now() + timeoutMs
    const left = () => Math.max(untilMs - performance.now(), 0)
    let found = this.#found ?? (await this.#finder.find(this.bucketId, '', left()))
    const { epoch } = found
    for (;;) {
      try {
        return await ask(found)
      } catch (error) {
        if (!isPassing(error) || left() === 0) throw error
        found = await this.#finder.find(this.bucketId, epoch, left())
        if (isSame && found.epoch !== epoch) throw errors.bucketLost(this.#topic, this.bucketId, error)
      }
    }
  }
}
