// A node of the queue's chaos, in a process of its own: writers and readers begin and end as its parent asks, and it says what
// each put came to and what each get gave.

import { appendFileSync } from 'node:fs'
import {
  init,
  type Logger,
  type QueueReader,
  type QueueWriteOptions,
  queue,
  type SystemOptions,
} from 'pulsing'
import { answer, say } from '../../answering.js'
import { Random } from '../random.js'

/** What is written: of which writer, and its how manieth. */
export interface Item {
  readonly id: string
  readonly writer: number
  readonly n: number
}

/** How a writer goes about it. */
export interface WriterOptions {
  readonly writer: number
  readonly topic: string
  readonly options: QueueWriteOptions
  readonly seed: number
  /** It tries each put again, under the same key, until it is done; else a few are under way at a time, and each is tried once. */
  readonly isPatient: boolean
}

export type Said =
  | { readonly what: 'put'; readonly items: readonly Item[] }
  | { readonly what: 'flushed'; readonly writer: number; readonly ns: readonly number[] }
  | { readonly what: 'failed'; readonly code: string }
  | {
      readonly what: 'read'
      readonly reader: number
      readonly items: readonly Item[]
      readonly gaps: readonly Gap[]
    }
  | { readonly what: 'dead'; readonly nodeId: string }

export interface Gap {
  readonly bucketId: number
  readonly reason: string
}

const KEYS = 24
const AT_A_TIME = 3
const PUT_MS = 2000
const tell = (said: Said) => say(said)

/** In the folder that it runs in. */
const log = (fields: object, message: string) => {
  const { err, ...more } = fields as { err?: Error }
  appendFileSync(
    'log',
    `${new Date().toISOString()} ${message} ${err?.stack ?? ''} ${JSON.stringify(more)}\n`,
  )
}
const logger: Logger = { debug: log, info: log, warn: log, error: log }

const system = await init({ threads: 1, logger, ...(JSON.parse(process.argv[2] as string) as SystemOptions) })
system.on('member', ({ nodeId, status }) => {
  if (status === 'dead') tell({ what: 'dead', nodeId })
})

let isWriting = true
/** Whatever is under way ends somehow. */
let isLeaving = false
const writing: Promise<void>[] = []
const reading: Promise<void>[] = []
let isReading = true

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function failed(error: unknown): void {
  if (!isLeaving) tell({ what: 'failed', code: String((error as { code?: unknown }).code ?? error) })
}

async function write({ writer, topic, options, seed, isPatient }: WriterOptions): Promise<void> {
  const random = new Random(seed, writer)
  const isGoingOn = () => isWriting && !isLeaving
  const open = () => patiently(() => queue.write<Item>(topic, { ...options, timeoutMs: PUT_MS }), isGoingOn)
  const first = await open()
  if (first === undefined) return
  let to = first
  let n = 0
  /** Put, and not yet flushed. */
  let unflushed: number[] = []
  const put = async () => {
    const items = Array.from({ length: 1 + random.below(20) }, () => ({
      id: `key-${random.below(KEYS)}`,
      writer,
      n: n++,
    }))
    const idempotencyKey = isPatient ? `${writer}-${n}` : undefined
    for (;;) {
      try {
        await to.put(items, { idempotencyKey })
        unflushed.push(...items.map((item) => item.n))
        tell({ what: 'put', items })
        return
      } catch (error) {
        failed(error)
        // A bucket that began again has none of it; whoever read it before would read it twice.
        const isLost = (error as { code?: unknown }).code === 'ERR_PULSING_BUCKET_LOST'
        if (!isPatient || !isGoingOn() || isLost) return
        await pause(20)
        if (random.below(4) > 0) continue
        // Another in its place, which knows nothing of what went through the first.
        to = (await open()) ?? to
        unflushed = []
      }
    }
  }
  const lane = async () => {
    while (isGoingOn()) {
      await put()
      if (random.below(8) === 0) {
        const ns = unflushed
        unflushed = []
        try {
          await to.flush()
          tell({ what: 'flushed', writer, ns })
        } catch (error) {
          failed(error)
        }
      }
      await pause(random.below(4))
    }
  }
  await Promise.all(Array.from({ length: isPatient ? 1 : AT_A_TIME }, lane))
}

function said(reader: number, records: Awaited<ReturnType<QueueReader<Item>['get']>>): void {
  const gaps = records.gaps.map(({ bucketId, reason }) => ({ bucketId, reason }))
  if (records.length > 0 || gaps.length > 0) tell({ what: 'read', reader, items: [...records], gaps })
}

async function read(reader: number, topic: string, options: QueueWriteOptions, seed: number): Promise<void> {
  const random = new Random(seed, reader)
  const isGoingOn = () => isReading && !isLeaving
  const from = await patiently(() => queue.read<Item>(topic, options), isGoingOn)
  if (from === undefined) return
  while (isGoingOn()) {
    try {
      said(reader, await from.get({ limit: 1 + random.below(100), wait: true, timeoutMs: 50 }))
    } catch (error) {
      failed(error)
      await pause(20)
    }
  }
  if (!isLeaving) await drain(reader, from)
}

/** All that is left, now that nobody writes. */
async function drain(reader: number, from: QueueReader<Item>): Promise<void> {
  for (;;) {
    const isAtEnd = (await from.stats()).every(({ lag }) => lag === 0)
    const records = await from.get({ limit: 1000 })
    said(reader, records)
    if (isAtEnd && records.length === 0 && records.gaps.length === 0) break
  }
  await from.close()
}

/** Again while it fails, as what is on a node that is away does. */
async function patiently<T>(attempt: () => Promise<T>, isGoingOn: () => boolean): Promise<T | undefined> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      failed(error)
      if (!isGoingOn()) return undefined
      await pause(20)
    }
  }
}

answer(
  system,
  {
    members: async () => (await system.members()).map(({ nodeId, status }) => ({ nodeId, status })),
    write: (options: WriterOptions) => void writing.push(write(options)),
    read: (reader: number, topic: string, options: QueueWriteOptions, seed: number) =>
      void reading.push(read(reader, topic, options, seed)),
    /** Puts under way are settled. */
    stopWriting: async () => {
      isWriting = false
      await Promise.all(writing.splice(0))
    },
    /** Readers read what is there. */
    stopReading: async () => {
      isReading = false
      await Promise.all(reading.splice(0))
    },
    /** For the next round. */
    goOn: () => {
      isWriting = isReading = true
    },
    readAll: async (reader: number, topic: string, options: QueueWriteOptions) =>
      drain(reader, await queue.read<Item>(topic, options)),
    shutdown: () => {
      isLeaving = true
      return system.shutdown()
    },
  },
  system.addr,
)
