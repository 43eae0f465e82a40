// The job: spawns the pipeline's actors, runs it over a folder, and asks for what was counted.
//
//   Walker (host) -> a Reader a thread -> a Tokenizer a thread -> two Shards a thread

import * as pul from 'pulsing'
import { wordsOf } from './packet.js'
import { Progress, type ProgressProxy } from './progress.js'
import { Reader, type ReaderProxy, type Tally, type Unreadable } from './reader.js'
import { Shard, type ShardProxy } from './shard.js'
import { Tokenizer, type TokenizerProxy } from './tokenizer.js'
import { type Walked, Walker, type WalkerProxy } from './walker.js'

const SHARDS_A_THREAD = 2
const PAGE_WORDS = 50_000
const forever = { timeoutMs: Number.POSITIVE_INFINITY }

/** All the figures that --verify compares, but the counts of words. */
export interface Totals {
  /** Files of text. */
  files: number
  bytes: number
  folders: number
  binary: number
  links: number
  others: number
  unreadable: number
  words: number
  differentWords: number
  overlong: number
  extensions: Map<string, { files: number; bytes: number }>
}

export interface ThreadLoad {
  readonly slot: number
  /** Share of the time in which its event loop was busy. */
  readonly busy: number
  readonly files: number
  readonly readBytes: number
  readonly countedBytes: number
  readonly differentWords: number
}

export interface Outcome {
  readonly totals: Totals
  readonly ms: number
  readonly unreadablePaths: readonly Unreadable[]
  readonly hostBusy: number
  readonly threads: readonly ThreadLoad[]
}

/** Where the n-th actor of a kind stands: on the threads by turns, or on the host where there are none. */
function place(n: number, threads: number): pul.Placement {
  return threads === 0 ? 'host' : { slot: 1 + (n % threads) }
}

export class Job {
  readonly #system: pul.ActorSystem
  readonly #progress: ProgressProxy
  readonly #shards: readonly ShardProxy[]
  readonly #tokenizers: readonly TokenizerProxy[]
  readonly #readers: readonly ReaderProxy[]
  readonly #walker: WalkerProxy

  private constructor(
    system: pul.ActorSystem,
    progress: ProgressProxy,
    shards: readonly ShardProxy[],
    tokenizers: readonly TokenizerProxy[],
    readers: readonly ReaderProxy[],
    walker: WalkerProxy,
  ) {
    this.#system = system
    this.#progress = progress
    this.#shards = shards
    this.#tokenizers = tokenizers
    this.#readers = readers
    this.#walker = pul.withCall(walker, forever)
  }

  /** Spawns the actors, on so many engine threads. */
  static async start(system: pul.ActorSystem, threads: number, isQuiet = false): Promise<Job> {
    const each = <T>(n: number, spawn: (i: number) => Promise<T>) =>
      Promise.all(Array.from({ length: n }, (_, i) => spawn(i)))
    const lanes = Math.max(1, threads)
    const progress = await Progress.options({ placement: 'host' }).spawn(isQuiet)
    const shards = await each(lanes * SHARDS_A_THREAD, (i) =>
      Shard.options({ placement: place(i, threads) }).spawn(),
    )
    const tokenizers = await each(lanes, (i) =>
      Tokenizer.options({ placement: place(i, threads) }).spawn(shards),
    )
    const readers = await each(lanes, (i) =>
      Reader.options({ placement: place(i, threads) }).spawn(i, tokenizers, progress),
    )
    const walker = await Walker.options({ placement: 'host' }).spawn(readers, progress)
    return new Job(system, progress, shards, tokenizers, readers, walker)
  }

  /** Walks, reads and counts. It is done when the last count has been merged; stopped by `signal`, with what there is. */
  async run(folder: string, signal: AbortSignal): Promise<Outcome> {
    const stop = () => this.#stop()
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
    try {
      return await this.#run(folder)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** The most frequent words; of equally frequent ones, the first by their bytes. */
  async top(limit: number): Promise<[word: string, count: number][]> {
    if (limit === 0) return []
    const tops = await Promise.all(this.#shards.map((shard) => shard.top(limit)))
    return tops
      .flatMap((packet) => [...wordsOf(packet)])
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, limit)
  }

  /** All words. */
  async *words(): AsyncGenerator<[word: string, count: number]> {
    for (const shard of this.#shards)
      for (let from = 0; ; from += PAGE_WORDS) {
        const page = [...wordsOf(await shard.page(from, PAGE_WORDS))]
        yield* page
        if (page.length < PAGE_WORDS) break
      }
  }

  /** Stops the actors and frees what they hold. */
  async close(): Promise<void> {
    const all = [this.#walker, ...this.#readers, ...this.#tokenizers, ...this.#shards, this.#progress]
    for (const actor of all) await actor[Symbol.asyncDispose]()
  }

  async #run(folder: string): Promise<Outcome> {
    this.#system.stats()
    const host = performance.eventLoopUtilization()
    const began = performance.now()
    const walked = await this.#walker.walk(folder)
    // Each in its turn: a tokenizer is done when the readers are, a shard when the tokenizers are.
    const tallies = await Promise.all(this.#readers.map((reader) => pul.withCall(reader, forever).finish()))
    const tokenized = await Promise.all(this.#tokenizers.map((one) => pul.withCall(one, forever).finish()))
    const ms = performance.now() - began
    const hostBusy = performance.eventLoopUtilization(host).utilization
    const busy = this.#system.stats().threads
    await this.#progress.finish()

    const sizes = await Promise.all(this.#shards.map((shard) => shard.size()))
    const lanes = this.#readers.length
    const threads = tallies.map((tally, i) => {
      const slot = busy.length === 1 ? 0 : i + 1
      return {
        slot,
        busy: slot === 0 ? hostBusy : (busy[slot]?.utilization ?? 0),
        files: tally.files,
        readBytes: tally.bytes,
        countedBytes: tokenized[i]!.bytes,
        differentWords: sum(sizes.filter((_, shard) => shard % lanes === i)),
      }
    })
    const totals = totalsOf(walked, tallies)
    totals.words = sum(tokenized.map((one) => one.words))
    totals.overlong = sum(tokenized.map((one) => one.overlong))
    totals.differentWords = sum(sizes)
    const unreadablePaths = [walked, ...tallies].flatMap((one) => one.unreadablePaths)
    return { totals, ms, unreadablePaths, threads, hostBusy }
  }

  #stop(): void {
    for (const one of [this.#walker, ...this.#readers]) one.stop().catch(() => undefined)
  }
}

function sum(figures: readonly number[]): number {
  return figures.reduce((all, one) => all + one, 0)
}

function totalsOf(walked: Walked, tallies: readonly Tally[]): Totals {
  const extensions: Totals['extensions'] = new Map()
  for (const tally of tallies)
    for (const [extension, { files, bytes }] of tally.extensions) {
      const so = extensions.get(extension) ?? { files: 0, bytes: 0 }
      extensions.set(extension, { files: so.files + files, bytes: so.bytes + bytes })
    }
  return {
    files: sum(tallies.map((one) => one.files)),
    bytes: sum(tallies.map((one) => one.bytes)),
    folders: walked.folders,
    binary: sum(tallies.map((one) => one.binary)),
    links: walked.links,
    others: walked.others,
    unreadable: walked.unreadable + sum(tallies.map((one) => one.unreadable)),
    words: 0,
    differentWords: 0,
    overlong: 0,
    extensions,
  }
}
