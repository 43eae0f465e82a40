// A quick look at a value: whether plain msgpack, or JSON, carries it as it is. Hot: queue-put.

import { BYTE_ORDER_MARK, isWhole, MOST_LEVELS, MOST_OBJECTS } from './plain.js'

interface WellFormed {
  isWellFormed(): boolean
}

/** null, true, false, a number but -0, or text that UTF-8 carries. */
export function isSimple(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return value !== 0 || 1 / value > 0
    case 'string':
      return (value as unknown as WellFormed).isWellFormed() && value.charCodeAt(0) !== BYTE_ORDER_MARK
    case 'boolean':
      return true
    default:
      return value === null
  }
}

/** msgpack: Uint8Arrays too. JSON: numbers that are finite; its writer has to look for what UTF-8 does not carry. */
type QuickFor = 'msgpack' | 'json'

export class Quick {
  readonly #isJson: boolean
  readonly #met: (object | undefined)[] = new Array(MOST_OBJECTS).fill(undefined)
  #count = 0

  constructor(what: QuickFor) {
    this.#isJson = what === 'json'
  }

  /** Plain objects and arrays of simple values, each once. */
  carries(value: unknown): boolean {
    // A getter that threw may have left some.
    this.#count = 0
    const does = this.#carries(value, 0)
    while (this.#count > 0) this.#met[--this.#count] = undefined
    return does
  }

  #carries(value: unknown, level: number): boolean {
    if (typeof value !== 'object' || value === null) return this.#isSimple(value)
    if (level > MOST_LEVELS || !this.#isNew(value)) return false
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) {
      for (const key in value) {
        if (key === '__proto__' || !this.#isSimple(key)) return false
        if (!this.#carries((value as Record<string, unknown>)[key], level + 1)) return false
      }
      return true
    }
    if (prototype === Array.prototype && Array.isArray(value)) {
      const { length } = value
      if (Object.keys(value).length !== length) return false
      for (let i = 0; i < length; i++) if (!this.#carries(value[i], level + 1)) return false
      return true
    }
    return !this.#isJson && prototype === Uint8Array.prototype && isWhole(value as Uint8Array)
  }

  #isSimple(value: unknown): boolean {
    if (!this.#isJson) return isSimple(value)
    return (
      typeof value === 'string' || (isSimple(value) && (typeof value !== 'number' || Number.isFinite(value)))
    )
  }

  /** Remembers it, where that is not met again and there are not too many. */
  #isNew(value: object): boolean {
    const met = this.#met
    for (let i = 0; i < this.#count; i++) if (met[i] === value) return false
    if (this.#count === MOST_OBJECTS) return false
    met[this.#count++] = value
    return true
  }
}
