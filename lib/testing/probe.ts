// An actor that keeps what it is sent, for a test to look at.

import { AssertionError } from 'node:assert'
import { inspect } from 'node:util'
import type { ActorProxy, ActorRef } from '../index.js'
import type { Heard } from './double.js'

/** How long `next` waits, in real milliseconds, unless it is told. */
const WAIT_MS = 2000

/** Which of what was heard: of that method, or such that the function gives true. */
export type Wanted = string | ((heard: Heard) => boolean)

/** What a method answers: a value, or what a function of its arguments gives or throws. An array, for a generator's items. */
export type Answer = unknown | ((...args: never[]) => unknown)

export class Probe<T = object> {
  /** The actor. It can be sent to others. */
  readonly ref: ActorRef
  /** Its proxy, typed as that of the class that it stands for. */
  readonly proxy: ActorProxy<T>
  readonly #settle: () => Promise<void>
  readonly #all: Heard[]
  readonly #answers: Map<string, Answer>
  readonly #listeners: Set<() => void>
  /** Those that `next` has given. */
  readonly #taken = new Set<Heard>()

  /** @internal Made by TestSystem.probe. */
  constructor(proxy: ActorProxy<T>, state: ProbeState, settle: () => Promise<void>) {
    this.ref = proxy.ref
    this.proxy = proxy
    this.#all = state.heard
    this.#answers = state.answers
    this.#listeners = state.listeners
    this.#settle = settle
  }

  /** Everything that it was sent so far, in its order. */
  get heard(): readonly Heard[] {
    return this.#all
  }

  /**
   * The first that is wanted of what no `next` has given yet; waits for it.
   * @param wanted the name of a method (`receive` for plain messages) or a function; any unless set
   * @param options.timeoutMs how long to wait, in real milliseconds: 2,000 unless set
   * @throws AssertionError that says what was heard instead
   */
  async next(wanted?: Wanted, { timeoutMs = WAIT_MS }: { timeoutMs?: number } = {}): Promise<Heard> {
    const isWanted =
      typeof wanted === 'function' ? wanted : ({ method }: Heard) => wanted === undefined || method === wanted
    const take = () => {
      const found = this.#all.find((one) => !this.#taken.has(one) && isWanted(one))
      if (found !== undefined) this.#taken.add(found)
      return found
    }
    const there = take()
    if (there !== undefined) return there
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(late)
        this.#listeners.delete(look)
      }
      const look = () => {
        const found = take()
        if (found === undefined) return
        end()
        resolve(found)
      }
      const late = setTimeout(() => {
        end()
        const what = typeof wanted === 'string' ? wanted : 'what was wanted'
        reject(failure(`${what} was not heard within ${timeoutMs} ms`, this.#rest()))
      }, timeoutMs)
      this.#listeners.add(look)
    })
  }

  /** Once all that can be done at once is done: fails where it has heard anything that no `next` has given. */
  async expectNone(): Promise<void> {
    await this.#settle()
    if (this.#rest().length > 0) throw failure('nothing more was to be heard', this.#rest())
  }

  /** What a method gives from now on; undefined unless set. */
  answer(method: keyof T & string, answer: Answer): this {
    this.#answers.set(method, answer)
    return this
  }

  #rest(): Heard[] {
    return this.#all.filter((one) => !this.#taken.has(one))
  }
}

/** @internal */
export interface ProbeState {
  readonly heard: Heard[]
  readonly answers: Map<string, Answer>
  readonly listeners: Set<() => void>
}

/** @internal What a probe does with a call. */
export function hear({ heard, answers, listeners }: ProbeState, call: Heard): unknown {
  heard.push(call)
  for (const listener of [...listeners]) listener()
  const answer = answers.get(call.method)
  return typeof answer === 'function'
    ? (answer as (...args: readonly unknown[]) => unknown)(...call.args)
    : answer
}

function failure(message: string, rest: readonly Heard[]): AssertionError {
  const heard = rest.map(
    ({ method, args }) => `  ${method}(${args.map((one) => inspect(one, { depth: 2 })).join(', ')})`,
  )
  const said = heard.length === 0 ? 'nothing' : `\n${heard.join('\n')}`
  return new AssertionError({ message: `${message}; the probe has heard: ${said}` })
}
