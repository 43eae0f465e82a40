// What an object is to the codec.

import { EventEmitter } from 'node:events'
import { types } from 'node:util'
import { REF } from '../symbols.js'

export const PLAIN = 0 // instances of classes too
export const LIST = 2
export const REFERENCE_KIND = 3
export const MAP_KIND = 4
export const SET_KIND = 5
export const DATE_KIND = 6
export const REGEXP_KIND = 7
export const ERROR_KIND = 8
export const BOXED_KIND = 9
export const BUFFER_KIND = 10
export const SHARED_KIND = 11
export const VIEW_KIND = 12
export const UNFIT = 13

const OBJECT_PROTOTYPE = Object.prototype
const ARRAY_PROTOTYPE = Array.prototype
const { getPrototypeOf } = Object
const { isArray } = Array

const BRANDS: readonly (readonly [number, (value: unknown) => boolean])[] = [
  [VIEW_KIND, ArrayBuffer.isView],
  [MAP_KIND, types.isMap],
  [SET_KIND, types.isSet],
  [DATE_KIND, types.isDate],
  [ERROR_KIND, types.isNativeError],
  [REGEXP_KIND, types.isRegExp],
  [BUFFER_KIND, types.isArrayBuffer],
  [SHARED_KIND, types.isSharedArrayBuffer],
  [BOXED_KIND, (value) => types.isBoxedPrimitive(value) && !types.isSymbolObject(value)],
]

/** By prototype: a kind that is certain (plain, error), or what the brand of each object has yet to confirm. */
const byPrototype = new WeakMap<object, number>()
/** In byPrototype: something of the language or of Node. The brand says which, if any. */
const NATIVE = 14

/**
 * kindOf, but PLAIN for whatever says that it is. One property, while asking for the prototype is a call. What says so
 * and is not plain has no keys: then kindOf must be asked. Hot: tell-local, tell-cross.
 */
export function kindAtSight(value: object): number {
  return value.constructor === Object ? PLAIN : kindOf(value)
}

/** For instances of classes one look-up. */
export function kindOf(value: object): number {
  const prototype = getPrototypeOf(value) as object | null
  if (prototype === OBJECT_PROTOTYPE) return PLAIN
  if (prototype === ARRAY_PROTOTYPE && isArray(value)) return LIST
  if ((value as { [REF]?: unknown })[REF]) return REFERENCE_KIND
  if (prototype === null) return PLAIN
  const kind = byPrototype.get(prototype) ?? learn(prototype, value)
  if (kind === PLAIN) return isArray(value) ? LIST : PLAIN
  return kind === ERROR_KIND ? kind : confirm(value, kind)
}

function confirm(value: object, kind: number): number {
  if (isArray(value)) return LIST
  for (const [brand, has] of BRANDS) {
    if ((kind === brand || kind === NATIVE || kind === UNFIT) && has(value)) return brand
  }
  if (kind !== NATIVE && kind !== UNFIT) return types.isProxy(value) ? UNFIT : PLAIN // Object.create(Map.prototype)
  return UNFIT
}

const HINTS = new Map<object, number>([
  [Error.prototype, ERROR_KIND],
  [Map.prototype, MAP_KIND],
  [Set.prototype, SET_KIND],
  [Date.prototype, DATE_KIND],
  [RegExp.prototype, REGEXP_KIND],
  [ArrayBuffer.prototype, BUFFER_KIND],
  [SharedArrayBuffer.prototype, SHARED_KIND],
  [DataView.prototype, VIEW_KIND],
  [getPrototypeOf(Uint8Array.prototype), VIEW_KIND],
  [ARRAY_PROTOTYPE, PLAIN],
])

const ITERATORS: readonly object[] = [
  getPrototypeOf(getPrototypeOf([].values())),
  getPrototypeOf(getPrototypeOf(getPrototypeOf((async function* () {})()))),
]

/** Classes whose fields are not what they are: a copy would be an empty shell. Sockets and streams are emitters. */
const SHELLS: readonly object[] = [
  EventEmitter.prototype,
  EventTarget.prototype,
  URL.prototype,
  URLSearchParams.prototype,
  timerPrototype(),
]
/** The same, but loaded by Node when first named. */
const LATE_SHELLS = new Set([
  'AbortController',
  'Blob',
  'CryptoKey',
  'FormData',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TransformStream',
  'WritableStream',
])

function timerPrototype(): object {
  const timer = setTimeout(() => {}, 0)
  clearTimeout(timer)
  return getPrototypeOf(timer) as object
}

/** Walks the chain of a prototype that was not met before, from an object that has it. */
function learn(prototype: object, value: object): number {
  const kind = kindByChain(prototype, value)
  byPrototype.set(prototype, kind)
  return kind
}

function kindByChain(prototype: object, value: object): number {
  for (let link: object | null = prototype; link !== null; link = getPrototypeOf(link) as object | null) {
    if (link === OBJECT_PROTOTYPE) break
    const hint = HINTS.get(link)
    if (hint !== undefined) return hint
    if (ITERATORS.includes(link) || SHELLS.includes(link)) return UNFIT
    const made: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    if (typeof made !== 'function' || made.prototype !== link) continue
    if (LATE_SHELLS.has(made.name) && (globalThis as Record<string, unknown>)[made.name] === made)
      return UNFIT
    if (made.name === 'KeyObject' && types.isKeyObject(value)) return UNFIT
    // Another realm's Object.prototype ends the chain. All else of native code is known by its brand, or not carried.
    if (isNative(made) && getPrototypeOf(link) !== null) return NATIVE
  }
  return PLAIN
}

function isNative(made: object): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(made))
}

/** How an error names what can't be carried. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'symbol') return String(value)
  try {
    if (types.isProxy(value)) return 'a Proxy'
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
    if (typeof name === 'string' && name !== '' && name !== 'Object') return `an instance of ${name}`
    return `an object (${Object.prototype.toString.call(value)})`
  } catch {
    return 'an object that can not be looked at'
  }
}
