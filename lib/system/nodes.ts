// Other nodes, as one thread of this one sees them: what it asks of the net thread (contract, section 6).

import { type ActorRef, refOf } from '../actor/index.js'
import { POOL_SLOT, type Target, targetOf } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { LocalThread } from './local.js'
import type { Candidate } from './policies.js'
import { AGENT_NET, type Found, type NetRequest, type RemoteSpawn } from './requests.js'

/** What a member of a cluster is at (contract 6.1). */
export type MemberStatus = 'joining' | 'alive' | 'suspect' | 'leaving' | 'dead'

/** A member of the cluster; a system without one is its only member. */
export interface Member {
  readonly nodeId: string
  /** Where others reach it; undefined for a system that listens nowhere. */
  readonly addr: string | undefined
  readonly status: MemberStatus
  /** When it took that status, by this node's clock. */
  readonly since: Date
}

/** Another node, as this one is connected with it. */
export interface PeerStats {
  readonly nodeId: string
  readonly addr: string
  readonly isConnected: boolean
  /** Milliseconds that its last ping took; undefined before the first. */
  readonly roundTripMs: number | undefined
  /** Of all connections with it so far. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number
  /** Connections with it that were lost, or closed since nothing went over them. */
  readonly losses: number
}

/** What `system.clusterStats()` gives. */
export interface ClusterStats {
  /** Nodes that this one has exchanged anything with, and that are not known dead. */
  readonly peers: readonly PeerStats[]
  /** Connections that were refused: another passphrase, cluster or version, or not from loopback. */
  readonly refused: number
  /** Connections that had not said who they are when others needed their place. */
  readonly dropped: number
  /** Frames and messages of peers that no node of this version would send; they were left out. */
  readonly badFrames: number
}

/** The label by which all threads know where their node listens: no actor has that generation. */
const ADDR_LABEL = 0xffff_ffff

export class Nodes {
  readonly #local: LocalThread
  readonly #since = new Date()
  readonly #load: () => number

  /** load: of this node, 0 to 1. */
  constructor(local: LocalThread, load: () => number) {
    this.#local = local
    this.#load = load
  }

  /** Whether this system is a node of a cluster. */
  get areThere(): boolean {
    return this.#local.netSlot >= 0
  }

  get addr(): string | undefined {
    return this.#local.thread.port.labelOf(ADDR_LABEL) || undefined
  }

  /** Of the net thread, when it listens. */
  static sayAddr({ thread }: LocalThread, addr: string): void {
    thread.port.label(ADDR_LABEL, addr)
  }

  isElsewhere(nodeId: string | undefined): nodeId is string {
    return nodeId !== undefined && nodeId !== this.#local.nodeId
  }

  /** The actors of a name, in the order of their nodes' ids. here: the one of this node. */
  async candidates(
    name: string,
    here: Target | undefined,
    nodeId: string | undefined,
    filterAlive: boolean,
  ): Promise<Candidate[]> {
    const local = this.#local
    if (!this.areThere || nodeId === local.nodeId) {
      const isHere = here !== undefined && !this.isElsewhere(nodeId)
      return isHere ? [candidateOf(local.nodeId, refOf(local, here), this.#load)] : []
    }
    const found = (await this.ask({ operation: 'resolve', name, nodeId, filterAlive })) as readonly Found[]
    return found.map((one) =>
      one.nodeId === local.nodeId ? candidateOf(one.nodeId, one.ref, this.#load) : one,
    )
  }

  async members(): Promise<Member[]> {
    if (this.areThere) return (await this.ask({ operation: 'members' })) as Member[]
    return [{ nodeId: this.#local.nodeId, addr: undefined, status: 'alive', since: this.#since }]
  }

  async stats(): Promise<ClusterStats> {
    if (this.areThere) return (await this.ask({ operation: 'stats' })) as ClusterStats
    return { peers: [], refused: 0, dropped: 0, badFrames: 0 }
  }

  /** Names of other nodes' actors, with their references. */
  async names(): Promise<{ name: string; ref: ActorRef }[]> {
    if (!this.areThere) return []
    return (await this.ask({ operation: 'names' })) as { name: string; ref: ActorRef }[]
  }

  /** The actor of another node. Throws ERR_PULSING_ACTOR_NOT_FOUND. */
  async refer(id: string): Promise<ActorRef> {
    const ref = this.areThere ? await this.ask({ operation: 'refer', id }) : undefined
    if (ref === undefined) throw errors.actorNotFound(id)
    return ref as ActorRef
  }

  /** Throws ERR_PULSING_NODE_NOT_FOUND, ERR_PULSING_CLASS_NOT_EXPORTED, and what the spawn there throws. */
  async spawn(nodeId: string, request: RemoteSpawn): Promise<Target> {
    if (!this.areThere) throw errors.nodeNotFound(nodeId, 'this system is no node of a cluster')
    return targetOf(await this.ask({ operation: 'spawn', nodeId, request })) as Target
  }

  /** How busy this node is, 0 to 1. */
  sayLoad(load: number): void {
    const { thread, netSlot } = this.#local
    const request: NetRequest = { operation: 'load', load }
    if (!thread.stopped) thread.sender.signal(this.#local.agentOf(netSlot), AGENT_NET, request)
  }

  /** Asks the net thread. */
  ask(request: NetRequest): Promise<unknown> {
    const { thread, netSlot } = this.#local
    return thread.askSystem(this.#local.agentOf(netSlot), AGENT_NET, request, Number.POSITIVE_INFINITY)
  }
}

function candidateOf(nodeId: string, ref: ActorRef, load: () => number): Candidate {
  return {
    nodeId,
    ref,
    get load(): number {
      return load()
    },
  }
}

/** Ids of the nodes that take part: those that are alive, and those that may be. */
export function presentIn(members: readonly Member[]): string[] {
  return members
    .filter(({ status }) => status === 'alive' || status === 'suspect')
    .map(({ nodeId }) => nodeId)
}

/** Whether a slot is one that actors of this node live on. */
export function isOwnSlot({ netSlot, slots }: LocalThread, slot: number): boolean {
  return slot === POOL_SLOT || (slot < slots && slot !== netSlot)
}
