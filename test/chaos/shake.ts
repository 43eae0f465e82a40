// One tree, shaken round by round: each round sends a known load, breaks what its seed says, waits until all is quiet, and
// compares what became of each message with what may.

import { setTimeout as sleep } from 'node:timers/promises'
import { type ActorRef, type ActorSystem, actorSystem, type Logger, tell, withCall } from 'pulsing'
import { Branch, Chatter, type ChatterProxy, Leaf, type LeafProxy, leafName, type Plant } from './actors.js'
import { LEAVES, Ledger, MESSAGES, SENDERS } from './ledger.js'
import { again, readAll, within } from './patience.js'
import { Random } from './random.js'

export const THREADS = 2
/** These belong to branches; the others have the host as their parent, and outlive their threads. */
const BRANCHES = 10
const LEAVES_OF_BRANCHES = 500
/** Of the others, these are given up after so many restarts. */
const FRAGILE = 20
const FRAGILE_RESTARTS = 2
const ROUND_MS = 250

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

const CALLS = { note: 60, asked: 20, later: 10, count: 2, fail: 4, refuse: 2 }
const FAULTS = { exit: 4, stray: 4, loop: 2, fill: 1 }

type Kind = keyof typeof CALLS | keyof typeof FAULTS

interface Sent {
  readonly leaf: number
  readonly kind: Kind
  /** Of an ask or a stream: undefined until it has settled. */
  outcome: 'done' | string | undefined
  readonly isTell: boolean
}

/** What its policy counts. */
interface Failures {
  /** Those that were answered. */
  known: number
  /** Those that had begun when its thread died: it may have heard of them, or not. */
  maybe: number
  /** Of its thread, before it was spawned. */
  readonly deathsBefore: number
}

export interface Summary {
  rounds: number
  messages: number
  deaths: number
  restarts: number
  deadLetters: number
  lost: number
}

export interface ShakeOptions {
  readonly seed: number
  readonly plant?: Plant
}

const unlimited = { timeoutMs: Number.POSITIVE_INFINITY }

export class Shake {
  readonly #options: ShakeOptions
  readonly #ledger = new Ledger()
  readonly #deadLetters = new Set<number>()
  #deadLettersHeard = 0
  /** Deaths by slot, since the beginning. */
  readonly #deaths: number[] = []
  readonly summary: Summary = { rounds: 0, messages: 0, deaths: 0, restarts: 0, deadLetters: 0, lost: 0 }
  #system!: ActorSystem
  #leaves: LeafProxy[] = []
  #chatters: ChatterProxy[] = []
  readonly #branches: ActorRef[] = []
  /** Of the leaves that outlive their threads. */
  readonly #failures: Failures[] = []

  private constructor(options: ShakeOptions) {
    this.#options = options
  }

  static async start(options: ShakeOptions): Promise<Shake> {
    const shake = new Shake(options)
    await shake.#plant()
    return shake
  }

  get system(): ActorSystem {
    return this.#system
  }

  async #plant(): Promise<void> {
    this.#system = await actorSystem({
      threads: THREADS,
      logger: quiet,
      stuckThreadMs: 250,
      terminateStuckAfterMs: 1000,
      resourceLimits: { maxOldGenerationSizeMb: 96 },
    })
    this.#system.on('threadDied', ({ slot }) => {
      this.#deaths[slot] = (this.#deaths[slot] ?? 0) + 1
      this.summary.deaths++
    })
    this.#system.on('restart', () => this.summary.restarts++)
    this.#system.on('deadLetter', ({ message }) => {
      this.#deadLettersHeard++
      const number = Array.isArray(message) ? message[0] : undefined
      if (typeof number === 'number' && number >= 0) this.#deadLetters.add(number)
    })
    const leaf = { memory: this.#ledger.memory, plant: this.#options.plant }
    const each = LEAVES_OF_BRANCHES / BRANCHES
    for (let i = 0; i < BRANCHES; i++) {
      const strategy = (['one-for-one', 'one-for-all', 'rest-for-one'] as const)[i % 3]
      const options = { placement: { slot: 1 + (i % THREADS) }, strategy, args: [i * each, each, leaf] }
      this.#branches.push(await again(() => this.#system.spawn(Branch, options)))
    }
    for (let id = LEAVES_OF_BRANCHES; id < LEAVES; id++) await this.#spawnLeaf(id)
    for (let sender = 1; sender <= THREADS * 2; sender++) {
      if (sender >= SENDERS) throw new Error('more senders than the ledger has room for')
      const options = {
        placement: { slot: 1 + (sender % THREADS) },
        args: [sender, this.#ledger.memory],
      }
      const ref = await again(() => this.#system.spawn(Chatter, options))
      this.#chatters.push(withCall(ref.asType(Chatter), unlimited))
    }
  }

  #isFragile(id: number): boolean {
    return id >= LEAVES - FRAGILE
  }

  #slotOf(id: number): number {
    return 1 + (id % THREADS)
  }

  async #spawnLeaf(id: number): Promise<void> {
    const options = {
      name: leafName(id),
      placement: { slot: this.#slotOf(id) },
      args: [{ id, memory: this.#ledger.memory, plant: this.#options.plant }],
      ...(this.#isFragile(id) ? { maxRestarts: FRAGILE_RESTARTS, restartWindowMs: 2 ** 31 } : {}),
    }
    await again(() => this.#system.spawn(Leaf, options))
    const deathsBefore = this.#deaths[this.#slotOf(id)] ?? 0
    this.#failures[id] = { known: 0, maybe: 0, deathsBefore }
  }

  /** What is wrong with the round, in sentences; nothing where all is as it should be. */
  async round(round: number): Promise<string[]> {
    const random = new Random(this.#options.seed, round)
    const wrong: string[] = []
    this.#ledger.clear()
    this.#deadLetters.clear()
    const { deadLetters: deadBefore, threadsDied: diedBefore } = this.#system.stats()
    const heardBefore = this.#deadLettersHeard
    await this.#find()
    this.#ledger.isOver = false
    const refs = this.#leaves.map(({ ref }) => ref)
    const chatting = this.#chatters.map((chatter) =>
      chatter.run(random.next() < 0.5 ? refs.slice(0, 200) : refs.slice(-200)).catch(() => undefined),
    )
    const { sent, settled } = await this.#load(random)
    this.#ledger.isOver = true
    const chats = await within(Promise.all(chatting), 'the chatter has not settled', wrong)
    for (const chat of chats ?? [])
      if (chat !== undefined && chat.asked !== chat.settled)
        wrong.push(`${chat.asked - chat.settled} asks of the chatter have not settled`)
    await within(Promise.all(settled), `${settled.length} asks have not all settled`, wrong)
    await within(this.#calm(), 'not every actor is back', wrong)
    await this.#check(
      sent,
      wrong,
      () => this.#system.stats().deadLetters - deadBefore - (this.#deadLettersHeard - heardBefore),
      this.#system.stats().threadsDied - diedBefore,
    )
    if (wrong.length === 0) await this.#checkRestarts(sent, wrong)
    this.summary.rounds++
    this.summary.messages += sent.length
    return wrong
  }

  /** All leaves, as they are now. */
  async #find(): Promise<void> {
    this.#leaves = await Promise.all(
      Array.from({ length: LEAVES }, async (_, id) =>
        withCall((await this.#system.resolve(leafName(id))).asType(Leaf), unlimited),
      ),
    )
  }

  async #load(random: Random): Promise<{ sent: Sent[]; settled: Promise<unknown>[] }> {
    const sent: Sent[] = []
    const settled: Promise<unknown>[] = []
    const count = 1000 + random.below(MESSAGES - 2000)
    const faults = Array.from({ length: random.below(4) }, () => ({
      at: random.below(count),
      kind: random.weighted(FAULTS),
    }))
    // Some rounds press on few actors, so that much waits for them.
    const few = random.next() < 0.3 ? 1 + random.below(20) : LEAVES
    const first = random.below(LEAVES - few + 1)
    const pause = Math.ceil(count / ROUND_MS)
    for (let number = 0; number < count; number++) {
      const fault = faults.find(({ at }) => at === number)
      const kind: Kind = fault?.kind ?? random.weighted(CALLS)
      const leaf = first + random.below(few)
      const one: Sent = { leaf, kind, outcome: undefined, isTell: kind === 'note' || kind in FAULTS }
      sent.push(one)
      const given = this.#send(one, number, random)
      if (given !== undefined) settled.push(given)
      if (number % pause === 0) await sleep(1)
    }
    return { sent, settled }
  }

  #send(one: Sent, number: number, random: Random): Promise<unknown> | undefined {
    const leaf = this.#leaves[one.leaf] as LeafProxy
    const sequence = this.#ledger.next()
    const keep = (promise: PromiseLike<unknown>) =>
      Promise.resolve(promise).then(
        () => {
          one.outcome = 'done'
        },
        (error: { code?: unknown }) => {
          one.outcome = String(error.code)
        },
      )
    switch (one.kind) {
      case 'asked':
        return keep(leaf.note(number, sequence))
      case 'later':
        return keep(leaf.later(number, sequence, random.below(20)))
      case 'count':
        return keep(readAll(leaf.count(number, sequence)))
      case 'fail':
      case 'refuse':
        return keep(leaf[one.kind](number, sequence))
      default: {
        const accepted = tell(leaf)[one.kind](number, sequence) as Promise<void> | undefined
        return accepted === undefined ? undefined : Promise.resolve(accepted).catch(() => undefined)
      }
    }
  }

  /** Every thread is back, every actor too, and what was sent before has begun. */
  async #calm(): Promise<void> {
    await sleep(2)
    for (let id = 0; id < LEAVES; id += 50)
      await Promise.all(Array.from({ length: 50 }, (_, i) => this.#calmOne(id + i)))
    for (const ref of this.#branches) await ref.asType(Branch).sync()
  }

  async #calmOne(id: number): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await (this.#leaves[id] as LeafProxy).sync() // behind what was sent before
        return
      } catch {
        // It was on its way back, or is another now.
      }
      try {
        const ref = await this.#system.resolve(leafName(id))
        this.#leaves[id] = withCall(ref.asType(Leaf), unlimited)
      } catch {
        if (this.#isFragile(id)) return
      }
      await sleep(Math.min(tries, 20))
    }
  }

  /**
   * @param untold dead letters that were counted, but not told one by one
   * @param deaths of threads in this round: each may have caught one message that the engine had begun, before the first
   *   statement of its method
   */
  async #check(sent: readonly Sent[], wrong: string[], untold: () => number, deaths: number): Promise<void> {
    // Dead letters of other threads are told a little later.
    const missing = () =>
      sent.flatMap((one, number) =>
        one.isTell && this.#ledger.begun(number) === 0 && !this.#deadLetters.has(number) ? [number] : [],
      )
    const until = performance.now() + 2000
    while (missing().length > Math.max(untold(), 0) && performance.now() < until) await sleep(5)
    const gone = missing()
    this.summary.deadLetters += this.#deadLetters.size
    const mayBeGone = gone.filter((number) => this.#mayBeDeadLetter((sent[number] as Sent).leaf))
    const caught = gone.flatMap((number) =>
      mayBeGone.includes(number) ? [] : [`${this.#what(sent, number)} has not begun, and is lost`],
    )
    const tooMany = Math.max(mayBeGone.length - Math.max(untold(), 0), 0)
    if (this.#ledger.swapped > 0) wrong.push(`${this.#ledger.swapped} messages began out of order`)
    sent.forEach((one, number) => {
      const begun = this.#ledger.begun(number)
      if (begun > 1) wrong.push(`${this.#what(sent, number)} has begun ${begun} times`)
      if (begun > 0 && this.#deadLetters.has(number))
        wrong.push(`${this.#what(sent, number)} has begun, and is a dead letter`)
      if (one.isTell) return
      if (one.outcome === 'ERR_PULSING_THREAD_DIED' && begun === 0) {
        caught.push(`${this.#what(sent, number)} failed with ${one.outcome}, but had not begun`)
        return
      }
      const sentence = this.#verdict(one, number, begun)
      if (sentence !== undefined) wrong.push(`${this.#what(sent, number)} ${sentence}`)
      if (one.outcome === 'ERR_PULSING_THREAD_DIED' || one.outcome === 'ERR_PULSING_ACTOR_RESTARTED')
        this.summary.lost++
    })
    if (caught.length + tooMany <= deaths) return
    wrong.push(...caught)
    if (tooMany > 0)
      wrong.push(
        `${tooMany} tells have not begun and are no dead letters, among ${mayBeGone.slice(0, 5).join(', ')}`,
      )
  }

  /** What is wrong with the outcome of an ask. */
  #verdict(one: Sent, number: number, begun: number): string | undefined {
    const { kind, outcome } = one
    switch (outcome) {
      case undefined:
        return 'has not settled'
      case 'done':
        if (kind === 'fail' || kind === 'refuse') return 'was answered, but should have failed'
        return this.#ledger.wasDone(number) && begun === 1 ? undefined : 'was answered, but not handled'
      case 'ERR_PULSING_SYSTEM':
        return kind === 'fail' && begun === 1 ? undefined : `failed with ${outcome}`
      case '409':
        return kind === 'refuse' && begun === 1 ? undefined : `failed with ${outcome}`
      case 'ERR_PULSING_THREAD_DIED':
      case 'ERR_PULSING_ACTOR_RESTARTED':
        return begun === 1 ? undefined : `failed with ${outcome}, but had not begun`
      case 'ERR_PULSING_ACTOR_STOPPED':
        return this.#mayBeDeadLetter(one.leaf) ? undefined : 'found its actor stopped, which should be there'
      default:
        return `failed with ${outcome}`
    }
  }

  /** Its actor may have been given up. */
  #mayBeDeadLetter(leaf: number): boolean {
    return leaf < LEAVES_OF_BRANCHES || this.#isFragile(leaf)
  }

  #what(sent: readonly Sent[], number: number): string {
    const { kind, leaf } = sent[number] as Sent
    return `message ${number} (${kind} to leaf ${leaf})`
  }

  /** Restarts and stops are those that the policy says. */
  async #checkRestarts(sent: readonly Sent[], wrong: string[]): Promise<void> {
    sent.forEach((one, number) => {
      const failures = this.#failures[one.leaf]
      if (failures === undefined || one.kind !== 'fail') return
      if (one.outcome === 'ERR_PULSING_SYSTEM') failures.known++
      else if (this.#ledger.begun(number) > 0) failures.maybe++
    })
    for (let id = LEAVES_OF_BRANCHES; id < LEAVES; id++) {
      const failures = this.#failures[id] as Failures
      const deaths = (this.#deaths[this.#slotOf(id)] ?? 0) - failures.deathsBefore
      const least = failures.known + Math.min(deaths, 1)
      const most = failures.known + failures.maybe + deaths
      const found = await this.#system.describe(leafName(id)).catch(() => undefined)
      if (found !== undefined) {
        if (found.restarts < least || found.restarts > most)
          wrong.push(`leaf ${id} was restarted ${found.restarts} times, not ${least} to ${most}`)
        if (this.#isFragile(id) && least > FRAGILE_RESTARTS)
          wrong.push(`leaf ${id} should have been given up`)
        if (found.status !== 'running') wrong.push(`leaf ${id} is ${found.status}`)
        continue
      }
      if (!this.#isFragile(id) || most <= FRAGILE_RESTARTS)
        wrong.push(`leaf ${id} is gone, but should be there`)
      await this.#spawnLeaf(id)
    }
    const { engine } = this.#system.stats()
    if (engine.blocks > 0) wrong.push(`${engine.blocks} blocks of memory are left between the threads`)
  }
}
