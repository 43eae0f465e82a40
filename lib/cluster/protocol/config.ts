// Times and sizes of the protocol. The defaults are for nodes that are near each other.

export interface ProtocolConfig {
  /** Each node asks one other so often whether it is there. */
  readonly probeMs: number
  /** So long it may take to answer, before others are asked to ask it. */
  readonly ackMs: number
  /** How many others are asked. */
  readonly helpers: number
  /** A suspect is thought dead after this times log10 of the number of nodes, times probeMs; without others that say the same,
   * after `suspicionMost` times as long. */
  readonly suspicion: number
  readonly suspicionMost: number
  /** What is new is sent this times log10 of the number of nodes. */
  readonly retransmits: number
  /** While there is news, some goes to `fanout` others so often. */
  readonly gossipMs: number
  readonly fanout: number
  /** Everything is compared with one other so often, that is alive or, by turns, thought dead. */
  readonly syncMs: number
  /** Seeds are asked again after so long, twice as long each time up to syncMs. */
  readonly joinMs: number
  /** Dead nodes are remembered so long, so that no old news revive them. */
  readonly forgetMs: number
}

export const DEFAULTS: ProtocolConfig = {
  probeMs: 1000,
  ackMs: 500,
  helpers: 3,
  suspicion: 4,
  suspicionMost: 4,
  retransmits: 4,
  gossipMs: 100,
  fanout: 3,
  syncMs: 20_000,
  joinMs: 500,
  forgetMs: 600_000,
}

/** A node that is slow itself takes so many times as long at most before it thinks others are. */
export const MOST_HEALTH = 8
/** Members and names of a message. */
export const MOST_MEMBERS = 20_000
export const MOST_NAMES_A_PIECE = 500
/** News that go with one message. */
export const MOST_NEWS = 24

/** log10 of the number of nodes, 1 at least. */
export function scaleOf(nodes: number): number {
  return Math.max(1, Math.log10(Math.max(nodes, 1)))
}
