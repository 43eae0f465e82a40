// Symbols by which the layers, and two copies of the package, know each other's objects.

import type { Target } from './target.js'

/** A reference or a proxy has it: its target. */
export const REF: unique symbol = Symbol.for('pulsing.ref') as never
/** An actor's instance has it: its cell. */
export const CELL: unique symbol = Symbol.for('pulsing.cell') as never

/** Instances of the class are recognised as references: `target` gives where their messages go. */
export function giveTarget<T>(
  Class: abstract new (...args: never[]) => T,
  target: (instance: T) => Target,
): void {
  Object.defineProperty(Class.prototype, REF, {
    get(this: T) {
      return target(this)
    },
  })
}

/** The target of a reference or proxy; undefined for anything else. */
export function targetOf(value: unknown): Target | undefined {
  return typeof value === 'object' && value !== null ? (value as { [REF]?: Target })[REF] : undefined
}
