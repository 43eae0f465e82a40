// Where in a value the first thing stands that can't be carried.

import { types } from 'node:util'
import { REF } from '../symbols.js'
import {
  BUFFER_KIND,
  describe,
  ERROR_KIND,
  kindOf,
  LIST,
  MAP_KIND,
  PLAIN,
  SET_KIND,
  UNFIT,
  VIEW_KIND,
} from './kinds.js'
import { MAX_DEPTH } from './tags.js'
import { isDetached } from './transfer.js'

/** Path from the root on, reason, and what was thrown where something was. */
export interface Found {
  readonly path: string
  readonly reason: string
  readonly cause?: unknown
}

/** A value still to be looked at, and the way to it. */
interface Step {
  readonly value: unknown
  readonly from: Step | undefined
  readonly name: string
  readonly depth: number
}

const MAX_PATH = 300

/** Runs the getters of the value again. An error is always carried: what its fields can't bring along is left out. */
export function findUnfit(root: unknown): Found | undefined {
  const left: Step[] = [{ value: root, from: undefined, name: '', depth: 0 }]
  const seen = new Set<unknown>()
  for (let step = left.pop(); step !== undefined; step = left.pop()) {
    try {
      const { value } = step
      const reason = whyUnfit(value)
      if (reason !== undefined) return { path: pathOf(step), reason }
      if (typeof value !== 'object' || value === null || seen.has(value)) continue
      if (step.depth > MAX_DEPTH) {
        return { path: pathOf(step), reason: `it is nested deeper than ${MAX_DEPTH} levels` }
      }
      seen.add(value)
      const children = childrenOf(value, step)
      while (children.length > 0) left.push(children.pop() as Step)
    } catch (cause) {
      const at = cause instanceof Thrown ? { ...step, from: step, name: cause.name } : step
      return {
        path: pathOf(at),
        reason: 'it threw an error while it was read',
        cause: cause instanceof Thrown ? cause.cause : cause,
      }
    }
  }
  return undefined
}

function whyUnfit(value: unknown): string | undefined {
  if (typeof value === 'symbol') return `it is ${describe(value)}`
  if (typeof value === 'function') {
    return (value as { [REF]?: unknown })[REF] ? undefined : `it is ${describe(value)}`
  }
  if (typeof value !== 'object' || value === null) return undefined
  const kind = kindOf(value)
  if (kind === UNFIT) return `it is ${describe(value)}`
  const buffer =
    kind === VIEW_KIND ? (value as ArrayBufferView).buffer : kind === BUFFER_KIND ? value : undefined
  if (types.isArrayBuffer(buffer) && isDetached(buffer)) return 'its ArrayBuffer is detached'
  if (kind === VIEW_KIND) (value as ArrayBufferView).byteLength // throws for a DataView that is out of bounds
  return undefined
}

/** What a getter threw, and its property. */
class Thrown {
  readonly name: string
  readonly cause: unknown
  constructor(name: string, cause: unknown) {
    this.name = name
    this.cause = cause
  }
}

function childrenOf(value: object, from: Step): Step[] {
  const steps: Step[] = []
  const add = (name: string, child: unknown) =>
    steps.push({ value: child, from, name, depth: from.depth + 1 })
  switch (kindOf(value)) {
    case PLAIN:
    case LIST:
      for (const key of Object.keys(value)) {
        const name = nameOf(key, Array.isArray(value))
        let child: unknown
        try {
          child = (value as Record<string, unknown>)[key]
        } catch (error) {
          throw new Thrown(name, error)
        }
        add(name, child)
      }
      break
    case MAP_KIND: {
      let at = 0
      Map.prototype.forEach.call(value, (entry, key) => {
        add(`.keys()[${at}]`, key)
        add(
          `.get(${typeof key === 'string' ? JSON.stringify(key) : isPrimitive(key) ? String(key) : `key ${at}`})`,
          entry,
        )
        at++
      })
      break
    }
    case SET_KIND:
      Set.prototype.forEach.call(value, (entry) => add(`.values()[${steps.length}]`, entry))
      break
    case ERROR_KIND:
      break
  }
  return steps
}

function nameOf(key: string, isIndex: boolean): string {
  if (isIndex && /^\d+$/.test(key)) return `[${key}]`
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' || value === null) && typeof value !== 'function'
}

function pathOf(step: Step): string {
  const names: string[] = []
  for (let at: Step | undefined = step; at !== undefined; at = at.from) names.push(at.name)
  const path = names.reverse().join('')
  if (path.length <= MAX_PATH) return path
  return `${path.slice(0, MAX_PATH / 2)}…${path.slice(-MAX_PATH / 2)}`
}

/** Where a value can't be shared. All objects in it that are not shared yet are put into `objects`. */
export function findUnshareable(
  root: unknown,
  objects: object[],
  isShared: (object: object) => boolean,
): Found | undefined {
  const left: Step[] = [{ value: root, from: undefined, name: '', depth: 0 }]
  const seen = new Set<unknown>()
  for (let step = left.pop(); step !== undefined; step = left.pop()) {
    const { value } = step
    if (typeof value === 'function' || typeof value === 'symbol') {
      return {
        path: pathOf(step),
        reason: `it is ${describe(value)}, and only plain objects and arrays can be shared`,
      }
    }
    if (typeof value !== 'object' || value === null || seen.has(value) || isShared(value)) continue
    seen.add(value)
    if (!isBare(value))
      return {
        path: pathOf(step),
        reason: `it is ${describe(value)}, and only plain objects and arrays can be shared`,
      }
    objects.push(value)
    for (const key of Reflect.ownKeys(value)) {
      const name = typeof key === 'symbol' ? `[${String(key)}]` : nameOf(key, Array.isArray(value))
      const child: Step = {
        value: Object.getOwnPropertyDescriptor(value, key)?.value,
        from: step,
        name,
        depth: step.depth + 1,
      }
      if (!('value' in (Object.getOwnPropertyDescriptor(value, key) ?? {}))) {
        return {
          path: pathOf(child),
          reason: 'it is a getter, and only plain objects and arrays of values can be shared',
        }
      }
      left.push(child)
    }
  }
  return undefined
}

function isBare(value: object): boolean {
  if (types.isProxy(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (Array.isArray(value) && prototype === Array.prototype)
  )
}
