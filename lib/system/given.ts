// What users give to a system, checked: actors, classes, factories, listeners.

import { type ActorRecord, type ActorRef, type AnyClass, type ClassInfo, classInfo } from '../actor/index.js'
import { Target, targetOf } from '../engine/index.js'
import { errors, reading } from '../errors/index.js'
import type { ResolvedSpawnOptions } from '../options/index.js'
import type { RestartSpec, Supervised } from '../supervision/index.js'
import { EVENTS, type SystemEvents } from './events.js'

export function infoOf(instance: object): ClassInfo {
  return reading('actor', () => classOf(instance))
}

function classOf(instance: object): ClassInfo {
  if (isPlain(instance) || targetOf(instance) !== undefined)
    throw errors.invalidArgument('actor', instance, 'an instance of a class, or a class')
  const Class = instance.constructor as AnyClass | undefined
  if (typeof Class === 'function' && Class.prototype === Object.getPrototypeOf(instance))
    return classInfo(Class)
  const prototype = Object.getPrototypeOf(instance) as object | null
  throw errors.invalidArgument(
    'actor',
    prototype === null ? 'an object without a class' : instance,
    'an instance of a class',
  )
}

export function checkInstance(what: unknown): object {
  if (typeof what === 'object' && what !== null) return what
  throw errors.invalidArgument('actor', what, 'an instance of a class, or a class')
}

/** The instance that is there already, then ones of the factory: all of one class. */
export function makerOf(instance: object, factory: () => object): () => object {
  let first: object | undefined = instance
  const prototype = Object.getPrototypeOf(instance)
  return () => {
    const made = first ?? checkInstance(factory())
    first = undefined
    if (Object.getPrototypeOf(made) !== prototype)
      throw errors.invalidArgument('factory', made, 'a function that makes instances of one class')
    return made
  }
}

/** What a spawn says of restarts; its parent says what a failure does to its siblings. */
export function restartsOf(options: ResolvedSpawnOptions, parent: ActorRef | undefined): RestartSpec {
  const {
    restartPolicy: policy,
    maxRestarts,
    restartWindowMs,
    minBackoffMs,
    maxBackoffMs,
    strategy,
  } = options
  const record = parent === undefined ? undefined : (targetOf(parent)?.cell?.actor as ActorRecord | undefined)
  const group = (record?.supervision as Supervised | undefined)?.spec.strategy
  return { policy, maxRestarts, restartWindowMs, minBackoffMs, maxBackoffMs, strategy, group }
}

/** It has no methods of its own that anybody could call. */
function isPlain(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}

export const ACTOR = 'the name of an actor, a reference or a proxy'

/** The engine's own, which needs no check. */
export function isTarget(which: unknown): which is Target {
  return reading('which', () => which instanceof Target)
}

export function isClass(factory: () => object): boolean {
  return reading('factory', () => /^class\b/.test(Function.prototype.toString.call(factory)))
}

/** Of on and off. */
export function checkListener(event: unknown, listener: unknown): void {
  if (!EVENTS.includes(event as keyof SystemEvents))
    throw errors.invalidArgument('event', event, `one of ${EVENTS.join(', ')}`)
  if (typeof listener !== 'function') throw errors.invalidArgument('listener', listener, 'a function')
}
