// A quick look at a value: whether plain msgpack, or JSON, carries it as it is. Hot: cluster-tell, cluster-ask-pipelined.

/** Objects of a value that are looked at; a value of more is looked at the thorough way. */
const MOST_OBJECTS = 32
const MOST_LEVELS = 16

/** A decoder may take the mark of byte order off the front of a long text. */
const BYTE_ORDER_MARK = 0xfeff

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

export class Quick {
  readonly #met: object[] = []
  readonly #isSimple: (value: unknown) => boolean
  readonly #bytes: boolean

  /** simple: whether it carries a value that is no object. bytes: whether it carries Uint8Arrays. */
  constructor(simple: (value: unknown) => boolean, bytes: boolean) {
    this.#isSimple = simple
    this.#bytes = bytes
  }

  /** Plain objects and arrays of simple values, each once. */
  carries(value: unknown): boolean {
    const does = this.#carries(value, 0)
    this.#met.length = 0
    return does
  }

  #carries(value: unknown, level: number): boolean {
    if (typeof value !== 'object' || value === null) return this.#isSimple(value)
    const met = this.#met
    if (level > MOST_LEVELS || met.length >= MOST_OBJECTS || met.includes(value)) return false
    met.push(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) {
      for (const key in value) {
        if (key === '__proto__' || !(key as unknown as WellFormed).isWellFormed()) return false
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
    return this.#bytes && prototype === Uint8Array.prototype && isWhole(value as Uint8Array)
  }
}

/** It has its buffer to itself, which is all there is of it. */
function isWhole({ buffer, byteLength }: Uint8Array): boolean {
  const { byteLength: whole, resizable } = buffer as ArrayBuffer & { resizable?: boolean }
  return whole === byteLength && resizable !== true && buffer instanceof ArrayBuffer
}
