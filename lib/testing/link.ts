// A way to an actor on which messages are lost, late, or in another order, as a test says.

import type { ActorProxy, ActorRef } from '../index.js'
import type { ManualClock } from './clock.js'
import type { Heard } from './double.js'

type Rule =
  | { readonly kind: 'drop'; left: number }
  | { readonly kind: 'delay'; left: number; readonly ms: number }
  | { readonly kind: 'reorder'; left: number; readonly held: (() => void)[] }

export class Link<T = object> {
  /** What stands for the actor: give it to those whose messages are to take this way. */
  readonly ref: ActorRef
  readonly proxy: ActorProxy<T>
  readonly #state: LinkState

  /** @internal Made by TestSystem.link. */
  constructor(proxy: ActorProxy<T>, state: LinkState) {
    this.ref = proxy.ref
    this.proxy = proxy
    this.#state = state
  }

  /** The next messages are lost: who asks is never answered, and has its timeout. */
  drop(count = 1): this {
    return this.#add({ kind: 'drop', left: counted(count) })
  }

  /** The next messages arrive so many milliseconds later, by the test's clock. */
  delay(ms: number, count = 1): this {
    return this.#add({ kind: 'delay', left: counted(count), ms })
  }

  /** The next messages arrive when the last of them is there, in the opposite order. */
  reorder(count = 2): this {
    return this.#add({ kind: 'reorder', left: counted(count), held: [] })
  }

  /** All messages are lost from now on. */
  cut(): this {
    this.#state.isCut = true
    return this
  }

  /** They are not any more. */
  heal(): this {
    this.#state.isCut = false
    return this
  }

  /** @internal Faults that were ordered and did not happen. */
  get outstanding(): string[] {
    return this.#state.rules.map(({ kind, left }) => `${kind} of ${left} messages`)
  }

  #add(rule: Rule): this {
    this.#state.rules.push(rule)
    return this
  }
}

function counted(count: number): number {
  if (Number.isInteger(count) && count > 0) return count
  throw new RangeError(`${count} messages can't be meant: give a whole number above 0.`)
}

/** @internal */
export interface LinkState {
  readonly rules: Rule[]
  /** Those that are lost, or late: given up at the end. */
  readonly kept: Set<(error: Error) => void>
  isCut: boolean
}

/** @internal Of the end of a test. */
export function endLink({ kept }: LinkState): void {
  for (const giveUp of kept) giveUp(new Error('the test has ended'))
}

/** @internal What happens to a message on its way; resolves when it may go on, never where it is lost. */
export function passed(state: LinkState, clock: ManualClock): Promise<void> | undefined {
  const [rule] = state.rules
  if (!state.isCut && rule === undefined) return undefined
  return new Promise((resolve, reject) => {
    state.kept.add(reject)
    if (state.isCut || rule === undefined) return
    rule.left--
    if (rule.left === 0) state.rules.shift()
    const go = () => {
      state.kept.delete(reject)
      resolve()
    }
    if (rule.kind === 'delay') clock.setTimeout(go, rule.ms)
    if (rule.kind !== 'reorder') return
    rule.held.unshift(go)
    // When the last is on its way as well.
    if (rule.left === 0)
      queueMicrotask(() => {
        for (const next of rule.held) next()
      })
  })
}

/** @internal A stream's call, which awaited would be read to its end. */
export async function* streamOn(
  passing: Promise<void> | undefined,
  target: ActorRef,
  { method, args }: Heard,
): AsyncGenerator<unknown, unknown> {
  await passing
  return yield* target.asAny()[method]?.(...args) as AsyncIterable<unknown>
}

/** @internal */
export function passOn(target: ActorRef, { method, args }: Heard): unknown {
  if (method === 'receive') return target.ask(args[0], { timeoutMs: Number.POSITIVE_INFINITY })
  return target.asAny()[method]?.(...args)
}
