// What is known of a class of actors: its name, its methods by number, and a text of both that other threads can read.

import type { Method } from '../engine/index.js'
import { MAX_METHODS } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { RemoteOptions } from '../options/index.js'
import { Actor } from './actor.js'

// biome-ignore lint/suspicious/noExplicitAny: any class of the user's
export type AnyClass = abstract new (...args: any[]) => object

/** Called by the engine alone. */
const HOOKS = new Set(['constructor', 'onStart', 'onStop', 'onSignal', 'receive'])
/** Names that a proxy has of its own, or must not have, so that it is no thenable. */
const RESERVED = new Set(['then', 'ref', ...Object.getOwnPropertyNames(Object.prototype)])

/** What other threads are told of a class; the text of it is the same for the same class. */
export interface ClassDescription {
  /** Module and name; the name alone where it has no module. */
  readonly key: string
  readonly type: string
  /** Method i + 1; 0 is receive. */
  readonly methods: readonly string[]
  /** Those of them that stream (contract 3.2). */
  readonly streams: readonly string[]
}

export interface ClassInfo {
  readonly Class: AnyClass
  readonly type: string
  /** Undefined: it lives on the thread that has it. */
  readonly moduleUrl: string | undefined
  readonly options: RemoteOptions
  readonly description: ClassDescription
  readonly text: string
  /** By method number. */
  readonly table: readonly (Method | undefined)[]
  /** Extends Actor: one message at a time. */
  readonly serial: boolean
}

/** Whether a text that came from another node describes a class, as ours do: proxies are made of it. */
export function isDescription(text: string): boolean {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return false
  }
  if (typeof given !== 'object' || given === null) return false
  const { key, type, methods, streams } = given as Partial<ClassDescription>
  if (typeof key !== 'string' || typeof type !== 'string' || type === '') return false
  if (!Array.isArray(methods) || methods.length >= MAX_METHODS || !Array.isArray(streams)) return false
  const isMethod = (name: unknown) =>
    typeof name === 'string' && !HOOKS.has(name) && !RESERVED.has(name) && !name.startsWith('_')
  if (!methods.every(isMethod) || new Set(methods).size !== methods.length) return false
  const known = new Set<unknown>(methods)
  return streams.every((name) => known.has(name))
}

/** Contract 3.10: functions of the prototype chain below Actor and Object. */
function exposed(Class: AnyClass): Map<string, Method> {
  const found = new Map<string, Method>()
  const seen = new Set<string>()
  for (
    let p = Class.prototype;
    p !== null && p !== Object.prototype && p !== Actor.prototype;
    p = Object.getPrototypeOf(p)
  ) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(p))) {
      if (seen.has(name)) continue // the subclass's stands before it, whatever it is
      seen.add(name)
      if (HOOKS.has(name) || RESERVED.has(name) || name.startsWith('_')) continue
      if (typeof property.value === 'function') found.set(name, property.value as Method)
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Generator functions, and what the class says streams. */
function streaming(methods: ReadonlyMap<string, Method>, { streams = [] }: RemoteOptions): string[] {
  for (const name of streams)
    if (!methods.has(name)) throw errors.invalidOption('streams', name, 'names of methods of the class')
  return [...methods].flatMap(([name, method]) =>
    streams.includes(name) ||
    /^\[object (Async)?GeneratorFunction\]$/.test(Object.prototype.toString.call(method))
      ? [name]
      : [],
  )
}

export function makeClassInfo(
  Class: AnyClass,
  moduleUrl: string | undefined,
  options: RemoteOptions,
): ClassInfo {
  const type = options.type ?? Class.name
  if (type === '')
    throw errors.invalidArgument('Class', Class, 'a class with a name, or { type } among its options')
  const methods = exposed(Class)
  if (methods.size >= MAX_METHODS)
    throw errors.invalidArgument('Class', type, `a class with fewer than ${MAX_METHODS} methods`)
  const key = moduleUrl === undefined ? type : `${moduleUrl}#${type}`
  const description = { key, type, methods: [...methods.keys()], streams: streaming(methods, options) }
  const receive = (Class.prototype as Partial<Actor>).receive
  return {
    Class,
    type,
    moduleUrl,
    options,
    description,
    text: JSON.stringify(description),
    table: [
      typeof receive === 'function' && receive !== Actor.prototype.receive ? (receive as Method) : undefined,
      ...methods.values(),
    ],
    serial: Class.prototype instanceof Actor,
  }
}
