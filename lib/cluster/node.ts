// This node: its transport, what it knows of the others, and its peers. It runs on the net thread.

import { randomBytes } from 'node:crypto'
import { ActorId } from '../actor/index.js'
import { errors } from '../errors/index.js'
import { parseAddress } from '../options/index.js'
import {
  type ActorSystem,
  type ClusterStats,
  type LocalThread,
  type Member,
  type NetRequest,
  type NetSide,
  type NodeOptions,
  Nodes,
  type PeerStats,
} from '../system/index.js'
import { PlainFrameReader, PlainFrameWriter, WireDecoder, WireEncoder } from '../wire/index.js'
import { Classes } from './classes.js'
import { GOSSIP, STILL_THERE } from './frames.js'
import { Names } from './names.js'
import { Peer } from './peer.js'
import { type MemberState, ProtocolCore } from './protocol/index.js'
import { type NodeIdentity, Refs } from './refs.js'
import { Resolver } from './resolver.js'
import { MOST_ASKED_AFTER, Served } from './served.js'
import { Tokens } from './tokens.js'
import { type Association, Transport } from './transport/index.js'

/** How long init waits for a seed to answer; it is tried again all the same. */
const JOIN_MS = 3000
/** How long others have to hear that this node leaves. */
const LEAVE_MS = 100
/** How often, and for how long unused, actors of other nodes are asked after. */
const LOOK_AFTER_MS = 30_000
const UNUSED_MS = 60_000
/** A frame may be so much larger than what a message may be: its header, and what the wire needs for it. */
const SLACK_BYTES = 1024 * 1024

export class ClusterNode implements NetSide {
  readonly #local: LocalThread
  readonly #system: ActorSystem
  readonly #maxMessageBytes: number
  readonly #classes: Classes
  readonly #tokens = new Tokens()
  readonly #incarnation = randomBytes(16).toString('hex')
  readonly #refs: Refs
  readonly #encoder: WireEncoder
  readonly #decoder: WireDecoder
  readonly #writer = new PlainFrameWriter()
  readonly #reader = new PlainFrameReader()
  readonly #names: Names
  /** By incarnation. */
  readonly #peers = new Map<string, Peer>()
  readonly #peerOn = new Map<Association, Peer>()
  readonly #counts = { badFrames: 0 }
  #identity: NodeIdentity
  #transport: Transport | undefined
  #core: ProtocolCore | undefined
  #served: Served | undefined
  #resolver: Resolver | undefined
  #timer: NodeJS.Timeout | undefined
  #lookAfter: NodeJS.Timeout | undefined
  #onJoined: (() => void) | undefined
  #onDuplicate: ((addr: string) => void) | undefined
  #namesSoon = false
  #closed = false

  constructor(local: LocalThread, system: ActorSystem, maxMessageBytes: number) {
    this.#local = local
    this.#system = system
    this.#maxMessageBytes = maxMessageBytes
    this.#identity = { nodeId: local.nodeId, incarnation: this.#incarnation, addr: '' }
    this.#classes = new Classes(local.thread.port)
    this.#refs = new Refs({
      local,
      classes: this.#classes,
      tokens: this.#tokens,
      self: () => this.#identity,
      nodeOf: (actor) => actor.node,
      actorAt: (node, address) => this.#peerFor(node).outgoing.actorAt(address),
    })
    this.#encoder = new WireEncoder(this.#refs, maxMessageBytes)
    this.#decoder = new WireDecoder(this.#refs, true)
    this.#names = new Names(local, this.#classes, this.#tokens)
  }

  /** What the threads of this node ask. */
  asked(request: unknown): unknown {
    const asked = request as NetRequest
    switch (asked.operation) {
      case 'namesChanged':
        return this.namesChanged()
      case 'load':
        return this.#core?.setLoad(asked.load)
      case 'start':
        return this.#start(asked.options)
      case 'leave':
        return this.#leave()
      case 'close':
        return this.#close()
      case 'cut':
        return this.#transport?.cutFrom(asked.addrs)
      case 'members':
        return this.#members()
      case 'stats':
        return this.#stats()
      case 'names':
        return this.#resolving().names()
      case 'resolve':
        return this.#resolving().resolve(asked.name, asked.nodeId, asked.filterAlive)
      case 'refer':
        return this.#resolving().refer(ActorId.parse(asked.id))
      case 'spawn':
        return this.#resolving().spawn(asked.nodeId, asked.request)
    }
  }

  namesChanged(): void {
    if (this.#namesSoon || this.#core === undefined) return
    this.#namesSoon = true
    setImmediate(() => {
      this.#namesSoon = false
      this.#publish()
    })
  }

  // --- start and end

  async #start(options: NodeOptions): Promise<string> {
    const { addr, advertiseAddr, seeds, clusterName, passphrases, insecure, exportClasses, probeMs } = options
    const listen = parseAddress(addr) as { host: string; port: number }
    const startedMs = Date.now()
    const transport = new Transport(
      {
        identity: { nodeId: this.#local.nodeId, incarnation: this.#incarnation, startedMs },
        clusterName,
        passphrases,
        insecure,
        listen,
        advertiseAddr,
        maxFrameBytes: this.#maxMessageBytes + SLACK_BYTES,
      },
      {
        onOpen: (association) => this.#opened(association),
        onFrame: (association, bytes, from, to) => this.#peerOn.get(association)?.received(bytes, from, to),
        onControl: (association, bytes, from, to) => this.#peerOn.get(association)?.received(bytes, from, to),
        onLost: (association, unsent) => this.#lost(association, unsent),
        mayClose: (association) => this.#peerOn.get(association)?.isIdle ?? true,
        onDrain: (association) => this.#peerOn.get(association)?.drained(),
        onRefused: ({ addr: at, reason }) =>
          this.#local.events.happened({ name: 'peerRefused', data: { addr: at, reason } }),
        onUnreachable: (at) => {
          this.#core?.unreachable(at)
          this.#pump()
        },
      },
    )
    const reached = await transport.listen()
    this.#transport = transport
    this.#identity = { ...this.#identity, addr: reached }
    this.#core = new ProtocolCore({
      identity: { ...this.#identity, startedMs },
      seeds: seeds.filter((seed) => seed !== reached),
      random: Math.random,
      now: performance.now(),
      config: { probeMs, ackMs: probeMs / 2, syncMs: probeMs * 20 },
    })
    this.#served = new Served({
      local: this.#local,
      system: this.#system,
      classes: this.#classes,
      tokens: this.#tokens,
      exported: exportClasses,
    })
    this.#resolver = new Resolver({
      local: this.#local,
      core: this.#core,
      classes: this.#classes,
      peerFor: (node) => this.#peerFor(node),
    })
    Nodes.sayAddr(this.#local, reached)
    if (passphrases.some((one) => one.length < 16))
      this.#local.logger.warn(
        {},
        'a passphrase of the cluster is shorter than 16 characters: take a longer one',
      )
    this.#lookAfter = setInterval(() => void this.#askAfterUnused(), LOOK_AFTER_MS)
    this.#publish()
    this.#tick()
    if (seeds.length > 0) await this.#joined(seeds)
    return reached
  }

  #joined(seeds: readonly string[]): Promise<void> {
    if (this.#core?.joined) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(late)
        this.#onJoined = this.#onDuplicate = undefined
      }
      const late = setTimeout(() => {
        done()
        this.#local.logger.warn(
          { seeds },
          `none of the seeds ${seeds.join(', ')} has answered yet: they are tried again, and this node works meanwhile`,
        )
        resolve()
      }, JOIN_MS)
      this.#onJoined = () => {
        done()
        resolve()
      }
      this.#onDuplicate = (addr) => {
        done()
        void this.#close()
        reject(errors.nodeDuplicate(this.#local.nodeId, addr))
      }
    })
  }

  async #leave(): Promise<void> {
    if (this.#core === undefined) return
    this.#core.leave()
    this.#pump()
    await new Promise((resolve) => setTimeout(resolve, LEAVE_MS))
  }

  async #close(): Promise<void> {
    if (this.#closed) return
    this.#core?.left()
    this.#pump()
    this.#closed = true
    clearTimeout(this.#timer)
    clearInterval(this.#lookAfter)
    await this.#transport?.close()
  }

  // --- membership

  #tick(): void {
    if (this.#core === undefined || this.#closed) return
    this.#core.tick(performance.now())
    this.#pump()
  }

  /** What the protocol wants done, is. */
  #pump(): void {
    const core = this.#core
    if (core === undefined || this.#closed) return
    for (const { to, message } of core.takeOutputs()) this.#say(to, message)
    for (const event of core.takeEvents()) {
      if (event.kind === 'member') this.#memberChanged(event.member, event.before)
      else if (event.kind === 'duplicate') this.#onDuplicate?.(event.addr)
    }
    if (core.joined) this.#onJoined?.()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tick(), Math.max(core.nextTickAt - performance.now(), 0))
  }

  #say(
    to: { addr: string; nodeId?: string | undefined; incarnation?: string | undefined },
    message: unknown,
  ): void {
    const { addr, nodeId, incarnation } = to
    if (nodeId !== undefined && incarnation !== undefined) {
      this.#peerFor({ nodeId, incarnation, addr }).gossip(message)
      return
    }
    // A seed, of which no more is known than where it is.
    const frame = this.#encoder.encodeFrame([GOSSIP], message, 'gossip', true)
    this.#transport?.associate(addr).control(frame)
  }

  #memberChanged(member: MemberState, before: MemberState['status'] | undefined): void {
    const { nodeId, addr, status, incarnation } = member
    if (status === 'dead') {
      const peer = this.#peers.get(incarnation)
      this.#peers.delete(incarnation)
      peer?.dead()
    }
    const data = { nodeId, addr, status, since: new Date(), before }
    this.#local.events.happened({ name: 'member', data })
  }

  #members(): Member[] {
    const now = performance.now()
    const members = this.#core?.members() ?? []
    return members.map(({ nodeId, addr, status, sinceMs }) => ({
      nodeId,
      addr,
      status,
      since: new Date(Date.now() - (now - sinceMs)),
    }))
  }

  #stats(): ClusterStats {
    const { refused, dropped } = this.#transport?.counts ?? { refused: 0, dropped: 0 }
    const badMessages = this.#core?.badMessages ?? 0
    const peers = [...this.#peers.values()].map((peer) => this.#statsOf(peer))
    return { peers, refused, dropped, badFrames: this.#counts.badFrames + badMessages }
  }

  #statsOf({ identity: { nodeId, addr, incarnation } }: Peer): PeerStats {
    const association = this.#transport?.known(incarnation)
    return {
      nodeId,
      addr,
      isConnected: association?.isOpen ?? false,
      roundTripMs: association?.connection?.rttMs,
      bytesIn: association?.bytesIn ?? 0,
      bytesOut: association?.bytesOut ?? 0,
      queuedBytes: association?.queuedBytes ?? 0,
      losses: association?.losses ?? 0,
    }
  }

  #publish(): void {
    const core = this.#core
    if (core === undefined || this.#closed) return
    this.#names.publish((name, address) => core.setName(name, address))
    this.#pump()
  }

  #resolving(): Resolver {
    if (this.#resolver === undefined)
      throw errors.nodeNotFound(this.#local.nodeId, 'this node has not started')
    return this.#resolver
  }

  // --- peers

  #peerFor(node: NodeIdentity): Peer {
    let peer = this.#peers.get(node.incarnation)
    if (peer !== undefined) return peer
    peer = new Peer({
      identity: node,
      local: this.#local,
      classes: this.#classes,
      tokens: this.#tokens,
      encoder: this.#encoder,
      decoder: this.#decoder,
      writer: this.#writer,
      reader: this.#reader,
      associate: () => this.#associate(node),
      serve: (operation, argument) => (this.#served as Served).serve(operation, argument),
      bad: () => {
        this.#counts.badFrames++
      },
      gossip: (message) => {
        this.#core?.receive(node, message, performance.now())
        this.#pump()
      },
      writeFor: (to) => {
        this.#refs.introduce = (classId) => to.introduce(classId)
      },
    })
    this.#peers.set(node.incarnation, peer)
    return peer
  }

  #associate(node: NodeIdentity): Association {
    const association = (this.#transport as Transport).associate(node.addr, node)
    this.#peerOn.set(association, this.#peerFor(node))
    return association
  }

  #opened(association: Association): void {
    const { nodeId, incarnation, addr } = association.peer as NodeIdentity
    const peer = this.#peerFor({ nodeId, incarnation, addr })
    this.#peerOn.set(association, peer)
    peer.opened(association)
  }

  #lost(association: Association, unsent: readonly Uint8Array[]): void {
    const peer = this.#peerOn.get(association)
    this.#peerOn.delete(association)
    // Another has taken its place, with a beginning of its own.
    if (peer !== undefined && peer.association !== association) return
    peer?.lost(unsent, !this.#closed && this.#peers.has(peer.identity.incarnation))
  }

  /** Whether actors that nobody has called for a while are still there: what stands for them here is not kept for ever. */
  async #askAfterUnused(): Promise<void> {
    const before = performance.now() - UNUSED_MS
    for (const { outgoing, association } of this.#peers.values()) {
      if (association?.isOpen !== true) continue
      const some = outgoing.unusedSince(before).slice(0, MOST_ASKED_AFTER)
      if (some.length === 0) continue
      for (const actor of some) actor.usedMs = performance.now()
      const list = some.map(({ slot, index, generation, token }) => ({ slot, index, generation, token }))
      const gone = await outgoing.request(STILL_THERE, list).catch(() => [])
      for (const i of Array.isArray(gone) ? (gone as number[]) : []) {
        const actor = some[i]
        if (actor !== undefined) outgoing.gone(actor, 'stopped')
      }
    }
  }
}
