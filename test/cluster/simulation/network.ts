// A network without wires, on a clock that only goes when something happens: what the seed says is late, lost, doubled or cut.

import { Random } from '../../chaos/random.js'

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** The next event first. */
class Heap {
  readonly #events: Event[] = []

  get size(): number {
    return this.#events.length
  }

  get first(): Event | undefined {
    return this.#events[0]
  }

  push(event: Event): void {
    const events = this.#events
    let at = events.length
    events.push(event)
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = events[above] as Event
      if (isBefore(other, event)) break
      events[at] = other
      at = above
    }
    events[at] = event
  }

  pop(): Event | undefined {
    const events = this.#events
    const first = events[0]
    const last = events.pop()
    if (first === undefined || last === undefined || events.length === 0) return first
    let at = 0
    for (;;) {
      let below = at * 2 + 1
      if (below >= events.length) break
      const right = events[below + 1]
      if (right !== undefined && isBefore(right, events[below] as Event)) below++
      const other = events[below] as Event
      if (!isBefore(other, last)) break
      events[at] = other
      at = below
    }
    events[at] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

export class Clock {
  now = 0
  #order = 0
  readonly #heap = new Heap()

  at(time: number, run: () => void): void {
    this.#heap.push({ at: Math.max(time, this.now), order: ++this.#order, run })
  }

  /** Everything that happens until then. */
  runTo(time: number): void {
    for (let event = this.#heap.first; event !== undefined && event.at <= time; event = this.#heap.first) {
      this.#heap.pop()
      this.now = event.at
      event.run()
    }
    this.now = time
  }
}

/** What goes wrong between nodes. */
export class Network {
  readonly random: Random
  loss = 0
  doubled = 0
  /** Milliseconds a message takes, and how much longer it may. */
  delay = 1
  jitter = 4
  /** By node, the side that it is on; messages pass within a side only. */
  readonly sides = new Map<number, number>()
  /** Messages from one to another that do not pass, as `from>to`. */
  readonly oneWay = new Set<string>()
  messages = 0

  constructor(seed: number) {
    this.random = new Random(seed, 1)
  }

  passes(from: number, to: number): boolean {
    if ((this.sides.get(from) ?? 0) !== (this.sides.get(to) ?? 0)) return false
    return this.oneWay.size === 0 || !this.oneWay.has(`${from}>${to}`)
  }

  get latency(): number {
    return this.delay + this.random.next() * this.jitter
  }

  heal(): void {
    this.loss = this.doubled = 0
    this.delay = 1
    this.jitter = 4
    this.sides.clear()
    this.oneWay.clear()
  }
}
