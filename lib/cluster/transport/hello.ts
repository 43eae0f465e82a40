// What two nodes say before anything else: who they are, which versions of the protocol they speak, and which cluster they are of.

import { MOST_HELLO_BYTES } from './limits.js'

/** Versions of the protocol that this node speaks. */
export const LEAST_VERSION = 1
export const VERSION = 1

/** Each side begins with it, so that something else is known at once for what it is. */
export const MAGIC: Buffer = Buffer.from('PULS')

export interface PeerIdentity {
  readonly nodeId: string
  readonly incarnation: string
  /** Where others reach it. */
  readonly addr: string
  readonly startedMs: number
}

export interface Hello extends PeerIdentity {
  readonly versions: readonly [least: number, most: number]
  readonly cluster: string
  readonly nonce: string
  /** The nonce of the one that is answered; '' from whoever has dialled. */
  readonly answers: string
}

export interface Refusal {
  readonly code: 'version' | 'cluster' | 'self' | 'protected' | 'busy' | 'hello' | 'expected'
  readonly reason: string
}

export function writeHello(hello: Hello): Buffer {
  const { versions, cluster, nodeId, incarnation, addr, startedMs, nonce, answers } = hello
  return Buffer.from(
    JSON.stringify([versions[0], versions[1], cluster, nodeId, incarnation, addr, startedMs, nonce, answers]),
  )
}

/** Undefined where it is none. */
export function readHello(body: Buffer): Hello | undefined {
  if (body.length > MOST_HELLO_BYTES) return undefined
  let given: unknown
  try {
    given = JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(given) || given.length < 9) return undefined
  const [least, most, cluster, nodeId, incarnation, addr, startedMs, nonce, answers] = given as unknown[]
  const isText = (value: unknown, length = 300) => typeof value === 'string' && value.length <= length
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  const fits =
    isCount(least) &&
    isCount(most) &&
    isText(cluster) &&
    /^[A-Za-z0-9._-]{1,255}$/.test(String(nodeId)) &&
    /^[0-9a-f]{32}$/.test(String(incarnation)) &&
    isText(addr) &&
    isCount(startedMs) &&
    /^[0-9a-f]{32}$/.test(String(nonce)) &&
    isText(answers, 32)
  if (!fits) return undefined
  return {
    versions: [least as number, most as number],
    cluster: cluster as string,
    nodeId: String(nodeId),
    incarnation: String(incarnation),
    addr: addr as string,
    startedMs: startedMs as number,
    nonce: String(nonce),
    answers: answers as string,
  }
}

/** Why the two do not go together; undefined where they do. */
export function whyNot(own: Hello, other: Hello): Refusal | undefined {
  if (other.incarnation === own.incarnation || other.nonce === own.nonce)
    return { code: 'self', reason: 'it is this node itself' }
  if (other.versions[1] < own.versions[0] || other.versions[0] > own.versions[1]) {
    const say = ([least, most]: readonly [number, number]) =>
      least === most ? `${most}` : `${least} to ${most}`
    return {
      code: 'version',
      reason: `one speaks version ${say(own.versions)} of the protocol, the other ${say(other.versions)}: update the older one`,
    }
  }
  if (other.cluster !== own.cluster)
    return {
      code: 'cluster',
      reason: `one is of the cluster "${own.cluster}", the other of "${other.cluster}"`,
    }
  return undefined
}

export function writeRefusal({ code, reason }: Refusal): Buffer {
  return Buffer.from(JSON.stringify([code, reason]))
}

export function readRefusal(body: Buffer): { code: string; reason: string } {
  try {
    const [code, reason] = JSON.parse(body.subarray(0, MOST_HELLO_BYTES).toString('utf8')) as unknown[]
    if (typeof code === 'string' && typeof reason === 'string') return { code, reason: reason.slice(0, 500) }
  } catch {
    // Said below.
  }
  return { code: 'hello', reason: 'it gave no reason that can be read' }
}
