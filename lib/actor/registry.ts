// The classes that this thread knows, and who waits for one to register itself.

import { errors, reading } from '../errors/index.js'
import type { RemoteOptions } from '../options/index.js'
import { type AnyClass, type ClassInfo, makeClassInfo } from './class-info.js'

/** One a process and thread, whichever copy of the package asks, so that two copies are found out. */
interface Registry {
  readonly version: string
  readonly classes: Map<string, ClassInfo>
  readonly byConstructor: WeakMap<AnyClass, ClassInfo>
  readonly waiting: Map<string, (() => void)[]>
}

const VERSION = '0.1'
const KEY = Symbol.for('pulsing.registry')

function registry(): Registry {
  const shared = globalThis as { [KEY]?: Registry }
  const found = shared[KEY]
  if (found === undefined) {
    const made: Registry = {
      version: VERSION,
      classes: new Map(),
      byConstructor: new WeakMap(),
      waiting: new Map(),
    }
    shared[KEY] = made
    return made
  }
  if (found.version !== VERSION) throw errors.packageConflict(found.version, VERSION)
  return found
}

export function register(Class: AnyClass, moduleUrl: string, options: RemoteOptions): ClassInfo {
  const { classes, byConstructor, waiting } = registry()
  const info = describeClass(Class, moduleUrl, options)
  const { key } = info.description
  const before = classes.get(key)
  if (before !== undefined && before.Class !== Class) throw errors.classConflict(info.type, moduleUrl)
  classes.set(key, info)
  byConstructor.set(Class, info)
  for (const tell of waiting.get(key) ?? []) tell()
  waiting.delete(key)
  return info
}

function describeClass(Class: AnyClass, moduleUrl: string | undefined, options: RemoteOptions): ClassInfo {
  return reading('Class', () => {
    if (typeof Class !== 'function' || typeof Class.prototype !== 'object')
      throw errors.invalidArgument('Class', Class, 'a class')
    return makeClassInfo(Class, moduleUrl, options)
  })
}

/** What is known of a class; one that was never given a module lives on the thread that has it. */
export function classInfo(Class: AnyClass): ClassInfo {
  const { byConstructor } = registry()
  let info = byConstructor.get(Class)
  if (info === undefined) {
    info = describeClass(Class, undefined, {})
    byConstructor.set(Class, info)
  }
  return info
}

export function findClass(key: string): ClassInfo | undefined {
  return registry().classes.get(key)
}

/** Names that a module has registered. */
export function registeredBy(moduleUrl: string): string[] {
  return [...registry().classes.values()]
    .filter((info) => info.moduleUrl === moduleUrl)
    .map((info) => info.type)
}

/** Calls back once the class has registered itself. */
export function whenRegistered(key: string, callback: () => void): void {
  const { waiting } = registry()
  const list = waiting.get(key)
  if (list === undefined) waiting.set(key, [callback])
  else list.push(callback)
}
