// How long a node is suspected before it is thought dead: the more others suspect it too, the shorter.

export class Suspicion {
  readonly #startedMs: number
  readonly #leastMs: number
  readonly #mostMs: number
  readonly #wanted: number
  readonly #accusers = new Set<string>()

  /** wanted: how many others have to say the same for the least time. */
  constructor(now: number, leastMs: number, mostMs: number, wanted: number, accuser: string) {
    this.#startedMs = now
    this.#leastMs = leastMs
    this.#mostMs = mostMs
    this.#wanted = wanted
    this.#accusers.add(accuser)
  }

  /** True where the accuser is another one than before. */
  confirm(accuser: string): boolean {
    if (this.#accusers.size > this.#wanted || this.#accusers.has(accuser)) return false
    this.#accusers.add(accuser)
    return true
  }

  get deadlineMs(): number {
    if (this.#wanted <= 0) return this.#startedMs + this.#leastMs
    const confirmed = Math.min(this.#accusers.size - 1, this.#wanted)
    const share = Math.log(confirmed + 1) / Math.log(this.#wanted + 1)
    return this.#startedMs + this.#mostMs - share * (this.#mostMs - this.#leastMs)
  }
}
