// Bytes of msgpack from another node to values. Nothing is believed: the bytes are scanned first, and whatever then turns out
// to be none of ours is a WireError. No code is run, nothing loaded, no prototype set.

import { Decoder, type ExtensionCodecType } from '@msgpack/msgpack'
import { values } from '../engine/index.js'
import type { Plain, WireRefs } from './encoder.js'
import { WireError } from './error.js'
import { scan } from './scan.js'
import * as tags from './tags.js'

const { Patch, Stand } = values

/** What the decoder gives for an extension that its surroundings make something of. */
class Mark {
  readonly type: number
  readonly number: number
  constructor(type: number, number: number) {
    this.type = type
    this.number = number
  }
}

export interface Frame {
  readonly header: Plain[]
  readonly hasValue: boolean
  /** Throws a WireError where it can't be read. */
  readonly read: () => unknown
}

/** A header has no more parts, and no longer texts. */
const MOST_PARTS = 16

export class WireDecoder {
  readonly #refs: WireRefs
  readonly #decoder: Decoder<undefined>
  /** A mark was met in the value that is being read. */
  #marked = false

  readonly #passesOn: boolean

  /** passesOn: values go to the engine's codec, which makes Uint8Arrays of Buffers on the frame. */
  constructor(refs: WireRefs, passesOn: boolean) {
    this.#refs = refs
    this.#passesOn = passesOn
    const extensionCodec: ExtensionCodecType<undefined> = {
      tryToEncode: () => null,
      decode: (data, type) => this.#extension(data, type),
    }
    this.#decoder = new Decoder({ extensionCodec })
  }

  /** Hot: cluster-tell. Throws a WireError where the header can't be read. */
  decodeFrame(bytes: Uint8Array): Frame {
    const count = (bytes[0] as number) & 15
    if (bytes.length < 2 || (bytes[0] as number) >> 4 !== 9 || count > MOST_PARTS || count === 0)
      throw new WireError('it begins with no header')
    const reader = new HeaderReader(bytes)
    const first = reader.read()
    if (typeof first !== 'number') throw new WireError('its kind is no number')
    const hasValue = (first & 1) === 1
    const header: Plain[] = [first >> 1]
    const parts = hasValue ? count - 1 : count
    for (let i = 1; i < parts; i++) header.push(reader.read())
    const { at } = reader
    if (!hasValue && at !== bytes.length) throw new WireError('something follows a header')
    return { header, hasValue, read: () => (hasValue ? this.#value(bytes, at) : undefined) }
  }

  /** What encodeValue made bytes of. Throws a WireError where they are no value. Hot: queue-get. */
  decodeValue(bytes: Uint8Array): unknown {
    return this.#value(bytes, 0)
  }

  #value(bytes: Uint8Array, from: number): unknown {
    if (scan(bytes, from) !== bytes.length) throw new WireError('something follows a value')
    this.#marked = false
    let value: unknown
    try {
      // A Buffer, so that bytes in it are Buffers: those share no memory, however near they lie.
      value = this.#decoder.decode(
        Buffer.from(bytes.buffer, bytes.byteOffset + from, bytes.byteLength - from),
      )
      return this.#marked || !this.#passesOn ? new Builder(this.#refs).build(value) : value
    } catch (error) {
      throw error instanceof WireError ? error : new WireError((error as Error).message)
    }
  }

  #extension(data: Uint8Array, type: number): unknown {
    switch (type) {
      case tags.UNDEFINED:
        return undefined
      case tags.MINUS_ZERO:
        return -0
      case tags.DATE:
        return new Date(new DataView(data.buffer, data.byteOffset, 8).getFloat64(0))
      case tags.BIGINT:
        return bigintOf(data)
      case tags.UTF16:
        if (data.length % 2 !== 0) throw new WireError('half a code unit')
        return Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf16le')
      default: {
        this.#marked = true
        const hasNumber = type === tags.ALIAS || type === tags.DEF
        return new Mark(type, hasNumber ? new DataView(data.buffer, data.byteOffset, 4).getUint32(0) : 0)
      }
    }
  }
}

function bigintOf(data: Uint8Array): bigint {
  const hex = Buffer.from(data.buffer, data.byteOffset + 1, data.length - 1).toString('hex')
  const value = BigInt(`0x${hex}`)
  return data[0] === 1 ? -value : value
}

/** Numbers, texts and truth values of a header, without the decoder's ado. */
class HeaderReader {
  readonly #bytes: Uint8Array
  at = 1

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(): Plain {
    const head = this.#byte()
    if (head < 0x80) return head
    if (head >= 0xa0 && head < 0xc0) return this.#text(head & 31)
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xcc:
        return this.#byte()
      case 0xcd:
        return this.#word(2)
      case 0xce:
        return this.#word(4)
      case 0xcf:
        return this.#word(8)
      case 0xd9:
        return this.#text(this.#byte())
      case 0xda:
        return this.#text(this.#word(2))
      case 0xdb:
        return this.#text(this.#word(4))
      default:
        throw new WireError(`a header has a part that begins with ${head}`)
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new WireError('it ends in its header')
    return byte
  }

  #word(size: number): number {
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.#byte()
    return value
  }

  #text(length: number): string {
    const { buffer, byteOffset } = this.#bytes
    const from = this.at
    this.at += length
    if (this.at > this.#bytes.length) throw new WireError('it ends in its header')
    return Buffer.from(buffer, byteOffset + from, length).toString('utf8')
  }
}

/** What marks stand for, made of what the decoder gave; plain objects and arrays in place. */
class Builder {
  readonly #refs: WireRefs
  readonly #known = new Map<number, unknown>()
  #patch: InstanceType<typeof Patch> | undefined

  constructor(refs: WireRefs) {
    this.#refs = refs
  }

  build(value: unknown): unknown {
    const built = this.#of(value, -1)
    return this.#patch === undefined ? built : this.#patch.apply(built)
  }

  /** number: by which aliases name it; -1 where none does. */
  #of(value: unknown, number: number): unknown {
    if (typeof value !== 'object' || value === null) return this.#keep(number, value)
    if (Array.isArray(value))
      return value[0] instanceof Mark && value[0].type >= tags.DEF
        ? this.#marked(value as unknown[], value[0], number)
        : this.#list(value, number)
    if (value instanceof Mark) {
      if (value.type === tags.ALIAS) return this.#alias(value.number)
      throw new WireError(`a mark ${value.type} that begins nothing`)
    }
    if (ArrayBuffer.isView(value)) {
      // The decoder gives a view on the frame.
      const bytes = value as Uint8Array
      return this.#keep(number, new Uint8Array(bytes))
    }
    if (value instanceof Date) return this.#keep(number, value)
    const object = value as Record<string, unknown>
    this.#keep(number, object)
    for (const key of Object.keys(object)) object[key] = this.#of(object[key], -1)
    return object
  }

  #keep<T>(number: number, value: T): T {
    if (number >= 0) this.#known.set(number, value)
    return value
  }

  #alias(number: number): unknown {
    if (!this.#known.has(number)) throw new WireError(`an alias of nothing, ${number}`)
    return this.#known.get(number)
  }

  #list(list: unknown[], number: number): unknown[] {
    this.#keep(number, list)
    for (let i = 0; i < list.length; i++) list[i] = this.#of(list[i], -1)
    return list
  }

  #marked(parts: unknown[], { type, number: defined }: Mark, number: number): unknown {
    switch (type) {
      case tags.DEF:
        if (number >= 0 || this.#known.has(defined)) throw new WireError('an object with two numbers')
        return this.#defined(parts[1], defined)
      case tags.MAP: {
        if (parts.length % 2 === 0) throw new WireError('a key without a value')
        const map = this.#keep(number, new Map<unknown, unknown>())
        for (let i = 1; i < parts.length; i += 2) map.set(this.#of(parts[i], -1), this.#of(parts[i + 1], -1))
        return map
      }
      case tags.SET: {
        const set = this.#keep(number, new Set<unknown>())
        for (let i = 1; i < parts.length; i++) set.add(this.#of(parts[i], -1))
        return set
      }
      case tags.ENTRIES: {
        if (parts.length % 2 === 0) throw new WireError('a key without a value')
        const object = this.#keep(number, {})
        this.#properties(object, parts, 1)
        return object
      }
      case tags.SPARSE: {
        const length = parts[1]
        if (
          !Number.isInteger(length) ||
          (length as number) < 0 ||
          (length as number) >= 2 ** 32 ||
          parts.length % 2 !== 0
        )
          throw new WireError('an array of no length')
        const list: unknown[] = this.#keep(number, [])
        list.length = length as number
        this.#properties(list, parts, 2)
        if (list.length !== length) throw new WireError('an array that is longer than it says')
        return list
      }
      case tags.REGEXP:
        return this.#keep(number, new RegExp(text(this.#of(parts[1], -1)), text(parts[2])))
      case tags.BOXED: {
        const primitive = this.#of(parts[1], -1)
        if (
          (typeof primitive === 'object' && primitive !== null) ||
          primitive === undefined ||
          primitive === null
        )
          throw new WireError('an object in the place of a primitive')
        return this.#keep(number, Object(primitive) as object)
      }
      case tags.ERROR:
        return this.#error(parts[1], number)
      case tags.BUFFER:
        return this.#keep(number, bufferOf(parts[1], parts[2]))
      case tags.VIEW:
        return this.#view(parts, number)
      case tags.REF:
        return this.#keep(number, this.#refs.fromWire(parts[1]))
      default:
        throw new WireError(`a mark ${type} where none may be`)
    }
  }

  /** Errors are made when what is in them is there; till then something stands for them. */
  #defined(value: unknown, number: number): unknown {
    const isLate = Array.isArray(value) && value[0] instanceof Mark && value[0].type === tags.ERROR
    if (!isLate) return this.#of(value, number)
    const stand = new Stand(number)
    this.#known.set(number, stand)
    const made = this.#of(value, -1) as object
    this.#known.set(number, made)
    this.#patch ??= new Patch()
    this.#patch.replace(stand, made)
    return made
  }

  #properties(object: object, parts: unknown[], from: number): void {
    for (let i = from; i < parts.length; i += 2) {
      const key = text(this.#of(parts[i], -1))
      if (Array.isArray(object) && key === 'length') throw new WireError('a length among properties')
      Object.defineProperty(object, key, {
        value: this.#of(parts[i + 1], -1),
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
  }

  #error(form: unknown, number: number): Error {
    const given = this.#of(form, -1) as Record<string, unknown>
    const isText = (value: unknown) => typeof value === 'string'
    const { type, name, message, stack, hasCause, cause, errors, fields } = given ?? {}
    const fits =
      isText(type) &&
      isText(name) &&
      isText(message) &&
      (stack === undefined || isText(stack)) &&
      typeof hasCause === 'boolean' &&
      (errors === undefined || Array.isArray(errors)) &&
      typeof fields === 'object' &&
      fields !== null &&
      Object.getPrototypeOf(fields) === Object.prototype
    if (!fits) throw new WireError('an error of another form')
    // Not `deep`: that is for forms within forms, which only threads send each other.
    const known = { type, name, message, stack, hasCause, cause, errors, fields, deep: false }
    return this.#keep(number, values.errorOf(known as never))
  }

  #view(parts: unknown[], number: number): object {
    const [, type, offset, length, of] = parts
    const buffer = this.#of(of, -1)
    const isWhole = (value: unknown, least: number) => Number.isInteger(value) && (value as number) >= least
    if (!(buffer instanceof ArrayBuffer) || !isWhole(offset, 0) || !isWhole(length, -1))
      throw new WireError('a view on nothing')
    if (!isWhole(type, -1) || (type as number) >= values.VIEW_TYPES)
      throw new WireError(`a view of type ${String(type)}`)
    return this.#keep(number, values.makeView(type as number, buffer, offset as number, length as number))
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new WireError('something in the place of a text')
  return value
}

function bufferOf(bytes: unknown, longest: unknown): ArrayBuffer {
  if (!(bytes instanceof Uint8Array) || !Number.isInteger(longest))
    throw new WireError('a buffer without bytes')
  const { byteLength } = bytes
  if (longest === -1) return new Uint8Array(bytes).buffer
  // Memory that is only announced is not taken: what it may grow to is bounded.
  if ((longest as number) < byteLength || (longest as number) > Math.max(byteLength * 16, 64 * 1024 * 1024))
    throw new WireError('a buffer that could grow too large')
  const Resizable = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer
  const buffer = new Resizable(byteLength, { maxByteLength: longest as number })
  new Uint8Array(buffer).set(bytes)
  return buffer
}
