// Reading the objects that are neither plain nor arrays.

import type { Decoder } from './decoder.js'
import { errorOf } from './error-forms.js'
import * as tags from './tags.js'
import { makeView, UINT8 } from './views.js'

// Bound here: an import is looked up at each use, a constant of the module is known to the compiler.
const {
  AHEAD,
  BIG_BIGINT,
  BIGINT,
  BLOCK,
  BOXED,
  BUFFER,
  BYTES,
  DATE,
  ERROR,
  LONE,
  MAP,
  REFERENCE,
  REGEXP,
  SET,
  SHARED,
  VIEW,
} = tags

const bigints = new BigInt64Array(1)
const bigintWords = new Int32Array(bigints.buffer)

const COPIED_BY_LOOP = 64

/** The decoder's position is that of the value. */
export function readKind(d: Decoder, tag: number, word: number, p: number): unknown {
  d.pos = p + 2
  switch (tag) {
    case MAP: {
      const map = d.keep(p, new Map<unknown, unknown>())
      for (let i = 0; i < word; i++) map.set(d.value(), d.value())
      return map
    }
    case SET: {
      const set = d.keep(p, new Set<unknown>())
      for (let i = 0; i < word; i++) set.add(d.value())
      return set
    }
    case DATE:
      d.pos = p + 4
      return d.keep(p, new Date(d.f64[(p >> 1) + 1] as number))
    case BIGINT:
      d.pos = p + 4
      bigintWords[0] = d.i32[p + 2] as number
      bigintWords[1] = d.i32[p + 3] as number
      return bigints[0]
    case BIG_BIGINT: {
      const value = BigInt(`0x${d.value()}`)
      return word === 1 ? -value : value
    }
    case REGEXP:
      return d.keep(p, new RegExp(d.value() as string, d.value() as string))
    case BOXED:
      return d.keep(p, Object(d.value()) as object)
    case ERROR:
      return d.keep(p, errorOf(d.value() as never))
    case REFERENCE:
      d.pos = p + 6
      return d.keep(p, d.host.refFromWords(d.i32, p + 2))
    case BYTES: {
      const bytes = bytesOf(d, p + 2, word)
      if (d.known === undefined) return bytes
      d.keep(p + 1, bytes.buffer)
      return d.keep(p, bytes)
    }
    case LONE:
    case AHEAD:
      return readLone(d, tag, word, p)
    case VIEW: {
      const offset = d.f64[(p >> 1) + 1] as number
      const length = d.f64[(p >> 1) + 2] as number
      d.pos = p + 6
      return d.keep(p, makeView(word, d.value() as ArrayBufferLike, offset, length))
    }
    case BUFFER:
    case BLOCK:
    case SHARED:
      return readBuffer(d, tag, word, p)
    default:
      throw new Error(`a message is not readable: ${tag} at ${p}`)
  }
}

function readLone(d: Decoder, tag: number, length: number, p: number): Uint8Array {
  const { i32 } = d
  const words = i32[p + 4] as number
  const block = i32[p + 5] as number
  let bytes: ArrayBufferLike
  let offset = 0
  if (tag === AHEAD) {
    d.pos = d.base + (i32[p + 6] as number)
    bytes = d.value() as ArrayBufferLike
    offset = d.f64[(p >> 1) + 1] as number
  } else bytes = block === 0 ? bytesOf(d, p + 8, length).buffer : d.host.takeBlock(block)
  d.pos = p + 8 + words
  return d.keep(p, makeView(UINT8, bytes, offset, length) as Uint8Array)
}

function readBuffer(d: Decoder, tag: number, word: number, p: number): object {
  let end = p + 2
  if (tag === BUFFER) end = p + 4 + (((word + 7) >> 3) << 1)
  else if (tag === BLOCK) end = p + 6
  // Read already, for a view that came before it.
  const known = d.known?.get(p - d.base)
  let buffer: object
  if (known !== undefined) buffer = known
  else if (tag === BUFFER) buffer = withRoom(bytesOf(d, p + 4, word).buffer, d.i32[p + 2] as number)
  else if (tag === BLOCK) {
    const longest = d.f64[(p >> 1) + 2] as number
    buffer = withRoom(d.host.takeBlock(word) as ArrayBuffer, longest)
  } else buffer = d.host.takeBlock(word)
  d.pos = end
  return d.keep(p, buffer)
}

function bytesOf(d: Decoder, p: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  const at = p << 2
  d.pos = p + (((length + 7) >> 3) << 1)
  if (length > COPIED_BY_LOOP) bytes.set(d.u8.subarray(at, at + length))
  else for (let i = 0; i < length; i++) bytes[i] = d.u8[at + i] as number
  return bytes
}

/** Resizable up to a length, where the memory is not that already. */
function withRoom(buffer: ArrayBuffer, longest: number): ArrayBuffer {
  if (longest < 0 || (buffer as ArrayBuffer & { resizable?: boolean }).resizable) return buffer
  const options = { maxByteLength: longest }
  const resizable = new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(
    buffer.byteLength,
    options,
  )
  new Uint8Array(resizable).set(new Uint8Array(buffer))
  return resizable
}
