// Values to bytes of msgpack, for other nodes. What is plain goes as it is; the rest by extensions (tags.ts).

import { Encoder, ExtData, type ExtensionCodecType } from '@msgpack/msgpack'
import { values } from '../engine/index.js'
import { errors, isPulsingError } from '../errors/index.js'
import { isSimple, Quick } from './quick.js'
import {
  ALIAS,
  BIGINT,
  BOXED,
  BUFFER,
  DATE,
  DEF,
  ENTRIES,
  ERROR,
  MAP,
  MINUS_ZERO,
  MOST_LEVELS,
  REF,
  REGEXP,
  SET,
  SPARSE,
  UNDEFINED,
  UTF16,
  VIEW,
} from './tags.js'

export type Plain = number | string | boolean | null

/** How references cross: as plain values that the node makes and reads. */
export interface WireRefs {
  toWire(ref: object): unknown
  /** Throws where it is no reference. */
  fromWire(plain: unknown): object
}

const { Unfit, kindOf } = values

const EMPTY = new Uint8Array(1)
const mark = (type: number) => new ExtData(type, EMPTY)
const MARK_MAP = mark(MAP)
const MARK_SET = mark(SET)
const MARK_REGEXP = mark(REGEXP)
const MARK_BOXED = mark(BOXED)
const MARK_ERROR = mark(ERROR)
const MARK_BUFFER = mark(BUFFER)
const MARK_VIEW = mark(VIEW)
const MARK_REF = mark(REF)
const MARK_ENTRIES = mark(ENTRIES)
const MARK_SPARSE = mark(SPARSE)
const LEAF_UNDEFINED = mark(UNDEFINED)
const LEAF_MINUS_ZERO = mark(MINUS_ZERO)

const EXTENSIONS: ExtensionCodecType<undefined> = {
  tryToEncode: (object) => (object instanceof ExtData ? object : null),
  decode: () => undefined,
}

const LEVELS = MOST_LEVELS

export class WireEncoder {
  readonly #refs: WireRefs
  readonly #maxBytes: number
  readonly #encoder = new Encoder({ extensionCodec: EXTENSIONS, maxDepth: LEVELS })
  readonly #quick = new Quick('msgpack')

  /** maxBytes: of a value; a larger one is ERR_PULSING_MESSAGE_TOO_LARGE. */
  constructor(refs: WireRefs, maxBytes: number) {
    this.#refs = refs
    this.#maxBytes = maxBytes
  }

  /**
   * A frame: its header, and a value where it has one. The memory is the caller's.
   * @param root what the value is called in messages of errors
   * @throws ERR_PULSING_NOT_SERIALIZABLE, ERR_PULSING_MESSAGE_TOO_LARGE
   */
  encodeFrame(header: readonly Plain[], value: unknown, root: string, hasValue: boolean): Uint8Array {
    const kind = (header[0] as number) * 2 + (hasValue ? 1 : 0)
    const parts: unknown[] = [kind]
    for (let i = 1; i < header.length; i++) parts.push(header[i])
    if (hasValue) parts.push(this.#carried(value, root))
    let bytes: Uint8Array
    try {
      bytes = this.#encoder.encodeSharedRef(parts)
    } catch (error) {
      throw values.failure(root, value, error)
    }
    if (bytes.length > this.#maxBytes + SLACK) throw errors.messageTooLarge(bytes.length, this.#maxBytes)
    const copy = Buffer.allocUnsafe(bytes.length)
    copy.set(bytes)
    return copy
  }

  /**
   * A value alone. The memory is the encoder's: it holds until the next call. Hot: queue-put.
   * @param root as encodeFrame; errors too
   */
  encodeValue(value: unknown, root: string): Uint8Array {
    let bytes: Uint8Array
    try {
      bytes = this.#encoder.encodeSharedRef(this.#carried(value, root))
    } catch (error) {
      throw isPulsingError(error) ? error : values.failure(root, value, error)
    }
    if (bytes.length > this.#maxBytes) throw errors.messageTooLarge(bytes.length, this.#maxBytes)
    return bytes
  }

  /** A frame of a header alone, also while another is being written. */
  encodePlain(header: readonly Plain[]): Uint8Array {
    const [kind, ...rest] = header
    return new Encoder().encode([(kind as number) * 2, ...rest])
  }

  /** Hot: cluster-tell. The value itself where plain msgpack carries it, else a tree that stands for it. */
  #carried(value: unknown, root: string): unknown {
    if (isSimple(value) || this.#quick.carries(value)) return value
    try {
      return new Tree(this.#refs, value).root
    } catch (error) {
      if (isPulsingError(error)) throw error
      if (error instanceof Unfit && error.reason === SHARED)
        throw errors.notSerializable(`${root}${pathOfShared(value)}`, SHARED)
      throw values.failure(root, value, error)
    }
  }
}

/** The header, and what it takes to say more than the value's bytes in memory. */
const SLACK = 64 * 1024

const SHARED = 'it is a SharedArrayBuffer, which only threads of one process can share'

/** What stands for a value in plain msgpack: made in one walk that counts the objects, and one that writes them. */
class Tree {
  readonly #refs: WireRefs
  /** By object: 0 where it came once, else its number for aliases, below 0 as long as it has not been written. */
  readonly #numbers = new Map<object, number>()
  #aliased = 0
  readonly root: unknown

  constructor(refs: WireRefs, value: unknown) {
    this.#refs = refs
    this.#count(value, 0)
    this.root = this.#of(value)
  }

  /** Finds what comes more than once. */
  #count(value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null) return
    if (depth > values.MAX_DEPTH) throw new Unfit(values.TOO_DEEP)
    const known = this.#numbers.get(value)
    if (known !== undefined) {
      if (known === 0) this.#numbers.set(value, -++this.#aliased)
      return
    }
    this.#numbers.set(value, 0)
    switch (kindOf(value)) {
      case values.PLAIN:
      case values.LIST:
        for (const key of Object.keys(value)) this.#count((value as Record<string, unknown>)[key], depth + 1)
        return
      case values.MAP_KIND:
        for (const [key, one] of value as Map<unknown, unknown>) {
          this.#count(key, depth + 1)
          this.#count(one, depth + 1)
        }
        return
      case values.SET_KIND:
        for (const one of value as Set<unknown>) this.#count(one, depth + 1)
        return
      case values.ERROR_KIND: {
        const form = this.#formOf(value as Error)
        for (const part of [form.cause, form.errors, form.fields]) this.#count(part, depth + 1)
        return
      }
      case values.VIEW_KIND:
        this.#count((value as ArrayBufferView).buffer, depth + 1)
        return
    }
  }

  readonly #forms = new Map<Error, ReturnType<typeof values.formOf>>()

  #formOf(error: Error): ReturnType<typeof values.formOf> {
    let form = this.#forms.get(error)
    if (form === undefined) {
      form = values.formOf(error)
      this.#forms.set(error, form)
    }
    return form
  }

  #of(value: unknown): unknown {
    switch (typeof value) {
      case 'undefined':
        return LEAF_UNDEFINED
      case 'number':
        return value === 0 && 1 / value < 0 ? LEAF_MINUS_ZERO : value
      case 'string':
        return isSimple(value) ? value : new ExtData(UTF16, utf16(value))
      case 'bigint':
        return new ExtData(BIGINT, bigintBytes(value))
      case 'boolean':
        return value
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        throw new Unfit('')
    }
  }

  #object(object: object): unknown {
    const number = this.#numbers.get(object) ?? 0
    if (number === 0) return this.#kind(object)
    if (number > 0) return new ExtData(ALIAS, word(number))
    this.#numbers.set(object, -number)
    return [new ExtData(DEF, word(-number)), this.#kind(object)]
  }

  #kind(object: object): unknown {
    switch (kindOf(object)) {
      case values.PLAIN:
        return this.#plain(object as Record<string, unknown>)
      case values.LIST:
        return this.#list(object as unknown[])
      case values.REFERENCE_KIND:
        return [MARK_REF, this.#refs.toWire(object)]
      case values.MAP_KIND:
        return [MARK_MAP, ...[...(object as Map<unknown, unknown>)].flat(1).map((one) => this.#of(one))]
      case values.SET_KIND:
        return [MARK_SET, ...[...(object as Set<unknown>)].map((one) => this.#of(one))]
      case values.DATE_KIND:
        return new ExtData(DATE, double(Date.prototype.getTime.call(object)))
      case values.REGEXP_KIND: {
        const { source, flags } = object as RegExp
        return [MARK_REGEXP, this.#of(source), flags]
      }
      case values.BOXED_KIND:
        return [MARK_BOXED, this.#of(values.unboxed(object))]
      case values.ERROR_KIND:
        return [MARK_ERROR, this.#plain({ ...this.#formOf(object as Error) })]
      case values.BUFFER_KIND:
        return this.#buffer(object as ArrayBuffer)
      case values.VIEW_KIND:
        return this.#view(object as ArrayBufferView)
      case values.SHARED_KIND:
        throw new Unfit(SHARED)
      default:
        throw new Unfit('')
    }
  }

  #plain(object: Record<string, unknown>): unknown {
    const keys = Object.keys(object)
    if (!keys.every(isKey))
      return [MARK_ENTRIES, ...keys.flatMap((key) => [this.#of(key), this.#of(object[key])])]
    const tree: Record<string, unknown> = {}
    for (const key of keys) tree[key] = this.#of(object[key])
    return tree
  }

  #list(list: unknown[]): unknown {
    const keys = Object.keys(list)
    if (keys.length === list.length) return list.map((one) => this.#of(one))
    const pairs = keys.flatMap((key) => [
      this.#of(key),
      this.#of((list as unknown as Record<string, unknown>)[key]),
    ])
    return [MARK_SPARSE, list.length, ...pairs]
  }

  #buffer(buffer: ArrayBuffer): unknown {
    const { resizable, maxByteLength } = buffer as { resizable?: boolean; maxByteLength?: number }
    return [MARK_BUFFER, new Uint8Array(buffer), resizable === true ? maxByteLength : -1]
  }

  #view(view: ArrayBufferView): unknown {
    const type = values.viewType(view)
    const { buffer, byteOffset, byteLength } = view
    if (values.kindOf(buffer) === values.SHARED_KIND) throw new Unfit(SHARED)
    const isAlone = this.#numbers.get(buffer) === 0
    const isResizable = (buffer as { resizable?: boolean }).resizable === true
    // Alone with its buffer, it carries its own bytes.
    if (type === values.UINT8 && isAlone && !isResizable)
      return new Uint8Array(buffer, byteOffset, byteLength)
    const length = values.isTracking(view) ? -1 : type < 0 ? byteLength : (view as Uint8Array).length
    return [MARK_VIEW, type, byteOffset, length, this.#object(buffer)]
  }
}

function isKey(key: string): boolean {
  return key !== '__proto__' && isSimple(key)
}

function word(number: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

function double(number: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, number)
  return bytes
}

function utf16(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le')
}

function bigintBytes(value: bigint): Uint8Array {
  const digits = (value < 0n ? -value : value).toString(16)
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`
  return Buffer.from(`${value < 0n ? '01' : '00'}${hex}`, 'hex')
}

/** Where the first SharedArrayBuffer of a value stands. */
function pathOfShared(value: unknown, seen = new Set<unknown>()): string | undefined {
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined
  seen.add(value)
  const kind = kindOf(value)
  if (kind === values.SHARED_KIND) return ''
  if (kind === values.VIEW_KIND)
    return kindOf((value as ArrayBufferView).buffer) === values.SHARED_KIND ? '' : undefined
  if (kind === values.MAP_KIND || kind === values.SET_KIND) {
    for (const one of value as Iterable<unknown>) {
      const inside = pathOfShared(one, seen)
      if (inside !== undefined) return `${kind === values.MAP_KIND ? '(map)' : '(set)'}${inside}`
    }
    return undefined
  }
  for (const key of Object.keys(value)) {
    const inside = pathOfShared((value as Record<string, unknown>)[key], seen)
    if (inside === undefined) continue
    return `${Array.isArray(value) ? `[${key}]` : `.${key}`}${inside}`
  }
  return undefined
}
