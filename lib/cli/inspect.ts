// pulsing inspect: what a system is at, at this moment.

import type { Command } from 'commander'
import { Option } from 'commander'
import type { ActorsView, SystemView, ThreadView } from '../observe/index.js'
import type { QueueReport } from '../queue/index.js'
import type { ActorOrder } from '../system/index.js'
import { whole } from './node-options.js'
import { DEFAULT_URL, Observed, type ObservedOptions } from './observed.js'
import { bytes, duration, type Output, percent, plain, table } from './output.js'

/** Spelt out here, since showing another process needs no engine in this one. */
const ORDERS = Object.keys({
  waiting: true,
  underWay: true,
  time: true,
  restarts: true,
  age: true,
} satisfies Record<ActorOrder, true>)

export function withObservedOptions(command: Command): Command {
  return command
    .option('--url <url>', `where a node shows itself: PULSING_URL, or ${DEFAULT_URL}, unless set`)
    .option('--token-file <file>', 'its first line is the token (or set PULSING_TOKEN)')
}

export async function inspectCluster(options: ObservedOptions, out: Output): Promise<void> {
  const { nodeId, addr, pid, upMs, rssBytes, members, cluster, counts } = await new Observed(
    options,
  ).json<SystemView>('/api/system')
  out.print({ nodeId, addr, pid, upMs, rssBytes, members, cluster, counts }, () => {
    const peers = new Map(cluster.peers.map((peer) => [peer.nodeId, peer]))
    const rows = members.map((member) => {
      const peer = peers.get(member.nodeId)
      const roundTripMs = peer?.roundTripMs ?? undefined
      return [
        member.nodeId,
        member.addr,
        member.status,
        roundTripMs === undefined ? undefined : duration(roundTripMs),
        peer === undefined ? undefined : bytes(peer.bytesIn),
        peer === undefined ? undefined : bytes(peer.bytesOut),
      ]
    })
    const said = Object.entries(counts).map(([name, count]) => `${spaced(name)} ${count}`)
    return [
      `node ${plain(nodeId)}, pid ${pid}, up ${duration(upMs)}, ${bytes(rssBytes)} resident; ${said.join(', ')}`,
      table(['NODE', 'ADDRESS', 'STATUS', 'ROUND TRIP', 'IN', 'OUT'], rows),
    ].join('\n')
  })
}

/** deadLetters -> dead letters */
const spaced = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

export interface ActorsOptions extends ObservedOptions {
  readonly top: number
  readonly by: string
  readonly filter: string
  readonly all?: boolean
}

export function withActorsOptions(command: Command): Command {
  return command
    .option('--top <n>', 'how many', whole(1, 1000), 20)
    .addOption(new Option('--by <order>', 'the largest first').choices(ORDERS).default(ORDERS[0]))
    .option('--filter <text>', 'part of a name, a class or an id', '')
    .option('--all', "the system's own actors too")
}

export function actorsOf(
  node: Observed,
  { top, by, filter, all = false }: ActorsOptions,
): Promise<ActorsView> {
  return node.json<ActorsView>('/api/actors', { top: String(top), by, filter, all: String(all) })
}

export async function inspectActors(options: ActorsOptions, out: Output): Promise<void> {
  out.print(await actorsOf(new Observed(options), options), ({ actors, found, missing }) => {
    const rows = actors.map((actor) => [
      actor.name ?? actor.id,
      actor.type,
      actor.slot,
      actor.status,
      actor.waiting,
      actor.underWay,
      duration(actor.timeMs),
      actor.restarts,
      duration(actor.ageMs),
    ])
    const text = table(
      ['ACTOR', 'CLASS', 'THREAD', 'STATUS', 'WAITING', 'UNDER WAY', 'TIME', 'RESTARTS', 'AGE'],
      rows,
    )
    return `${text}\n${actors.length} of ${found}${silent(missing)}`
  })
}

export function silent(missing: readonly number[]): string {
  return missing.length === 0 ? '' : `; no answer from thread ${missing.join(', ')}`
}

export async function inspectThreads(options: ObservedOptions, out: Output): Promise<void> {
  out.print(await new Observed(options).json<ThreadView[]>('/api/threads'), (threads) =>
    table(
      ['THREAD', 'ACTORS', 'BUSY', 'DELAY P99', 'HEAP', 'OF', 'BUFFERS', 'ANSWERS'],
      threads.map((thread) => [
        thread.slot === 0 ? 'host' : String(thread.slot),
        thread.actors,
        percent(thread.busyMs / Math.max(1, thread.busyMs + thread.idleMs)),
        duration(thread.eventLoopDelay.p99Ms),
        bytes(thread.heapUsedBytes),
        bytes(thread.heapLimitBytes),
        bytes(thread.externalBytes),
        thread.answers ? 'yes' : 'no',
      ]),
    ),
  )
}

export async function inspectQueues(options: ObservedOptions, out: Output): Promise<void> {
  out.print(await new Observed(options).json<QueueReport[]>('/api/queues'), (buckets) =>
    table(
      ['TOPIC', 'BUCKET', 'RECORDS', 'BYTES', 'PUTS', 'READS', 'READERS WAITING'],
      buckets.map((one) => [
        one.topic,
        one.bucketId,
        one.records,
        bytes(one.bytes),
        one.puts,
        one.reads,
        one.waiting,
      ]),
    ),
  )
}

export async function inspectMetrics(options: ObservedOptions, out: Output): Promise<void> {
  const node = new Observed(options)
  // For programs as values; for people, and Prometheus, as they are scraped.
  if (out.isJson) out.print(await node.json<SystemView>('/api/system'), String)
  else process.stdout.write(await node.text('/metrics'))
}
