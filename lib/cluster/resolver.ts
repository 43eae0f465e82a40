// Where the actors of a name are, and what other nodes are asked for.

import { type ActorId, type ActorRef, refOf } from '../actor/index.js'
import { errors } from '../errors/index.js'
import type { Found, LocalThread, RemoteSpawn } from '../system/index.js'
import type { Classes } from './classes.js'
import { CLASS_TEXT, LOOK_UP, REFER, SPAWN } from './frames.js'
import { readAddress } from './names.js'
import type { Peer } from './peer.js'
import type { MemberState, ProtocolCore } from './protocol/index.js'
import type { NodeIdentity } from './refs.js'

/** A name that this node has not heard of is asked for at so many others, for so long. */
const MOST_ASKED = 32
const ASK_MS = 1500

export interface ResolverOptions {
  readonly local: LocalThread
  readonly core: ProtocolCore
  readonly classes: Classes
  readonly peerFor: (node: NodeIdentity) => Peer
}

export class Resolver {
  readonly #options: ResolverOptions

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  /** In the order of their nodes' ids. filterAlive: of nodes that are known to be alive alone. */
  async resolve(name: string, nodeId: string | undefined, filterAlive: boolean): Promise<Found[]> {
    const { local, core } = this.#options
    const found = new Map<string, Found>()
    const own = local.thread.port.findName(name)
    if (own !== undefined && (nodeId === undefined || nodeId === local.nodeId))
      found.set(local.nodeId, {
        nodeId: local.nodeId,
        ref: refOf(local, local.thread.targetAt(...own)),
        load: 0,
      })
    const members = new Map(this.#others(filterAlive).map((member) => [member.incarnation, member]))
    const known = core.find(name).flatMap(({ incarnation, value }) => {
      const member = members.get(incarnation)
      return member === undefined || (nodeId ?? member.nodeId) !== member.nodeId ? [] : [{ member, value }]
    })
    await Promise.all(
      known.map(async ({ member, value }) => {
        const ref = await this.#refAt(member, value)
        if (ref !== undefined) found.set(member.nodeId, { nodeId: member.nodeId, ref, load: member.load })
      }),
    )
    if (found.size === 0) await this.#askFor(name, nodeId, [...members.values()], found)
    return [...found.values()].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
  }

  /** The names of other nodes' actors. */
  async names(): Promise<{ name: string; ref: ActorRef }[]> {
    const { core } = this.#options
    const all = this.#others(false).flatMap((member) =>
      core.namesOf(member.incarnation).map(({ name, value }) => ({ name, member, value })),
    )
    const refs = await Promise.all(all.map(({ member, value }) => this.#refAt(member, value)))
    return all.flatMap(({ name }, i) => {
      const ref = refs[i]
      return ref === undefined ? [] : [{ name, ref }]
    })
  }

  async refer(id: ActorId): Promise<ActorRef | undefined> {
    const member = this.#others(false).find(({ nodeId }) => nodeId === id.nodeId)
    if (member === undefined) return undefined
    return (await this.#peer(member).outgoing.request(REFER, String(id))) as ActorRef | undefined
  }

  async spawn(nodeId: string, request: RemoteSpawn): Promise<ActorRef> {
    const member = this.#others(true).find((one) => one.nodeId === nodeId)
    if (member === undefined) throw errors.nodeNotFound(nodeId, 'none of that id is known to be alive')
    return (await this.#peer(member).outgoing.request(SPAWN, request)) as ActorRef
  }

  #others(onlyAlive: boolean): MemberState[] {
    const { local, core } = this.#options
    const wanted = onlyAlive ? ['alive'] : ['alive', 'suspect', 'leaving', 'joining']
    return core.members().filter(({ nodeId, status }) => nodeId !== local.nodeId && wanted.includes(status))
  }

  #peer({ nodeId, incarnation, addr }: MemberState): Peer {
    return this.#options.peerFor({ nodeId, incarnation, addr })
  }

  /** The reference that a name stands for; its class is asked for where this node has not heard of it. */
  async #refAt(member: MemberState, value: unknown): Promise<ActorRef | undefined> {
    const { local, classes } = this.#options
    const address = readAddress(value)
    if (address === undefined) return undefined
    const { outgoing } = this.#peer(member)
    if (address.hash !== '' && classes.idOf(address.hash) === 0) {
      const text = await outgoing.request(CLASS_TEXT, address.hash).catch(() => undefined)
      classes.learn(address.hash, text)
    }
    return refOf(local, outgoing.actorAt(address).cell.target)
  }

  /** Names travel with the gossip: who asks right after a spawn is answered by the nodes themselves. */
  async #askFor(
    name: string,
    nodeId: string | undefined,
    members: readonly MemberState[],
    found: Map<string, Found>,
  ): Promise<void> {
    const some = members.filter((member) => (nodeId ?? member.nodeId) === member.nodeId).slice(0, MOST_ASKED)
    if (some.length === 0) return
    const asked = some.map(async (member) => {
      const ref = (await this.#peer(member)
        .outgoing.request(LOOK_UP, name)
        .catch(() => undefined)) as ActorRef | undefined
      if (ref !== undefined) found.set(member.nodeId, { nodeId: member.nodeId, ref, load: member.load })
    })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ASK_MS)
    })
    await Promise.race([Promise.all(asked), late])
    clearTimeout(timer)
  }
}
