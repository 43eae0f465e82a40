// Actors that stand in for another of a class: they have its methods, and do something else.

import { Actor } from '../index.js'

/** A call of such an actor: what it was given. */
export interface Heard {
  /** `receive` for a plain message. */
  readonly method: string
  readonly args: readonly unknown[]
}

type Class<T> = abstract new (...args: never[]) => T
type Handle = (heard: Heard, isStream: boolean) => unknown

/** An instance whose methods are those of the class, and receive; each gives what `handle` gives. */
export function doubleOf<T extends object>(Original: Class<T> | undefined, name: string, handle: Handle): T {
  // No Actor: of that one call at a time would be under way, and a message that is lost would hold up all others.
  class Double {
    receive(message: unknown): unknown {
      return handle({ method: 'receive', args: [message] }, false)
    }
  }
  Object.defineProperty(Double, 'name', { value: name })
  for (const [method, isStream] of methodsOf(Original)) {
    const value = isStream
      ? async function* (...args: unknown[]) {
          return yield* (await handle({ method, args }, true)) as AsyncIterable<unknown>
        }
      : (...args: unknown[]) => handle({ method, args }, false)
    Object.defineProperty(Double.prototype, method, { value, configurable: true, writable: true })
  }
  return new Double() as unknown as T
}

/** Its own class, as far as proxies are concerned that of what it stands for. */
export function typeOf<T extends object>(double: T): Class<T> {
  return double.constructor as unknown as Class<T>
}

/** Names of its methods, and whether they are generators. */
function methodsOf(Original: Class<object> | undefined): Map<string, boolean> {
  const found = new Map<string, boolean>()
  for (
    let prototype: object | null = Original?.prototype ?? null;
    prototype !== null && prototype !== Object.prototype && prototype !== Actor.prototype;
    prototype = Object.getPrototypeOf(prototype)
  )
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor
      if (typeof value !== 'function' || HOOKS.has(name) || found.has(name)) continue
      found.set(name, /Generator/.test(value.constructor.name))
    }
  return found
}

/** What the engine calls of itself. */
const HOOKS: ReadonlySet<string> = new Set([
  'constructor',
  'receive',
  'onStart',
  'onStop',
  'onSignal',
  'metadata',
])
