// Up to a thousand nodes in one process: their protocol cores on a network and a clock that a seed makes, and what must hold.

import { ownerOf, ProtocolCore } from '../../../lib/cluster/protocol/index.js'
import { Random } from '../../chaos/random.js'
import { Clock, Network } from './network.js'

/** A fault of the protocol's own, to see that it is found. */
export type Plant = 'mute' | 'no-heal' | 'old-self' | 'chatter' | 'lost-names' | undefined

export interface SimulationOptions {
  readonly nodes: number
  readonly seed: number
  readonly minutes: number
  readonly plant?: Plant
}

export interface Summary {
  seed: number
  nodes: number
  minutes: number
  phases: number
  messages: number
  /** The most in a quiet phase. */
  messagesANodeASecond: number
  /** Seconds until everybody knew: of the dead, at most; after a cut was healed; of names. */
  deathKnownS: number
  healedS: number
  namesS: number
}

/** Seconds in which a death is known everywhere: probed in turn, suspected as long as nobody says the same, and told. */
export function deathBoundS(nodes: number): number {
  return 10 + 17 * Math.max(1, Math.log10(nodes))
}

/** Seconds after which all agree again, once a cut is healed. */
export function healBoundS(nodes: number): number {
  return 60 * (1 + Math.max(0, Math.log2(nodes / 32))) + deathBoundS(nodes)
}

/** Seconds in which names are known everywhere: as a rule a few; who is told by nobody sees it when all is compared. */
export function namesBoundS(nodes: number): number {
  return 60 * (1 + Math.max(0, Math.log2(nodes / 32)))
}

/** Messages that a node sends a second while nothing happens: a question, an answer, and now and then a comparison. */
export const QUIET_RATE = 3

interface SimulatedNode {
  readonly index: number
  core: ProtocolCore
  incarnation: string
  startedMs: number
  isRunning: boolean
  /** Messages that came while it did not run. */
  waiting: (() => void)[] | undefined
  tickAt: number
  names: Map<string, number>
}

export class Violation extends Error {}

const SEEDS = 3

export class Simulation {
  readonly #options: SimulationOptions
  readonly #clock = new Clock()
  readonly #network: Network
  readonly #random: Random
  readonly #nodes: SimulatedNode[] = []
  readonly #byAddr = new Map<string, SimulatedNode>()
  #incarnations = 0
  #values = 0
  /** Nodes that were declared dead by somebody in this phase, though they ran. */
  #falselyDead = new Set<string>()
  readonly summary: Summary

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#network = new Network(options.seed)
    this.#random = new Random(options.seed, 2)
    const { seed, nodes, minutes } = options
    this.summary = {
      seed,
      nodes,
      minutes,
      phases: 0,
      messages: 0,
      messagesANodeASecond: 0,
      deathKnownS: 0,
      healedS: 0,
      namesS: 0,
    }
    for (let i = 0; i < nodes; i++) {
      const node: SimulatedNode = {
        index: i,
        core: undefined as unknown as ProtocolCore,
        incarnation: '',
        startedMs: 0,
        isRunning: false,
        waiting: undefined,
        tickAt: Number.POSITIVE_INFINITY,
        names: new Map(),
      }
      this.#nodes.push(node)
      this.#byAddr.set(addrOf(i), node)
    }
  }

  /** Everything, until the minutes are over. Throws a Violation. */
  run(): Summary {
    for (const node of this.#nodes) this.#clock.at(this.#random.next() * 5000, () => this.#start(node))
    this.#waitFor('all know each other', healBoundS(this.#options.nodes), () => this.#agree())
    const phases = ['quiet', 'loss', 'deaths', 'cut', 'one-way', 'pause', 'restart', 'names'] as const
    for (const phase of phases) this.#phase(phase)
    const end = this.#options.minutes * 60_000
    while (this.#clock.now < end) this.#phase(this.#random.pick(phases))
    this.summary.messages = this.#network.messages
    return this.summary
  }

  // --- phases

  #phase(phase: 'quiet' | 'loss' | 'deaths' | 'cut' | 'one-way' | 'pause' | 'restart' | 'names'): void {
    this.summary.phases++
    this.#falselyDead.clear()
    switch (phase) {
      case 'quiet':
        return this.#quiet()
      case 'loss':
        return this.#loss()
      case 'deaths':
        return this.#deaths()
      case 'cut':
        return this.#cut()
      case 'one-way':
        return this.#oneWay()
      case 'pause':
        return this.#pause()
      case 'restart':
        return this.#restart()
      case 'names':
        return this.#names()
    }
  }

  /** With no fault nobody is suspected for good, or thought dead, and messages are few. */
  #quiet(): void {
    this.#pass(20)
    const before = this.#network.messages
    this.#pass(60)
    const rate = (this.#network.messages - before) / 60 / this.#options.nodes
    this.summary.messagesANodeASecond = Math.max(this.summary.messagesANodeASecond, round(rate))
    if (rate > QUIET_RATE)
      this.#fail(`each node sends ${round(rate)} messages a second while nothing happens`)
    if (this.#falselyDead.size > 0) this.#fail(`with no fault, ${[...this.#falselyDead]} was thought dead`)
    if (!this.#agree()) this.#fail('with no fault, not all agree')
  }

  /** Messages are lost, doubled and late; nobody is thought dead for good. */
  #loss(): void {
    this.#network.loss = 0.02 + this.#random.next() * 0.08
    this.#network.doubled = 0.05
    this.#network.jitter = 100
    this.#pass(60)
    this.#network.heal()
    this.#waitFor('all agree after messages were lost', healBoundS(this.#options.nodes), () => this.#agree())
  }

  #deaths(): void {
    const dead = this.#someRunning(1 + this.#random.below(Math.ceil(this.#options.nodes / 20)))
    const gone = dead.map(({ incarnation }) => incarnation)
    for (const node of dead) this.#stop(node)
    const took = this.#waitFor('a death is known everywhere', deathBoundS(this.#options.nodes), () =>
      this.#running().every(({ core }) => {
        const states = new Map(core.members().map(({ incarnation, status }) => [incarnation, status]))
        return gone.every((incarnation) => (states.get(incarnation) ?? 'dead') === 'dead')
      }),
    )
    this.summary.deathKnownS = Math.max(this.summary.deathKnownS, took)
    for (const node of dead) this.#start(node)
    this.#waitFor('all agree when the dead are replaced', healBoundS(this.#options.nodes), () =>
      this.#agree(),
    )
  }

  #cut(): void {
    for (const { index } of this.#nodes) this.#network.sides.set(index, this.#random.below(2))
    this.#pass(5 + this.#random.below(90))
    this.#network.heal()
    const took = this.#waitFor('all agree when a cut is healed', healBoundS(this.#options.nodes), () =>
      this.#agree(),
    )
    this.summary.healedS = Math.max(this.summary.healedS, took)
  }

  /** Some do not hear some others; as long as others do, nobody is thought dead for good. */
  #oneWay(): void {
    const { nodes } = this.#options
    for (let i = 0; i < nodes; i++) {
      const from = this.#random.below(nodes)
      const to = this.#random.below(nodes)
      if (from !== to) this.#network.oneWay.add(`${from}>${to}`)
    }
    this.#pass(45)
    this.#network.heal()
    this.#waitFor('all agree when all hear each other again', healBoundS(nodes), () => this.#agree())
  }

  /** Some do not run for a while, shorter or longer than it takes to be thought dead. */
  #pause(): void {
    const paused = this.#someRunning(1 + this.#random.below(3))
    for (const node of paused) node.waiting = []
    this.#pass(this.#random.next() < 0.5 ? 2 : 90)
    for (const node of paused) {
      const { waiting = [] } = node
      node.waiting = undefined
      for (const run of waiting) run()
      this.#tick(node)
    }
    this.#waitFor('all agree when those that slept run again', healBoundS(this.#options.nodes), () =>
      this.#agree(),
    )
  }

  /** A node starts again under its address, and is nobody's old self. */
  #restart(): void {
    const again = this.#someRunning(1 + this.#random.below(3))
    for (const node of again) {
      const old = node.incarnation
      this.#name(node, `old/${node.index}`)
      this.#pass(5)
      this.#stop(node)
      this.#start(node)
      this.#waitFor('a node that was started again is known', healBoundS(this.#options.nodes), () =>
        this.#agree(),
      )
      for (const { core, index } of this.#running()) {
        if (core.find(`old/${node.index}`).length > 0)
          this.#fail(`${index} still knows a name of the old self of ${node.index}`)
        const state = core.members().find(({ incarnation }) => incarnation === old)
        if (state !== undefined && state.status !== 'dead')
          this.#fail(`${index} takes the old self of ${node.index} for ${state.status}`)
      }
    }
  }

  #names(): void {
    for (let i = 0; i < 50; i++) {
      const [node] = this.#someRunning(1)
      if (node === undefined) continue
      const name = `name/${this.#random.below(20)}`
      if (node.names.has(name) && this.#random.next() < 0.5) {
        node.names.delete(name)
        this.#change(node, () => node.core.setName(name, undefined))
      } else this.#name(node, name)
      this.#pass(this.#random.next() * 0.2)
    }
    const [many] = this.#someRunning(1)
    if (many !== undefined) for (let i = 0; i < 1200; i++) this.#name(many, `many/${i}`)
    const took = this.#waitFor('names are known everywhere', namesBoundS(this.#options.nodes), () =>
      this.#agreeOnNames(),
    )
    this.summary.namesS = Math.max(this.summary.namesS, took)
    if (many === undefined) return
    for (const name of [...many.names.keys()].filter((one) => one.startsWith('many/'))) {
      many.names.delete(name)
      many.core.setName(name, undefined)
    }
    this.#change(many, () => undefined)
    this.#waitFor('names that are free again are known nowhere', namesBoundS(this.#options.nodes), () =>
      this.#agreeOnNames(),
    )
  }

  // --- what holds

  #agree(): boolean {
    const running = this.#running()
    const wanted = new Set(running.map(({ incarnation }) => incarnation))
    const agree = running.every(({ core }) => {
      const there = core.members().filter(({ status }) => status === 'alive')
      return there.length === wanted.size && there.every(({ incarnation }) => wanted.has(incarnation))
    })
    if (agree) this.#agreeOnOwners()
    return agree
  }

  /** Whoever agrees on the members agrees on every owner, in whatever order it knows them. */
  #agreeOnOwners(): void {
    const views = this.#someRunning(5).map(({ core }) =>
      core.members().map(({ nodeId, status }) => ({ nodeId, status })),
    )
    const owners = views.map((view) => {
      const ids = view.filter(({ status }) => status === 'alive').map(({ nodeId }) => nodeId)
      return KEYS.map((key) => ownerOf(key, ids)).join()
    })
    if (new Set(owners).size > 1) this.#fail('nodes that agree on the members do not agree on owners')
  }

  #agreeOnNames(): boolean {
    const running = this.#running()
    // Of very many, some are looked at, others each time.
    const some = running.length <= 200 ? running : this.#someRunning(20)
    for (const { core, incarnation: own } of some) {
      for (const { incarnation, names } of running) {
        if (incarnation === own) continue
        const known = core.namesOf(incarnation)
        if (known.length !== names.size) return false
        if (!known.every(({ name, value }) => names.get(name) === value[0])) return false
      }
    }
    return true
  }

  #fail(what: string): never {
    throw new Violation(
      `${what}, at ${round(this.#clock.now / 1000)} s of seed ${this.#options.seed} with ${this.#options.nodes} nodes`,
    )
  }

  /** Seconds until it held. */
  #waitFor(what: string, boundS: number, holds: () => boolean): number {
    const from = this.#clock.now
    while (!holds()) {
      if (this.#clock.now - from > boundS * 1000)
        this.#fail(`it is not so within ${round(boundS)} s that ${what}`)
      this.#pass(1)
    }
    return round((this.#clock.now - from) / 1000)
  }

  #pass(seconds: number): void {
    this.#clock.runTo(this.#clock.now + seconds * 1000)
  }

  // --- nodes

  #running(): SimulatedNode[] {
    return this.#nodes.filter(({ isRunning }) => isRunning)
  }

  #someRunning(count: number): SimulatedNode[] {
    const running = this.#running()
    return Array.from({ length: Math.min(count, running.length - 2) }, () => {
      const [node] = running.splice(this.#random.below(running.length), 1)
      return node as SimulatedNode
    })
  }

  #start(node: SimulatedNode): void {
    const { plant } = this.#options
    const isOldSelf = plant === 'old-self' && node.incarnation !== ''
    if (!isOldSelf) node.incarnation = (++this.#incarnations).toString(16).padStart(32, '0')
    node.startedMs = Math.round(this.#clock.now)
    node.names = new Map()
    node.isRunning = true
    const random = new Random(this.#options.seed, 100 + this.#incarnations)
    node.core = new ProtocolCore({
      identity: this.#identityOf(node),
      seeds: Array.from({ length: SEEDS }, (_, i) => addrOf(i)).filter((addr) => addr !== addrOf(node.index)),
      random: () => random.next(),
      now: this.#clock.now,
      ...(plant === 'chatter' ? { config: { probeMs: 200, ackMs: 100 } } : {}),
      ...(plant === 'no-heal' ? { config: { syncMs: 1e9 } } : {}),
    })
    this.#tick(node)
  }

  #stop(node: SimulatedNode): void {
    node.isRunning = false
  }

  #name(node: SimulatedNode, name: string): void {
    const value = ++this.#values
    node.names.set(name, value)
    this.#change(node, () => node.core.setName(name, [value]))
  }

  #change(node: SimulatedNode, run: () => void): void {
    run()
    this.#pump(node)
  }

  #identityOf({ index, incarnation, startedMs }: SimulatedNode) {
    return { nodeId: nodeIdOf(index), incarnation, addr: addrOf(index), startedMs }
  }

  #tick(node: SimulatedNode): void {
    if (!node.isRunning || node.waiting !== undefined) return
    node.core.tick(this.#clock.now)
    this.#pump(node)
  }

  #pump(node: SimulatedNode): void {
    const { core } = node
    for (const { to, message } of core.takeOutputs()) this.#sent(node, to.addr, message)
    for (const event of core.takeEvents()) {
      if (event.kind !== 'member' || event.member.status !== 'dead') continue
      const other = this.#byAddr.get(event.member.addr)
      if (other?.isRunning === true && other.incarnation === event.member.incarnation)
        this.#falselyDead.add(`${other.index}`)
    }
    const at = core.nextTickAt
    if (node.tickAt <= at && node.tickAt > this.#clock.now) return
    node.tickAt = at
    const { incarnation } = node
    this.#clock.at(at, () => {
      if (node.incarnation !== incarnation || node.tickAt !== at) return
      node.tickAt = Number.POSITIVE_INFINITY
      this.#tick(node)
    })
  }

  #sent(from: SimulatedNode, addr: string, message: unknown): void {
    const network = this.#network
    network.messages++
    const to = this.#byAddr.get(addr)
    if (to === undefined) return
    if (this.#options.plant === 'mute' && from.index === 5 && to.index % 2 === 0) return
    if (!network.passes(from.index, to.index) || network.random.next() < network.loss) return
    const copies = network.random.next() < network.doubled ? 2 : 1
    const sender = this.#identityOf(from)
    for (let i = 0; i < copies; i++)
      this.#clock.at(this.#clock.now + network.latency, () => this.#arrived(sender, from, to, message))
  }

  #arrived(
    sender: { nodeId: string; incarnation: string; addr: string },
    from: SimulatedNode,
    to: SimulatedNode,
    message: unknown,
  ): void {
    if (!to.isRunning) {
      // Nobody listens there: the sender is told, as TCP tells it.
      this.#clock.at(this.#clock.now + this.#network.latency, () => {
        if (!from.isRunning || from.waiting !== undefined) return
        from.core.unreachable(addrOf(to.index))
        this.#pump(from)
      })
      return
    }
    const deliver = () => {
      if (!to.isRunning) return
      const { plant } = this.#options
      const given = plant === 'lost-names' && to.index === 3 ? withoutNames(message) : message
      to.core.receive(sender, given, this.#clock.now)
      this.#pump(to)
    }
    if (to.waiting !== undefined) to.waiting.push(deliver)
    else deliver()
  }
}

/** A message as a node hears it that is deaf to names. */
function withoutNames(message: unknown): unknown {
  const parts = [...(message as unknown[])]
  parts[1] = 0
  parts[4] = []
  parts[3] = (parts[3] as unknown[][]).map((news) => news.map((part, i) => (i === 6 ? 0 : part)))
  if (parts[0] === 5)
    parts[6] = (parts[6] as unknown[][]).map((news) => news.map((part, i) => (i === 6 ? 0 : part)))
  return parts
}

const KEYS = Array.from({ length: 16 }, (_, i) => `topic/${i}`)

const nodeIdOf = (index: number) => `node-${index}`
const addrOf = (index: number) => `10.0.${index >> 8}.${index & 255}:7000`

function round(value: number): number {
  return Math.round(value * 10) / 10
}
