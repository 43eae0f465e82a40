// Who is there (contract 6.1): SWIM, with suspicion, and patience of a node that is slow itself. A state machine without input
// or output: it is given messages and the time, and gives messages to send.

import { Broadcasts } from './broadcasts.js'
import {
  DEFAULTS,
  MOST_HEALTH,
  MOST_NAMES_A_PIECE,
  MOST_NEWS,
  type ProtocolConfig,
  scaleOf,
} from './config.js'
import { type Delta, Directory, type NameValue, OwnNames } from './directory.js'
import {
  type Identity,
  isNewer,
  isThere,
  type Member,
  type MemberState,
  type MemberStatus,
  type News,
} from './members.js'
import { type Body, type Message, read, write } from './messages.js'
import { Suspicion } from './suspicion.js'

export interface CoreOptions {
  readonly identity: Identity
  /** Addresses of nodes to join. */
  readonly seeds: readonly string[]
  /** 0 to 1. */
  readonly random: () => number
  /** Milliseconds, of any clock that does not go back. */
  readonly now: number
  readonly config?: Partial<ProtocolConfig>
}

/** Where a message goes: a node, or whoever is at that address. */
export interface Recipient {
  readonly addr: string
  readonly nodeId?: string | undefined
  readonly incarnation?: string | undefined
}

export interface Output {
  readonly to: Recipient
  readonly message: unknown
}

export type CoreEvent =
  | { readonly kind: 'member'; readonly member: MemberState; readonly before: MemberStatus | undefined }
  /** Another node of this one's id, that was there before, has answered. */
  | { readonly kind: 'duplicate'; readonly addr: string }

/** A member that is being asked whether it is there. */
interface Probe {
  readonly member: Member
  readonly sequence: number
  readonly ackBy: number
  readonly endBy: number
  /** Others have been asked to ask it. */
  isIndirect: boolean
  helpers: number
  nacks: number
}

/** Someone else is asked for another node. */
interface Errand {
  readonly asker: Recipient
  readonly sequence: number
  readonly until: number
}

export class ProtocolCore {
  readonly #self: Member
  readonly #seeds: readonly string[]
  readonly #random: () => number
  readonly #config: ProtocolConfig
  readonly #members = new Map<string, Member>()
  /** The same, to take some of at random. */
  #list: Member[] = []
  /** Of those, how many are not dead. */
  #there = 0
  readonly #suspicions = new Map<string, Suspicion>()
  readonly #news: Broadcasts<News>
  readonly #deltas: Broadcasts<Delta>
  readonly #own: OwnNames
  readonly #directory = new Directory()
  readonly #errands = new Map<number, Errand>()
  /** By incarnation, when its names are to be asked for. */
  readonly #wanted = new Map<string, number>()
  #outputs: Output[] = []
  #events: CoreEvent[] = []
  #order: string[] = []
  #probe: Probe | undefined
  #sequence = 0
  #health = 0
  #toldVersion = 0
  #nextProbe: number
  #nextGossip: number
  #nextSync: number
  #nextJoin: number
  #joinMs: number
  #joined = false
  /** Another node of this one's id was asked, and has so long to answer. */
  #rivalUntil: number | undefined
  /** Messages that no node of this version would send. */
  badMessages = 0

  constructor({ identity, seeds, random, now, config }: CoreOptions) {
    this.#config = { ...DEFAULTS, ...config }
    this.#random = random
    this.#seeds = seeds
    this.#self = { ...identity, status: 'alive', number: 1, sinceMs: now, load: 0, version: 0, left: false }
    this.#own = new OwnNames(identity.incarnation)
    this.#news = new Broadcasts(this.#config.retransmits)
    this.#deltas = new Broadcasts(this.#config.retransmits)
    const { probeMs, gossipMs, syncMs, joinMs } = this.#config
    this.#nextProbe = now + probeMs * random()
    this.#nextGossip = now + gossipMs
    this.#nextSync = now + syncMs * (0.5 + random())
    this.#nextJoin = now
    this.#joinMs = joinMs
  }

  // --- what others ask of it

  /** Whether another node has been met, and none of this one's own id has answered, should there be one. */
  get joined(): boolean {
    return this.#joined && this.#rivalUntil === undefined
  }

  /** This node first. */
  members(): MemberState[] {
    return [this.#self, ...this.#members.values()].map(stateOf)
  }

  /** The nodes that have a name, this one left out. */
  find(name: string): { nodeId: string; incarnation: string; value: NameValue }[] {
    return this.#directory.find(name).flatMap(({ incarnation, value }) => {
      const member = this.#members.get(incarnation)
      return member === undefined || !isThere(member) ? [] : [{ nodeId: member.nodeId, incarnation, value }]
    })
  }

  namesOf(incarnation: string): { name: string; value: NameValue }[] {
    return this.#directory.namesOf(incarnation)
  }

  setName(name: string, value: NameValue | undefined): void {
    this.#own.set(name, value)
  }

  setLoad(load: number): void {
    this.#self.load = Math.round(Math.min(Math.max(load, 0), 1) * 100) / 100
  }

  /** It is on its way out: others resolve to it no more. */
  leave(): void {
    if (this.#self.status !== 'alive') return
    this.#self.status = 'leaving'
    this.#self.number++
    this.#sayOf(this.#self)
  }

  /** It is gone, whatever comes after this. */
  left(): void {
    this.#self.status = 'dead'
    this.#self.left = true
    this.#self.number++
    this.#sayOf(this.#self)
    for (const member of this.#some(MOST_TOLD, isThere)) this.#send(member, { kind: 'news' })
  }

  takeOutputs(): Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  takeEvents(): CoreEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  get nextTickAt(): number {
    let next = Math.min(this.#nextProbe, this.#nextSync, this.#rivalUntil ?? Number.POSITIVE_INFINITY)
    if (!this.#news.isEmpty || !this.#deltas.isEmpty || this.#own.version !== this.#toldVersion)
      next = Math.min(next, this.#nextGossip)
    if (this.#isAlone) next = Math.min(next, this.#nextJoin)
    const probe = this.#probe
    if (probe !== undefined) next = Math.min(next, probe.isIndirect ? probe.endBy : probe.ackBy)
    for (const suspicion of this.#suspicions.values()) next = Math.min(next, suspicion.deadlineMs)
    for (const { until } of this.#errands.values()) next = Math.min(next, until)
    for (const at of this.#wanted.values()) next = Math.min(next, at)
    return next
  }

  // --- time

  tick(now: number): void {
    if (this.#self.left) return
    if (this.#rivalUntil !== undefined && now >= this.#rivalUntil) this.#rivalUntil = undefined
    this.#join(now)
    this.#endErrands(now)
    this.#endSuspicions(now)
    this.#probing(now)
    this.#askForNames(now)
    this.#gossip(now)
    this.#sync(now)
  }

  get #isAlone(): boolean {
    return this.#seeds.length > 0 && this.#there === 0
  }

  #join(now: number): void {
    if (!this.#isAlone || now < this.#nextJoin) return
    for (const addr of this.#seeds) this.#sendTo({ addr }, this.#syncOf(true))
    this.#nextJoin = now + this.#joinMs * (0.75 + this.#random() / 2)
    this.#joinMs = Math.min(this.#joinMs * 2, this.#config.syncMs)
  }

  #probing(now: number): void {
    const probe = this.#probe
    if (probe !== undefined) {
      if (!isThere(probe.member)) this.#probe = undefined
      else if (now >= probe.endBy) this.#missed(probe, now)
      else if (!probe.isIndirect && now >= probe.ackBy) this.#askHelpers(probe)
    }
    if (now < this.#nextProbe) return
    const { probeMs, ackMs } = this.#config
    const patience = 1 + this.#health
    this.#nextProbe = now + probeMs * patience
    if (this.#probe !== undefined) return
    const member = this.#nextInOrder()
    if (member === undefined) return
    const sequence = ++this.#sequence
    const endBy = now + probeMs * patience
    this.#probe = {
      member,
      sequence,
      ackBy: now + Math.min(ackMs * patience, (endBy - now) * 0.8),
      endBy,
      isIndirect: false,
      helpers: 0,
      nacks: 0,
    }
    // A suspect hears of it, so that it can say that it is alive.
    if (member.status === 'suspect') this.#sayOf(member)
    this.#send(member, { kind: 'ping', sequence, to: member.incarnation })
  }

  /** Each in turn, in an order that is new each time round. */
  #nextInOrder(): Member | undefined {
    for (let tries = 0; tries < 2; tries++) {
      for (let id = this.#order.pop(); id !== undefined; id = this.#order.pop()) {
        const member = this.#members.get(id)
        if (member !== undefined && isThere(member)) return member
      }
      this.#order = this.#shuffled([...this.#members.keys()])
    }
    return undefined
  }

  #askHelpers(probe: Probe): void {
    probe.isIndirect = true
    const { member, sequence } = probe
    const helpers = this.#some(this.#config.helpers, (one) => one !== member && one.status === 'alive')
    probe.helpers = helpers.length
    const target = identityOf(member)
    for (const helper of helpers) this.#send(helper, { kind: 'help', sequence, target })
  }

  #missed(probe: Probe, now: number): void {
    this.#probe = undefined
    // Helpers that say that they could not reach it either show that this node is reached: it is not the slow one.
    if (probe.nacks < probe.helpers) this.#isSlow(1)
    const { member } = probe
    if (member.status === 'dead') return
    this.#suspect(member, member.number, this.#self.nodeId, now)
  }

  #isSlow(by: number): void {
    this.#health = Math.min(Math.max(this.#health + by, 0), MOST_HEALTH)
  }

  #endErrands(now: number): void {
    for (const [sequence, { asker, sequence: theirs, until }] of this.#errands) {
      if (now < until) continue
      this.#errands.delete(sequence)
      this.#sendTo(asker, { kind: 'nack', sequence: theirs })
    }
  }

  #endSuspicions(now: number): void {
    for (const [incarnation, suspicion] of this.#suspicions) {
      if (now < suspicion.deadlineMs) continue
      const member = this.#members.get(incarnation)
      if (member !== undefined) this.#die(member, member.number, now)
    }
  }

  /** At once, unless something went out a moment ago. */
  #gossip(now: number): void {
    this.#tellNames()
    if (now < this.#nextGossip || (this.#news.isEmpty && this.#deltas.isEmpty)) return
    this.#nextGossip = now + this.#config.gossipMs
    for (const member of this.#some(this.#config.fanout, isThere)) this.#send(member, { kind: 'news' })
  }

  #tellNames(): void {
    const { version } = this.#own
    if (version === this.#toldVersion) return
    const pieces = this.#own.since(this.#toldVersion, MOST_NAMES_BROADCAST)
    this.#toldVersion = version
    // Many at once are asked for by those who see the version.
    if (pieces.length === 1) this.#deltas.add(`${this.#self.incarnation} ${version}`, pieces[0] as Delta)
    this.#sayOf(this.#self)
  }

  #sync(now: number): void {
    if (now < this.#nextSync) return
    // The more there are, the longer a comparison is: bytes a second stay the same.
    const nodes = Math.max(1, this.#count / SYNCED_OFTEN)
    this.#nextSync = now + this.#config.syncMs * (1 + Math.log2(nodes)) * (0.75 + this.#random() / 2)
    const [alive] = this.#some(1, isThere)
    if (alive !== undefined) this.#send(alive, this.#syncOf(true))
    // One that is thought dead may be there after all, behind a network that has healed.
    const [dead] = this.#some(1, (member) => !isThere(member) && !member.left)
    if (dead !== undefined) this.#sendTo({ addr: dead.addr }, this.#syncOf(true))
    for (const [incarnation, member] of this.#members) {
      if (isThere(member) || now - member.sinceMs < this.#config.forgetMs) continue
      this.#members.delete(incarnation)
      this.#list = this.#list.filter((one) => one !== member)
      this.#directory.forget(incarnation)
      this.#wanted.delete(incarnation)
    }
  }

  // --- messages

  /** A message from that node; what is none is counted. */
  receive(from: Omit<Identity, 'startedMs'>, given: unknown, now: number): void {
    const message = read(given)
    if (message === undefined || from.incarnation === this.#self.incarnation) {
      this.badMessages++
      return
    }
    if (this.#self.left) return
    for (const news of message.news) this.#heard(news, now)
    for (const delta of message.deltas) this.#heardNames(delta, now)
    this.#act(from, message, now)
    const sender = this.#members.get(from.incarnation)
    if (sender === undefined) return
    sender.load = message.load
    if (message.kind !== 'want') this.#versionHeard(sender, message.version, now)
  }

  #act(from: Omit<Identity, 'startedMs'>, message: Message, now: number): void {
    switch (message.kind) {
      case 'ping':
        // For the one that was there before, under this address.
        if (message.to === this.#self.incarnation)
          this.#sendTo(from, { kind: 'ack', sequence: message.sequence })
        return
      case 'ack':
        return this.#acknowledged(from, message.sequence)
      case 'nack':
        if (this.#probe?.sequence === message.sequence) this.#probe.nacks++
        return
      case 'help': {
        const sequence = ++this.#sequence
        const until = now + this.#config.ackMs * 0.8
        this.#errands.set(sequence, { asker: from, sequence: message.sequence, until })
        this.#sendTo(message.target, { kind: 'ping', sequence, to: message.target.incarnation })
        return
      }
      case 'sync':
        this.#joined = true
        for (const news of message.members) this.#heard(news, now)
        if (message.asks) this.#sendTo(from, this.#syncOf(false))
        return
      case 'want':
        for (const delta of this.#own.since(message.version, MOST_NAMES_A_PIECE))
          this.#sendTo(from, { kind: 'news' }, [delta])
        return
    }
  }

  #acknowledged(from: Omit<Identity, 'startedMs'>, sequence: number): void {
    const errand = this.#errands.get(sequence)
    if (errand !== undefined) {
      this.#errands.delete(sequence)
      this.#sendTo(errand.asker, { kind: 'ack', sequence: errand.sequence })
      return
    }
    if (from.nodeId === this.#self.nodeId) this.#events.push({ kind: 'duplicate', addr: from.addr })
    if (this.#probe?.sequence !== sequence) return
    // An ack says that it runs; only it can say, by a higher number, that it is no suspect.
    this.#probe = undefined
    this.#isSlow(-1)
  }

  /** A send to that address has failed: whoever is asked there does not answer. */
  unreachable(addr: string): void {
    const probe = this.#probe
    if (probe !== undefined && !probe.isIndirect && probe.member.addr === addr) this.#askHelpers(probe)
    for (const [sequence, errand] of this.#errands)
      if (errand.asker.addr === addr) this.#errands.delete(sequence)
  }

  // --- news

  #heard(news: News, now: number): void {
    if (news.incarnation === this.#self.incarnation) return this.#heardOfSelf(news)
    const member = this.#members.get(news.incarnation)
    if (member === undefined) return this.#heardOfNew(news, now)
    if (news.status === 'suspect' && member.status === 'suspect' && news.number === member.number) {
      if (this.#suspicions.get(news.incarnation)?.confirm(news.accuser) === true)
        this.#news.add(news.incarnation, { ...this.#newsOf(member), accuser: news.accuser })
      return
    }
    if (!isNewer(news, member)) {
      this.#versionHeard(member, news.version, now)
      return
    }
    member.load = news.load
    if (news.status === 'suspect') this.#suspect(member, news.number, news.accuser, now)
    else if (news.status === 'dead') this.#die(member, news.number, now, news.left)
    else this.#live(member, news, now)
    this.#versionHeard(member, news.version, now)
  }

  #heardOfNew(news: News, now: number): void {
    // The dead are no news; but those that have just gone may still be named by others.
    const { nodeId, incarnation, addr, startedMs, number, load, left } = news
    const status = news.status === 'suspect' ? 'alive' : news.status
    const member: Member = {
      nodeId,
      incarnation,
      addr,
      startedMs,
      status,
      number,
      sinceMs: now,
      load,
      version: 0,
      left,
    }
    this.#members.set(incarnation, member)
    this.#list.push(member)
    if (status === 'dead') return
    this.#there++
    this.#joined = true
    this.#order.splice(Math.floor(this.#random() * (this.#order.length + 1)), 0, incarnation)
    this.#changed(member, undefined, now)
    this.#replaces(member, now)
    if (news.status === 'suspect') this.#suspect(member, number, news.accuser, now)
    this.#versionHeard(member, news.version, now)
  }

  /** A node that was started again: where it is at its old address, its old self is gone. */
  #replaces(member: Member, now: number): void {
    for (const other of this.#members.values()) {
      if (other === member || other.addr !== member.addr || !isThere(other)) continue
      const older = other.startedMs <= member.startedMs ? other : member
      this.#die(older, older.number, now)
    }
    if (member.nodeId !== this.#self.nodeId || !isThere(member)) return
    // Another one of this node's id: whether it is there, only asking shows.
    if (member.addr === this.#self.addr) this.#die(member, member.number, now)
    else {
      this.#rivalUntil = now + this.#config.ackMs
      this.#send(member, { kind: 'ping', sequence: ++this.#sequence, to: member.incarnation })
    }
  }

  #heardOfSelf(news: News): void {
    const self = this.#self
    if (news.number < self.number || news.status === self.status || news.status === 'alive') {
      self.number = Math.max(self.number, news.number)
      return
    }
    // Others think that it is slow, or dead: it is neither.
    self.number = news.number + 1
    this.#isSlow(1)
    this.#sayOf(this.#self)
  }

  #live(member: Member, { number, status, load }: News, now: number): void {
    const before = member.status
    member.number = number
    member.load = load
    member.status = status
    member.left = false
    this.#suspicions.delete(member.incarnation)
    if (before !== status) member.sinceMs = now
    if (before === 'dead') {
      this.#there++
      this.#order.push(member.incarnation)
    }
    this.#sayOf(member)
    if (before !== status) this.#events.push({ kind: 'member', member: stateOf(member), before })
    if (before === 'dead') this.#replaces(member, now)
  }

  #suspect(member: Member, number: number, accuser: string, now: number): void {
    const before = member.status
    if (before === 'dead') {
      if (number <= member.number) return
      this.#there++
    }
    member.number = number
    if (before === 'suspect') {
      if (this.#suspicions.get(member.incarnation)?.confirm(accuser) === true)
        this.#news.add(member.incarnation, { ...this.#newsOf(member), accuser })
      return
    }
    const { probeMs, suspicion, suspicionMost } = this.#config
    const nodes = this.#count
    const leastMs = suspicion * scaleOf(nodes) * probeMs
    // So many others could say the same.
    const wanted = Math.min(this.#config.helpers, nodes - 2)
    this.#suspicions.set(
      member.incarnation,
      new Suspicion(now, leastMs, leastMs * suspicionMost, Math.max(wanted, 0), accuser),
    )
    member.status = 'suspect'
    this.#changed(member, before, now, accuser)
  }

  #die(member: Member, number: number, now: number, left = false): void {
    const before = member.status
    member.number = Math.max(member.number, number)
    member.left = left
    this.#suspicions.delete(member.incarnation)
    if (before === 'dead') return
    this.#there--
    member.status = 'dead'
    this.#changed(member, before, now)
  }

  #changed(member: Member, before: MemberStatus | undefined, now: number, accuser = ''): void {
    member.sinceMs = now
    this.#news.add(member.incarnation, { ...this.#newsOf(member), accuser })
    this.#events.push({ kind: 'member', member: stateOf(member), before })
  }

  #sayOf(member: Member): void {
    this.#news.add(member.incarnation, this.#newsOf(member))
  }

  #newsOf(member: Member): News {
    const { nodeId, incarnation, addr, startedMs, status, number, load, left } = member
    const isSelf = member === this.#self
    return {
      nodeId,
      incarnation,
      addr,
      startedMs,
      status: status === 'joining' ? 'alive' : status,
      number,
      version: isSelf ? this.#own.version : member.version,
      load,
      left,
      accuser: status === 'suspect' ? this.#self.nodeId : '',
    }
  }

  // --- names

  #heardNames(delta: Delta, now: number): void {
    const { incarnation, to } = delta
    if (incarnation === this.#self.incarnation) return
    const member = this.#members.get(incarnation)
    if (this.#directory.apply(delta)) {
      if (member !== undefined) member.version = Math.max(member.version, to)
      if (to >= (member?.version ?? to)) this.#wanted.delete(incarnation)
      if (delta.changes.length <= MOST_NAMES_BROADCAST) this.#deltas.add(`${incarnation} ${to}`, delta)
      return
    }
    if (member !== undefined) this.#versionHeard(member, to, now)
  }

  /** A version that is new is told on; what of its names has not come here is asked for. */
  #versionHeard(member: Member, version: number, now: number): void {
    if (version > member.version) {
      member.version = version
      if (isThere(member)) this.#sayOf(member)
    }
    if (this.#directory.versionOf(member.incarnation) >= member.version || !isThere(member)) return
    // A moment is left for what may be on its way.
    if (!this.#wanted.has(member.incarnation)) this.#wanted.set(member.incarnation, now + WANT_MS)
  }

  #askForNames(now: number): void {
    for (const [incarnation, at] of this.#wanted) {
      const member = this.#members.get(incarnation)
      const known = this.#directory.versionOf(incarnation)
      if (member === undefined || !isThere(member) || known >= member.version) {
        this.#wanted.delete(incarnation)
      } else if (now >= at) {
        this.#wanted.set(incarnation, now + WANT_AGAIN_MS)
        this.#send(member, { kind: 'want', version: known })
      }
    }
  }

  // --- sending

  get #count(): number {
    return this.#there + 1
  }

  #syncOf(asks: boolean): Body {
    return {
      kind: 'sync',
      asks,
      members: [
        this.#newsOf(this.#self),
        ...[...this.#members.values()].map((member) => this.#newsOf(member)),
      ],
    }
  }

  #send(member: Member, body: Body): void {
    this.#sendTo(identityOf(member), body)
  }

  #sendTo(to: Recipient, body: Body, deltas?: readonly Delta[]): void {
    const nodes = this.#count
    const envelope = {
      version: this.#own.version,
      load: this.#self.load,
      news: this.#news.take(MOST_NEWS, nodes),
      deltas: deltas ?? this.#deltas.take(MOST_DELTAS, nodes),
    }
    this.#outputs.push({ to: recipientOf(to), message: write({ ...envelope, ...body }) })
  }

  /** Some of the members that are like that, at random. */
  #some(count: number, wanted: (member: Member) => boolean): Member[] {
    const list = this.#list
    const chosen = new Set<Member>()
    // Most fit, as a rule.
    for (let tries = 0; tries < count * 4 && chosen.size < count && list.length > 0; tries++) {
      const member = list[Math.floor(this.#random() * list.length)] as Member
      if (wanted(member)) chosen.add(member)
    }
    if (chosen.size === count) return [...chosen]
    const fitting = list.filter(wanted)
    for (let i = 0; i < Math.min(count, fitting.length); i++) {
      const other = i + Math.floor(this.#random() * (fitting.length - i))
      const one = fitting[i] as Member
      fitting[i] = fitting[other] as Member
      fitting[other] = one
    }
    return fitting.slice(0, count)
  }

  #shuffled<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const other = Math.floor(this.#random() * (i + 1))
      const one = list[i] as T
      list[i] = list[other] as T
      list[other] = one
    }
    return list
  }
}

/** Who is told at once that this node is gone. */
const MOST_TOLD = 16
/** Changes of names that go with other messages; more are asked for. */
const MOST_NAMES_BROADCAST = 16
const MOST_DELTAS = 4
const WANT_MS = 100
const WANT_AGAIN_MS = 1000
/** Up to so many nodes, each compares what it knows with another every syncMs. */
const SYNCED_OFTEN = 32

function identityOf({ nodeId, incarnation, addr, startedMs }: Identity): Identity {
  return { nodeId, incarnation, addr, startedMs }
}

function recipientOf({ addr, nodeId, incarnation }: Recipient): Recipient {
  return { addr, nodeId, incarnation }
}

function stateOf({ nodeId, incarnation, addr, startedMs, status, sinceMs, load }: Member): MemberState {
  return { nodeId, incarnation, addr, startedMs, status, sinceMs, load }
}
