// What one node knows of the others.

/** Who a node is. No two that ever ran have the same incarnation. */
export interface Identity {
  readonly nodeId: string
  readonly incarnation: string
  readonly addr: string
  /** When it was started, by its own clock: of two of one id, the later one is the newer. */
  readonly startedMs: number
}

export type MemberStatus = 'joining' | 'alive' | 'suspect' | 'leaving' | 'dead'

/** A member, as others are given it. */
export interface MemberState extends Identity {
  readonly status: MemberStatus
  /** When it took that status, by the clock that the protocol is given. */
  readonly sinceMs: number
  /** How busy it is, 0 to 1. */
  readonly load: number
}

export interface Member extends Identity {
  status: MemberStatus
  /** Raised by the node itself alone, to say that it is alive after all. */
  number: number
  sinceMs: number
  load: number
  /** Of its names, the latest that was heard of. */
  version: number
  /** It has said itself that it goes. */
  left: boolean
}

export function isThere({ status }: Member): boolean {
  return status !== 'dead'
}

/** What one node says of another, or of itself. */
export interface News extends Identity {
  readonly status: Exclude<MemberStatus, 'joining'>
  readonly number: number
  /** Of its names. */
  readonly version: number
  readonly load: number
  readonly left: boolean
  /** Who suspects it. */
  readonly accuser: string
}

const RANK: Readonly<Record<MemberStatus, number>> = { joining: 0, alive: 0, leaving: 1, suspect: 2, dead: 3 }

/** Whether news say more than what is known: a higher number does, and with the same number what is worse. */
export function isNewer(news: News, known: Member): boolean {
  if (news.number !== known.number) {
    // The dead stay dead, unless they say themselves, by a higher number, that they are not.
    return news.number > known.number
  }
  return RANK[news.status] > RANK[known.status]
}
