// pul.delayed: calls made later.

import { CELL } from '../engine/index.js'
import { errors, reading } from '../errors/index.js'
import { self } from './context.js'
import type { DelayedCall } from './delay.js'
import { delayingProxy } from './proxy.js'
import type { Hidden } from './types.js'

/** A proxy's methods, or an actor's own, as `delayed` gives them. */
export type Delayed<T> = {
  readonly [K in keyof T]: K extends Hidden | symbol
    ? never
    : T[K] extends (...args: infer A) => unknown
      ? (...args: A) => DelayedCall
      : never
}

/** The longest that a timer of Node's waits. */
const MOST_MS = 2 ** 31 - 1

/**
 * A proxy whose methods are called later, one way, as `tell` calls them (contract, section 2): `pul.delayed(proxy,
 * 1000).incr()`, or of one's own `pul.delayed<Counter>(this, 1000).incr()`, which ends with the actor. The arguments are
 * copied now. Until then the process stays alive.
 * @param delayMs milliseconds from 0 to 2,147,483,647
 * @returns for each method a function that gives a handle with `cancel()`
 * @throws ERR_PULSING_INVALID_ARGUMENT; the methods throw ERR_PULSING_NOT_SERIALIZABLE
 */
export function delayed<T extends object>(what: T, delayMs: number): Delayed<T> {
  if (!(typeof delayMs === 'number' && delayMs >= 0 && delayMs <= MOST_MS))
    throw errors.invalidArgument('delayMs', delayMs, 'milliseconds from 0 to 2,147,483,647')
  const isOwn = reading('proxy', () => typeof what === 'object' && what !== null && CELL in what)
  return delayingProxy(isOwn ? self(what) : what, delayMs) as Delayed<T>
}
