// References between nodes: which actor of which node, and what admits to it there. So one works on whatever node it reaches.

import { proxyOf, refOf } from '../actor/index.js'
import { type Target, targetOf } from '../engine/index.js'
import type { LocalThread } from '../system/index.js'
import type { WireRefs } from '../wire/index.js'
import type { Classes } from './classes.js'
import { addressOf } from './incoming.js'
import { type ActorAddress, isWord } from './link.js'
import { RemoteActor } from './remote-actor.js'
import type { Tokens } from './tokens.js'

/** Who a node is: no two that ever ran have the same incarnation. */
export interface NodeIdentity {
  readonly nodeId: string
  readonly incarnation: string
  readonly addr: string
}

export interface RefsOptions {
  readonly local: LocalThread
  readonly classes: Classes
  readonly tokens: Tokens
  readonly self: () => NodeIdentity
  /** The node that a stand-in is of. */
  readonly nodeOf: (actor: RemoteActor) => NodeIdentity
  /** The stand-in for an actor of another node. */
  readonly actorAt: (node: NodeIdentity, address: ActorAddress) => RemoteActor
}

export class Refs implements WireRefs {
  readonly #options: RefsOptions
  /** Says a class on the connection that a frame is written for, and gives its hash. */
  introduce: (classId: number) => string = () => ''

  constructor(options: RefsOptions) {
    this.#options = options
  }

  toWire(ref: object): unknown {
    const target = targetOf(ref) as Target
    const isProxy = target.ref !== ref && target.classId > 0
    const { node, address } = this.locate(target)
    const { slot, index, generation, token } = address
    return [
      node.nodeId,
      node.incarnation,
      node.addr,
      slot,
      index,
      generation,
      token,
      this.introduce(target.classId),
      isProxy,
    ]
  }

  fromWire(plain: unknown): object {
    const [nodeId, incarnation, addr, slot, index, generation, token, hash, isProxy] = checked(plain)
    const target = this.targetOf({ nodeId, incarnation, addr }, { slot, index, generation, token, hash })
    return isProxy && target.classId > 0
      ? proxyOf(this.#options.local, target)
      : refOf(this.#options.local, target)
  }

  /** Where that is, as other nodes are told. */
  locate(target: Target): { readonly node: NodeIdentity; readonly address: ActorAddress } {
    const { tokens, classes, self, nodeOf } = this.#options
    const actor = target.cell?.instance
    if (actor instanceof RemoteActor) return { node: nodeOf(actor), address: actor }
    const [slot, index, generation] = addressOf(target)
    const token = tokens.of(slot, index, generation)
    return { node: self(), address: { slot, index, generation, token, hash: classes.hashOf(target.classId) } }
  }

  /** The target of that actor on this thread. Throws where this node is to have an actor that nobody was told of. */
  targetOf(node: NodeIdentity, address: ActorAddress): Target {
    const { local, tokens, classes, self, actorAt } = this.#options
    const { slot, index, generation, token, hash } = address
    if (node.incarnation !== self().incarnation) return actorAt(node, address).cell.target
    if (!tokens.admits(slot, index, generation, token))
      throw new Error('a reference that this node did not give')
    return local.thread.targetAt(slot, index, generation | 0, classes.idOf(hash))
  }
}

type WireRef = [
  nodeId: string,
  incarnation: string,
  addr: string,
  slot: number,
  index: number,
  generation: number,
  token: string,
  hash: string,
  isProxy: boolean,
]

/** The shape of a reference that came from a peer. Throws where it has another. */
function checked(plain: unknown): WireRef {
  const parts = Array.isArray(plain) && plain.length === 9 ? (plain as unknown[]) : []
  const isText = (part: unknown) => typeof part === 'string' && part.length <= 300
  const fits =
    parts.length === 9 &&
    [0, 1, 2, 6, 7].every((i) => isText(parts[i])) &&
    [3, 4, 5].every((i) => isWord(parts[i])) &&
    /^[A-Za-z0-9._-]{1,255}$/.test(parts[0] as string) &&
    typeof parts[8] === 'boolean'
  if (!fits) throw new Error('a reference of another shape')
  return parts as unknown as WireRef
}
