// A system for a test: on the test's own thread, with a clock that the test moves, and nothing left over at its end.

import { AssertionError } from 'node:assert'
import {
  type ActorProxy,
  type ActorRef,
  ActorSystem,
  type DeadLetter,
  type SpawnOptions,
  type SystemOptions,
  type UnobservedError,
} from '../index.js'
import { ManualClock } from './clock.js'
import { doubleOf, type Heard, typeOf } from './double.js'
import { endLink, Link, type LinkState, passed, passOn, streamOn } from './link.js'
import { hear, Probe, type ProbeState } from './probe.js'

/** Turns of the event loop without anything to do, until all is taken to be done. */
const QUIET_TURNS = 3
/** What does not come to rest by then is a test that runs in a circle. */
const RESTLESS_MS = 5000

/** What is under way at the end of a test has no more than that. */
const GIVEN_UP_MS = 50

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

type Class<T> = new (...args: never[]) => T

/** What may be left over at the end of a test without a failure. */
export type Leftover = 'asks' | 'deadLetters' | 'errors' | 'faults'

export interface TestSystemOptions extends SystemOptions {
  /** Engine threads, 0 unless set. With some, the clock is that of the test's own thread alone. */
  readonly threads?: number | undefined
  /** How long actors may be busy before that is taken for a fault, in real milliseconds: 5,000 unless set. */
  readonly restlessMs?: number | undefined
  /** What may be left over: nothing unless set. */
  readonly allow?: readonly Leftover[] | undefined
}

export class TestSystem {
  readonly system: ActorSystem
  readonly clock: ManualClock
  /** Messages that could not be delivered. Looked at, they are to be taken out: `splice(0)`. */
  readonly deadLetters: DeadLetter[] = []
  /** Errors that nobody waited for. Looked at, they are to be taken out: `splice(0)`. */
  readonly errors: UnobservedError[] = []
  readonly #restlessMs: number
  readonly #allowed: ReadonlySet<Leftover>
  readonly #links: Link<never>[] = []
  readonly #ends: (() => void)[] = []
  #closed: Promise<void> | undefined

  private constructor(
    system: ActorSystem,
    clock: ManualClock,
    allow: readonly Leftover[],
    restlessMs: number,
  ) {
    this.#restlessMs = restlessMs
    this.system = system
    this.clock = clock
    this.#allowed = new Set(allow)
    system.on('deadLetter', (event) => this.deadLetters.push(event))
    system.on('unobservedError', (event) => this.errors.push(event))
  }

  /** @internal */
  static async start({
    allow = [],
    restlessMs = RESTLESS_MS,
    ...options
  }: TestSystemOptions = {}): Promise<TestSystem> {
    let system: ActorSystem | undefined
    const clock = new ManualClock(() => settled(system as ActorSystem, restlessMs))
    system = await ActorSystem.start({ threads: 0, logger: quiet, ...options }, clock)
    return new TestSystem(system, clock, allow, restlessMs)
  }

  /** Spawns an actor of a class, which need not be given to `remote`, and gives its proxy. Options and errors as system.spawn. */
  async spawn<T extends object>(Class: Class<T>, options?: SpawnOptions): Promise<ActorProxy<T>> {
    return (await this.system.spawn(Class, options)).asType(Class)
  }

  /** An actor that keeps what it is sent. Class: whose methods it has; it takes plain messages in any case. */
  async probe<T extends object = object>(Class?: Class<T>, options?: SpawnOptions): Promise<Probe<T>> {
    const state: ProbeState = { heard: [], answers: new Map(), listeners: new Set() }
    const handle = (call: Heard, isStream: boolean) => {
      const answer = hear(state, call)
      return isStream ? (answer ?? []) : answer
    }
    const double = doubleOf<T>(Class, Class?.name ?? 'Probe', handle)
    const proxy = (await this.system.spawn(double, options)).asType(typeOf(double))
    return new Probe<T>(proxy, state, () => this.settle())
  }

  /**
   * A way to an actor on which messages are lost, late or in another order, as its methods say.
   * @param target the actor: a reference, or a proxy
   * @param Class that of the actor: its methods go this way; plain messages do in any case
   */
  async link<T extends object = object>(
    target: ActorRef | ActorProxy<T>,
    Class?: Class<T>,
  ): Promise<Link<T>> {
    const state: LinkState = { rules: [], kept: new Set(), isCut: false }
    this.#ends.push(() => endLink(state))
    const ref = 'ref' in target ? (target.ref as ActorRef) : (target as ActorRef)
    const handle = (call: Heard, isStream: boolean) => {
      const passing = passed(state, this.clock)
      if (isStream) return streamOn(passing, ref, call)
      return passing === undefined ? passOn(ref, call) : passing.then(() => passOn(ref, call))
    }
    const double = doubleOf<T>(Class, `Link to ${Class?.name ?? ref}`, handle)
    const proxy = (await this.system.spawn(double)).asType(typeOf(double))
    const link = new Link<T>(proxy, state)
    this.#links.push(link as unknown as Link<never>)
    return link
  }

  /** Resolves when all that can be done at once is done; time stands still. */
  settle(): Promise<void> {
    return settled(this.system, this.#restlessMs)
  }

  /** Ends an engine thread in the middle of what it does; resolves when the system knows. For a system with `threads`. */
  kill(slot: number): Promise<void> {
    const { threads } = this.system.stats()
    if (!Number.isInteger(slot) || slot < 1 || slot >= threads.length)
      throw new RangeError(
        `There is no engine thread ${slot} to be killed: this system has ${threads.length - 1}.`,
      )
    return new Promise((resolve) => {
      const died = (event: { readonly slot: number }) => {
        if (event.slot !== slot) return
        this.system.off('threadDied', died)
        resolve()
      }
      this.system.on('threadDied', died)
      this.system.endThread(slot)
    })
  }

  /**
   * Ends the system. Fails where something is left over: calls without an answer, dead letters and errors that the test has not
   * taken out, faults that were ordered and did not happen.
   * @throws AssertionError that lists them
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const left: string[] = []
    const rest = () => this.settle().catch(({ message }: Error) => void left.push(`  ${message}`))
    await rest()
    left.push(...this.#leftovers())
    for (const end of this.#ends) end()
    if (left.length === 0) await rest()
    const { asksUnderWay, callsUnderWay } = this.system
    if (callsUnderWay > asksUnderWay && !this.#allowed.has('asks'))
      left.push(`  ${callsUnderWay - asksUnderWay} calls under way that nobody waits for`)
    const isDone = left.length === 0 && callsUnderWay === 0
    await this.system.shutdown(isDone ? {} : { timeoutMs: GIVEN_UP_MS })
    if (left.length > 0)
      throw new AssertionError({ message: `left over at the end of the test:\n${left.join('\n')}` })
  }

  #leftovers(): string[] {
    const left: string[] = []
    const { asksUnderWay } = this.system
    if (asksUnderWay > 0 && !this.#allowed.has('asks'))
      left.push(`  ${asksUnderWay} calls that were not answered, and have not timed out`)
    if (!this.#allowed.has('deadLetters'))
      for (const { actor, method, reason } of this.deadLetters)
        left.push(`  a dead letter for ${actor}, ${method}: ${reason}`)
    if (!this.#allowed.has('errors'))
      for (const { actor, method, error } of this.errors)
        left.push(`  an error of ${actor}, ${method}, that nobody waited for: ${error.message}`)
    if (!this.#allowed.has('faults'))
      for (const link of this.#links)
        for (const fault of link.outstanding) left.push(`  a fault that did not happen: ${fault}`)
    return left
  }
}

/** Nothing waits to be handled, for some turns of the event loop. */
async function settled(system: ActorSystem, restlessMs: number): Promise<void> {
  const begun = performance.now()
  for (let quietTurns = 0; quietTurns < QUIET_TURNS; ) {
    if (performance.now() - begun > restlessMs)
      throw new AssertionError({
        message: `the actors do not come to rest within ${restlessMs} ms: do they send each other messages for ever?`,
      })
    await new Promise((resolve) => setImmediate(resolve))
    quietTurns = system.isBusy ? 0 : quietTurns + 1
  }
}
