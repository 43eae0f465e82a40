// A reader's side of one bucket: where it is, what it has fetched ahead, and what is missing.

import { withCall } from '../actor/index.js'
import type { QueueGap } from '../system/index.js'
import type { StoredBatch } from './backend.js'
import type { ReadAnswer } from './bucket.js'
import type { Finder, FoundBucket } from './finder.js'
import type { ReaderStats } from './reader.js'
import { recordsOf } from './records.js'
import { isPassing } from './requests.js'
import type { ReadFrom } from './spec.js'

/** What is fetched at a time, and how little may be left before the next is fetched. */
const FETCH_RECORDS = 2000
const FETCH_BYTES = 1024 * 1024
const FEW_RECORDS = 500

export interface SourceOptions {
  readonly finder: Finder
  readonly topic: string
  readonly bucketId: number
  readonly group: string | undefined
  readonly from: ReadFrom | undefined
  readonly timeoutMs: number
}

/** Fetched, in the order in which it is given out: a batch, or a gap. */
type Fetched =
  | { readonly batch: StoredBatch; readonly epoch: string }
  | { readonly gap: QueueGap; readonly batch?: undefined }

export class Source {
  readonly #options: SourceOptions
  #found: FoundBucket | undefined
  /** Of what is given out: the next offset, and the epoch that it is of. */
  offset = 0
  #epoch = ''
  #fetched: Fetched[] = []
  #records = 0
  /** Records of the first batch, and which of them comes next. */
  #reading: unknown[] | undefined
  #at = 0
  /** The next offset to fetch. */
  #fetchAt = 0
  #fetchEpoch = ''
  #fetching: Promise<void> | undefined
  #gaps: QueueGap[] = []
  #losses = 0
  /** Counts seeks: what was fetched for another place is of no use. */
  #seeks = 0

  constructor(options: SourceOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { from, group } = this.#options
    const { epoch, first, next } = await this.#ask(({ bucket }) => bucket.bounds())
    let at = from === 'latest' ? next : typeof from === 'number' ? from : first
    if (group !== undefined && from === undefined)
      at = (await this.#ask(({ bucket }) => bucket.committed(group))) ?? at
    this.#epoch = this.#fetchEpoch = epoch
    this.seek(at)
  }

  seek(offset: number): void {
    this.offset = this.#fetchAt = offset
    this.#epoch = this.#fetchEpoch
    this.#fetched = []
    this.#gaps = []
    this.#reading = undefined
    this.#records = this.#at = 0
    this.#seeks++
    this.#fetching = undefined
  }

  /** Gives out records that are here. Hot: queue-get. */
  take(to: unknown[], most: number): void {
    let room = most
    while (room > 0) {
      const first = this.#fetched[0]
      if (first === undefined) break
      if (first.batch === undefined) {
        this.#gaps.push(first.gap)
        this.#fetched.shift()
        continue
      }
      if (this.#reading === undefined) this.#open(first.batch, first.epoch)
      const reading = this.#reading as unknown as unknown[]
      const count = Math.min(room, reading.length - this.#at)
      for (let i = 0; i < count; i++) to.push(reading[this.#at++])
      this.offset += count
      room -= count
      this.#records -= count
      if (this.#at < reading.length) break
      this.#reading = undefined
      this.#fetched.shift()
    }
    if (this.#records < FEW_RECORDS && most > 1 && room < most) this.#ahead()
  }

  #open({ offset, count, bytes }: StoredBatch, epoch: string): void {
    const skipped = Math.min(Math.max((epoch === this.#epoch ? this.offset : 0) - offset, 0), count)
    this.#reading = recordsOf(bytes, count)
    this.#at = skipped
    this.#epoch = epoch
    this.offset = offset + skipped
  }

  takeGaps(): QueueGap[] {
    const gaps = this.#gaps
    this.#gaps = []
    return gaps
  }

  /** Where nothing is here, what there is comes. */
  async fetch(least: number): Promise<void> {
    // What went wrong then is met again, or is over.
    await this.#fetching?.catch(() => undefined)
    if (this.#fetched.length > 0) return
    await (this.#fetching ?? this.#begin(Math.max(least, FETCH_RECORDS)))
  }

  #ahead(): void {
    if (this.#fetching === undefined) this.#begin(FETCH_RECORDS).catch(() => undefined)
  }

  /** One fetch at a time, whoever waits for it: two would bring the same records. */
  #begin(records: number): Promise<void> {
    const fetching = this.#fetch(records).finally(() => {
      if (this.#fetching === fetching) this.#fetching = undefined
    })
    this.#fetching = fetching
    return fetching
  }

  async #fetch(records: number): Promise<void> {
    const seeks = this.#seeks
    const limits = { records, bytes: FETCH_BYTES }
    const answer = await this.#ask(({ bucket }) => bucket.read(this.#fetchAt, this.#fetchEpoch, limits))
    if (seeks === this.#seeks) this.#arrived(answer)
  }

  #arrived({ epoch, first, batches }: ReadAnswer): void {
    const { topic, bucketId } = this.#options
    const from = this.#fetchAt
    if (epoch !== this.#fetchEpoch) {
      this.#losses++
      this.#fetched.push({ gap: { topic, bucketId, from, to: first, reason: 'lost' } })
      this.#fetchEpoch = epoch
      this.#fetchAt = first
    } else if (first > from) {
      this.#fetched.push({ gap: { topic, bucketId, from, to: first, reason: 'dropped' } })
      this.#fetchAt = first
    }
    for (const batch of batches) {
      const end = batch.offset + batch.count
      this.#records += end - Math.max(batch.offset, this.#fetchAt)
      this.#fetched.push({ batch, epoch })
      this.#fetchAt = end
    }
  }

  /** Resolves when there may be something to fetch, or the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const wanted = { timeoutMs: Number.POSITIVE_INFINITY, signal }
    try {
      await this.#ask(
        ({ bucket }) => withCall(bucket, wanted).wait(this.#fetchAt, this.#fetchEpoch),
        () => signal.aborted,
      )
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async commit(group: string): Promise<void> {
    await this.#ask(({ bucket }) => bucket.commit(group, this.offset, this.#epoch))
  }

  async stats(): Promise<ReaderStats> {
    const stats = await this.#ask(({ bucket }) => bucket.stats())
    const isSame = stats.epoch === this.#epoch
    const lag = stats.next - Math.max(isSame ? this.offset : 0, stats.first)
    return { ...stats, offset: this.offset, lag: Math.max(lag, 0), lost: this.#losses }
  }

  close(): void {
    this.seek(this.offset)
  }

  /** Asks the bucket, wherever it is by now. */
  async #ask<R>(ask: (found: FoundBucket) => PromiseLike<R>, isGivenUp = () => false): Promise<R> {
    const { finder, bucketId, timeoutMs } = this.#options
    const untilMs = performance.now() + timeoutMs
    const left = () => Math.max(untilMs - performance.now(), 0)
    let failed = ''
    for (;;) {
      const found = this.#found ?? (await finder.find(bucketId, failed, left(), isGivenUp))
      this.#found = found
      try {
        return await ask(found)
      } catch (error) {
        if (!isPassing(error) || isGivenUp()) throw error
        failed = found.epoch
        // Another call may have found it again already.
        if (this.#found === found) this.#found = undefined
      }
    }
  }
}
