// News that have still to be told: each goes out a number of times that grows with the logarithm of the number of nodes, and
// newer ones about the same take its place.

import { scaleOf } from './config.js'

interface Queued<T> {
  readonly news: T
  sent: number
}

export class Broadcasts<T> {
  readonly #queue = new Map<string, Queued<T>>()
  readonly #retransmits: number

  constructor(retransmits: number) {
    this.#retransmits = retransmits
  }

  get isEmpty(): boolean {
    return this.#queue.size === 0
  }

  /** about: what the news are of. */
  add(about: string, news: T): void {
    this.#queue.delete(about)
    this.#queue.set(about, { news, sent: 0 })
  }

  drop(about: string): void {
    this.#queue.delete(about)
  }

  /** What goes with the next message, those that were told least first. nodes: how many there are. */
  take(most: number, nodes: number): T[] {
    if (this.#queue.size === 0) return []
    const limit = Math.ceil(this.#retransmits * scaleOf(nodes + 1))
    const chosen = [...this.#queue].sort(([, a], [, b]) => a.sent - b.sent).slice(0, most)
    for (const [about, queued] of chosen) if (++queued.sent >= limit) this.#queue.delete(about)
    return chosen.map(([, { news }]) => news)
  }
}
