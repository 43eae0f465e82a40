// Which of several actors of one name a caller gets (contract, section 2). A name is unique in a node, so there are several
// only in a cluster.

import type { ActorRef } from '../actor/index.js'
import { errors } from '../errors/index.js'
import type { ResolveOptionsOf } from '../options/index.js'

/** An actor of the name that was asked for. */
export interface Candidate {
  /** The node that it lives on. */
  readonly nodeId: string
  readonly ref: ActorRef
  /** How busy its node is, 0 to 1: the mean of its engine threads. */
  readonly load: number
}

/** Chooses among the actors of one name. Any object with this method is one. */
export interface ResolvePolicy {
  /** One of the candidates, which are in the order of their nodes' ids and never none. */
  choose(candidates: readonly Candidate[]): Candidate
}

/** Options of a resolve (contract, section 2). */
export type ResolveOptions = ResolveOptionsOf<ResolvePolicy>

/** Each in turn. What a resolve does that says nothing; where it says so, keep the policy, since it remembers its turn. */
export class RoundRobinPolicy implements ResolvePolicy {
  #turn = 0

  choose(candidates: readonly Candidate[]): Candidate {
    const chosen = candidates[this.#turn % candidates.length] as Candidate
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER
    return chosen
  }
}

/** Any, with equal chances. */
export class RandomPolicy implements ResolvePolicy {
  choose(candidates: readonly Candidate[]): Candidate {
    return any(candidates)
  }
}

/** The one on the node with the lowest id: the same for all callers while that node lives. */
export class FirstPolicy implements ResolvePolicy {
  choose(candidates: readonly Candidate[]): Candidate {
    return candidates[0] as Candidate
  }
}

/** The one on the least busy node. */
export class LeastLoadedPolicy implements ResolvePolicy {
  choose(candidates: readonly Candidate[]): Candidate {
    return candidates.reduce(lessLoaded)
  }
}

/** The less busy of two taken at random: nearly as good as the least loaded, and callers do not all choose the same. */
export class PowerOfTwoPolicy implements ResolvePolicy {
  choose(candidates: readonly Candidate[]): Candidate {
    const one = any(candidates)
    const others = candidates.filter((candidate) => candidate !== one)
    return others.length === 0 ? one : lessLoaded(one, any(others))
  }
}

/**
 * The same one for the same key while its node lives; when a node comes or goes, only its share of the keys moves
 * (rendezvous hashing).
 */
export class ConsistentHashPolicy implements ResolvePolicy {
  readonly #key: string

  /**
   * @param key text, such as a user's id
   * @throws ERR_PULSING_INVALID_ARGUMENT where it is no text
   */
  constructor(key: string) {
    if (typeof key !== 'string') throw errors.invalidArgument('key', key, 'text')
    this.#key = key
  }

  choose(candidates: readonly Candidate[]): Candidate {
    let best = candidates[0] as Candidate
    let most = -1
    for (const candidate of candidates) {
      const score = hash(`${candidate.nodeId} ${this.#key}`)
      if (score > most) {
        most = score
        best = candidate
      }
    }
    return best
  }
}

function any(candidates: readonly Candidate[]): Candidate {
  return candidates[Math.floor(Math.random() * candidates.length)] as Candidate
}

function lessLoaded(one: Candidate, other: Candidate): Candidate {
  return other.load < one.load ? other : one
}

/** FNV-1a over UTF-16 units, then a finish that lets every unit change every bit. 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
