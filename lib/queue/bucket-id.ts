// Which bucket a record belongs to (contract 7.1), as the Python framework chooses it.

import { hash } from 'node:crypto'
import { PulsingBusinessError } from '../errors/index.js'

/** Keys come again and again: so many of a writer's are remembered. */
const MOST_KNOWN = 10_000

/** The text that a column's value stands for. Throws a Business error 400 where it stands for none. */
export function textOf(value: unknown, column: string): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? 'True' : 'False'
    case 'undefined':
      throw new PulsingBusinessError(
        400,
        `The record has no ${column}, which says its bucket: give it one, or name another bucketColumn.`,
      )
    default:
      if (value === null) return ''
      throw new PulsingBusinessError(
        400,
        `The record's ${column} says its bucket, and can't be of the type ${typeof value}: give text, a number, true, false or null.`,
      )
  }
}

/** MD5 of the text in UTF-8, as one big-endian number of 128 bits, modulo numBuckets. */
export function bucketOf(text: string, numBuckets: number): number {
  const digest = hash('md5', text, 'hex')
  let rest = 0
  for (let at = 0; at < 32; at += 4)
    rest = (rest * 65_536 + Number.parseInt(digest.slice(at, at + 4), 16)) % numBuckets
  return rest
}

/** A bucket's own, among those of all topics: what says its owner (contract 7.3). */
export function keyOf(topic: string, bucketId: number): string {
  return `${topic}/${bucketId}`
}

export class Buckets {
  readonly #column: string
  readonly #numBuckets: number
  readonly #known = new Map<string, number>()

  constructor(column: string, numBuckets: number) {
    this.#column = column
    this.#numBuckets = numBuckets
  }

  /** Hot: queue-put. Throws a Business error 400. */
  of(record: unknown): number {
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      throw new PulsingBusinessError(400, 'A record is an object with a column that says its bucket.')
    const text = textOf((record as Record<string, unknown>)[this.#column], this.#column)
    let bucket = this.#known.get(text)
    if (bucket !== undefined) return bucket
    bucket = bucketOf(text, this.#numBuckets)
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(text, bucket)
    return bucket
  }
}
