// The objects of one message that were met, so that aliases and cycles are seen. Numbered as they come.

/** So many are found by looking through them: for a small message that costs less than a Map. */
const SCANNED = 32
/** In the place of no object. */
export const NONE: object = { none: true }

export class Seen {
  count = 0
  readonly #objects: object[] = new Array<object>(SCANNED).fill(NONE)
  #numbers: Map<object, number> | undefined

  /** Its number, or -1. */
  find(object: object): number {
    if (this.#numbers !== undefined) return this.#numbers.get(object) ?? -1
    const objects = this.#objects
    for (let i = 0; i < this.count; i++) if (objects[i] === object) return i
    return -1
  }

  add(object: object): number {
    const number = this.count++
    if (number < SCANNED) this.#objects[number] = object
    else {
      this.#numbers ??= new Map(this.#objects.map((other, i) => [other, i]))
      this.#numbers.set(object, number)
    }
    return number
  }

  /** Keeps nothing of the message alive. */
  clear(): void {
    const count = Math.min(this.count, SCANNED)
    for (let i = 0; i < count; i++) this.#objects[i] = NONE
    this.count = 0
    this.#numbers = undefined
  }
}
