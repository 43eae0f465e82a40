// What nodes say to each other about themselves, and the check that what came is that. Messages are arrays of plain values.

import { MOST_MEMBERS, MOST_NAMES_A_PIECE, MOST_NEWS } from './config.js'
import type { Delta, NameChange, NameValue } from './directory.js'
import type { Identity, News } from './members.js'

/** In every message: of the sender's names, and how busy it is. */
export interface Envelope {
  readonly version: number
  readonly load: number
  readonly news: readonly News[]
  readonly deltas: readonly Delta[]
}

export type Body =
  | { readonly kind: 'ping'; readonly sequence: number; readonly to: string }
  | { readonly kind: 'ack'; readonly sequence: number }
  /** Ask another whether it is there, and pass on what it answers. */
  | { readonly kind: 'help'; readonly sequence: number; readonly target: Identity }
  /** The one that was to be asked has not answered the helper. */
  | { readonly kind: 'nack'; readonly sequence: number }
  | { readonly kind: 'news' }
  /** Everything that the sender knows of members; answered alike where it asks. */
  | { readonly kind: 'sync'; readonly asks: boolean; readonly members: readonly News[] }
  /** The sender knows the receiver's names up to that version. */
  | { readonly kind: 'want'; readonly version: number }

export type Message = Body & Envelope

const KINDS = ['ping', 'ack', 'help', 'nack', 'news', 'sync', 'want'] as const
const STATUSES = ['alive', 'suspect', 'leaving', 'dead'] as const

export function write(message: Message): unknown {
  const { kind, version, load, news, deltas } = message
  const head = [KINDS.indexOf(kind), version, load, news.map(writeNews), deltas.map(writeDelta)]
  switch (message.kind) {
    case 'ping':
      return [...head, message.sequence, message.to]
    case 'ack':
    case 'nack':
      return [...head, message.sequence]
    case 'help':
      return [...head, message.sequence, writeIdentity(message.target)]
    case 'sync':
      return [...head, message.asks, message.members.map(writeNews)]
    case 'want':
      return [...head, message.version]
    default:
      return head
  }
}

const writeIdentity = ({ nodeId, incarnation, addr, startedMs }: Identity) => [
  nodeId,
  incarnation,
  addr,
  startedMs,
]

const writeNews = (news: News) => [
  ...writeIdentity(news),
  STATUSES.indexOf(news.status),
  news.number,
  news.version,
  news.load,
  news.left,
  news.accuser,
]

const writeDelta = ({ incarnation, from, to, changes }: Delta) => [incarnation, from, to, changes]

/** Undefined where it is no message. */
export function read(given: unknown): Message | undefined {
  if (!Array.isArray(given) || given.length < 5) return undefined
  const [kindIndex, version, load, newsGiven, deltasGiven, a, b] = given as unknown[]
  const kind = KINDS[kindIndex as number]
  const news = readList(newsGiven, MOST_NEWS, readNews)
  const deltas = readList(deltasGiven, MOST_NEWS, readDelta)
  if (kind === undefined || !isCount(version) || !isShare(load) || news === undefined || deltas === undefined)
    return undefined
  const envelope = { version, load, news, deltas }
  switch (kind) {
    case 'ping':
      return isCount(a) && isText(b) ? { kind, sequence: a, to: b, ...envelope } : undefined
    case 'ack':
    case 'nack':
      return isCount(a) ? { kind, sequence: a, ...envelope } : undefined
    case 'help': {
      const target = readIdentity(b)
      return isCount(a) && target !== undefined ? { kind, sequence: a, target, ...envelope } : undefined
    }
    case 'news':
      return { kind, ...envelope }
    case 'sync': {
      const members = readList(b, MOST_MEMBERS, readNews)
      return typeof a === 'boolean' && members !== undefined
        ? { kind, asks: a, members, ...envelope }
        : undefined
    }
    case 'want':
      return isCount(a) ? { kind, ...envelope, version: a } : undefined
  }
}

function readList<T>(
  given: unknown,
  most: number,
  readOne: (one: unknown) => T | undefined,
): T[] | undefined {
  if (!Array.isArray(given) || given.length > most) return undefined
  const list: T[] = []
  for (const one of given) {
    const item = readOne(one)
    if (item === undefined) return undefined
    list.push(item)
  }
  return list
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 300
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1

function readIdentity(given: unknown): Identity | undefined {
  if (!Array.isArray(given)) return undefined
  const [nodeId, incarnation, addr, startedMs] = given as unknown[]
  if (!isText(nodeId) || !isText(incarnation) || !isText(addr) || !isCount(startedMs)) return undefined
  return { nodeId, incarnation, addr, startedMs }
}

/** Hot: a comparison brings one for each node that there is. */
function readNews(given: unknown): News | undefined {
  if (!Array.isArray(given) || given.length < 10) return undefined
  const list = given as unknown[]
  const nodeId = list[0]
  const incarnation = list[1]
  const addr = list[2]
  const startedMs = list[3]
  const status = STATUSES[list[4] as number]
  const number = list[5]
  const version = list[6]
  const load = list[7]
  const left = list[8]
  const accuser = list[9]
  if (!isText(nodeId) || !isText(incarnation) || !isText(addr) || !isCount(startedMs)) return undefined
  if (status === undefined || !isCount(number) || !isCount(version) || !isShare(load)) return undefined
  if (typeof left !== 'boolean' || typeof accuser !== 'string' || accuser.length > 300) return undefined
  return { nodeId, incarnation, addr, startedMs, status, number, version, load, left, accuser }
}

function readDelta(given: unknown): Delta | undefined {
  if (!Array.isArray(given)) return undefined
  const [incarnation, from, to, changesGiven] = given as unknown[]
  const changes = readList(changesGiven, MOST_NAMES_A_PIECE, readChange)
  if (!isText(incarnation) || !isCount(from) || !isCount(to) || to < from || changes === undefined)
    return undefined
  return { incarnation, from, to, changes }
}

function readChange(given: unknown): NameChange | undefined {
  if (!Array.isArray(given) || given.length !== 3) return undefined
  const [name, value, version] = given as unknown[]
  const isPart = (part: unknown) => (typeof part === 'string' ? part.length <= 300 : isCount(part))
  const isValue = value === null || (Array.isArray(value) && value.length <= 8 && value.every(isPart))
  if (!isText(name) || !isCount(version) || !isValue) return undefined
  return [name, value as NameValue | null, version]
}
