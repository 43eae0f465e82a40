// The keys of a bucket's last puts, so that a put which is tried again writes nothing twice.

/** A put is told from another among so many that came after it. */
export const MOST_KEYS = 10_000

export class Keys {
  readonly #offsets: Map<string, number>

  constructor(entries: Iterable<readonly [string, number]> = []) {
    this.#offsets = new Map(entries)
  }

  /** The offset of the put of that key. */
  get(key: string): number | undefined {
    return this.#offsets.get(key)
  }

  /** Gives the key that is forgotten for it. */
  add(key: string, offset: number): string | undefined {
    this.#offsets.set(key, offset)
    if (this.#offsets.size <= MOST_KEYS) return undefined
    const oldest = this.#offsets.keys().next().value as string
    this.#offsets.delete(oldest)
    return oldest
  }

  /** Its put has failed. */
  remove(key: string): void {
    this.#offsets.delete(key)
  }

  entries(): [string, number][] {
    return [...this.#offsets]
  }
}
