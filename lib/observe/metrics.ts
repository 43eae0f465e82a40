// A system's figures as Prometheus reads them.

import { Registry } from 'prom-client'
import { BOUNDS } from '../engine/index.js'
import type { QueueReport } from '../queue/index.js'
import type { Backlog } from '../system/index.js'
import type { MethodView, SystemView } from './view.js'

type Labels = Readonly<Record<string, string | number>>

interface Value {
  readonly value: number
  readonly labels: Labels
  readonly metricName?: string
}

/** What a Registry asks of a metric; its own kinds count by themselves, while these figures are counted elsewhere. */
class Figures {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly #values: readonly Value[]

  constructor(name: string, type: 'counter' | 'gauge' | 'histogram', help: string, values: readonly Value[]) {
    this.name = name
    this.help = help
    this.type = type
    this.#values = values
  }

  get(): object {
    return { name: this.name, help: this.help, type: this.type, values: this.#values, aggregator: 'sum' }
  }
}

const plain = (value: number): Value[] => [{ value, labels: {} }]

/** The text of a scrape, and its content type. */
export async function metricsOf(
  view: SystemView,
  queues: readonly QueueReport[],
): Promise<{ text: string; type: string }> {
  const registry = new Registry()
  const add = (
    name: string,
    type: 'counter' | 'gauge' | 'histogram',
    help: string,
    values: readonly Value[],
  ) => registry.registerMetric(new Figures(`pulsing_${name}`, type, help, values) as never)
  addThreads(view, add)
  addMethods(view.methods, add)
  addBacklogs(view.backlogs, add)
  const { deadLetters, deadLettersByReason, unobservedErrors, restarts, threadsDied } = view.counts
  const known = Object.entries(deadLettersByReason)
  const rest = deadLetters - known.reduce((sum, [, count]) => sum + count, 0)
  add(
    'dead_letters_total',
    'counter',
    'Messages that could not be delivered, by the reason; unknown of threads that have died.',
    [...known, ...(rest > 0 ? [['unknown', rest] as const] : [])].map(([reason, value]) => ({
      value,
      labels: { reason },
    })),
  )
  add('unobserved_errors_total', 'counter', 'Errors that nobody waited for.', plain(unobservedErrors))
  add('restarts_total', 'counter', 'Actors that were made again.', plain(restarts))
  add('threads_died_total', 'counter', 'Engine threads that ended and were replaced.', plain(threadsDied))
  add('up_seconds', 'gauge', 'Seconds since the system started.', plain(view.upMs / 1000))
  add('resident_memory_bytes', 'gauge', 'Memory of the process.', plain(view.rssBytes))
  addCluster(view, add)
  addQueues(queues, add)
  return { text: await registry.metrics(), type: registry.contentType }
}

type Add = (
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  values: readonly Value[],
) => void

function addThreads({ threads }: SystemView, add: Add): void {
  const each = (of: (thread: (typeof threads)[number]) => number | undefined): Value[] =>
    threads.flatMap((thread) => {
      const value = of(thread)
      return value === undefined ? [] : [{ value, labels: { thread: thread.slot } }]
    })
  add(
    'actors',
    'gauge',
    'Actors of a thread; 0 is the host.',
    each(({ actors }) => actors),
  )
  add(
    'thread_busy_seconds_total',
    'counter',
    'Time in which its event loop was busy.',
    each(({ busyMs }) => busyMs / 1000),
  )
  add(
    'thread_idle_seconds_total',
    'counter',
    'Time in which it waited.',
    each(({ idleMs }) => idleMs / 1000),
  )
  add(
    'thread_answers',
    'gauge',
    '1 where the thread answered within a second.',
    each(({ answers }) => Number(answers)),
  )
  add(
    'thread_answer_seconds',
    'gauge',
    'What the thread took to answer this scrape.',
    each(({ answerMs }) => (answerMs === undefined ? undefined : answerMs / 1000)),
  )
  add(
    'asks_under_way',
    'gauge',
    'Asks of a thread that wait for an answer.',
    each(({ asksUnderWay }) => asksUnderWay),
  )
  add(
    'thread_heap_used_bytes',
    'gauge',
    'Heap in use.',
    each(({ heapUsedBytes }) => heapUsedBytes),
  )
  add(
    'thread_heap_limit_bytes',
    'gauge',
    'What its heap may become.',
    each(({ heapLimitBytes }) => heapLimitBytes),
  )
  add(
    'thread_external_bytes',
    'gauge',
    'Memory of buffers, beside the heap.',
    each(({ externalBytes }) => externalBytes),
  )
  const delays = threads.flatMap(({ slot, eventLoopDelay: { p50Ms, p99Ms, maxMs } }): Value[] => [
    { value: p50Ms / 1000, labels: { thread: slot, quantile: '0.5' } },
    { value: p99Ms / 1000, labels: { thread: slot, quantile: '0.99' } },
    { value: maxMs / 1000, labels: { thread: slot, quantile: '1' } },
  ])
  add('thread_event_loop_delay_seconds', 'gauge', 'What was ready waited so long, since the start.', delays)
}

function addMethods(methods: readonly MethodView[], add: Add): void {
  const labelsOf = ({ type, method }: MethodView) => ({ class: type, method })
  add(
    'calls_total',
    'counter',
    'Calls that have begun, by class and method.',
    methods.map((one) => ({ value: one.calls, labels: labelsOf(one) })),
  )
  add(
    'call_errors_total',
    'counter',
    'Calls that failed, by the kind of the error.',
    methods.flatMap((one) =>
      Object.entries(one.errors).map(([kind, value]) => ({ value, labels: { ...labelsOf(one), kind } })),
    ),
  )
  addTimes('call_duration_seconds', 'How long calls took; short ones are sampled.', methods, 'ran', add)
  const waited = 'How long calls had waited when they began, at least; those that are timed.'
  addTimes('call_wait_seconds', waited, methods, 'waited', add)
}

function addTimes(
  name: string,
  help: string,
  methods: readonly MethodView[],
  which: 'ran' | 'waited',
  add: Add,
): void {
  const metricName = `pulsing_${name}`
  const values = methods.flatMap((one): Value[] => {
    const { buckets: counts, seconds } = one[which]
    if (counts.length === 0) return []
    const labels = { class: one.type, method: one.method }
    let count = 0
    const buckets = [...BOUNDS, '+Inf'].map((le, i) => {
      count += counts[i] ?? 0
      return { metricName: `${metricName}_bucket`, value: count, labels: { ...labels, le } }
    })
    return [
      ...buckets,
      { metricName: `${metricName}_sum`, value: seconds, labels },
      { metricName: `${metricName}_count`, value: count, labels },
    ]
  })
  add(name, 'histogram', help, values)
}

function addBacklogs(backlogs: readonly Backlog[], add: Add): void {
  const each = (of: (backlog: Backlog) => number): Value[] =>
    backlogs.map((one) => ({ value: of(one), labels: { class: one.type } }))
  add(
    'mailbox_messages',
    'gauge',
    'Messages that wait in the mailboxes of a class.',
    each(({ waiting }) => waiting),
  )
  add(
    'mailbox_backlog_seconds',
    'gauge',
    'For how long messages wait in the mailbox that has not been empty for the longest: the oldest is at most that old.',
    each(({ backlogMs }) => backlogMs / 1000),
  )
}

function addCluster({ members, cluster }: SystemView, add: Add): void {
  const counts = new Map<string, number>()
  for (const { status } of members) counts.set(status, (counts.get(status) ?? 0) + 1)
  add(
    'cluster_members',
    'gauge',
    'Nodes that this one knows of.',
    [...counts].map(([status, value]) => ({ value, labels: { status } })),
  )
  const { peers, refused, badFrames } = cluster
  const bytes = peers.flatMap(({ nodeId: peer, bytesIn, bytesOut }): Value[] => [
    { value: bytesIn, labels: { peer, direction: 'in' } },
    { value: bytesOut, labels: { peer, direction: 'out' } },
  ])
  add('peer_bytes_total', 'counter', 'Bytes exchanged with another node.', bytes)
  const each = (of: (peer: (typeof peers)[number]) => number | undefined): Value[] =>
    peers.flatMap((peer) => {
      const value = of(peer)
      return value === undefined ? [] : [{ value, labels: { peer: peer.nodeId } }]
    })
  const roundTrip = each(({ roundTripMs }) => (roundTripMs === undefined ? undefined : roundTripMs / 1000))
  add('peer_round_trip_seconds', 'gauge', 'What the last ping took.', roundTrip)
  add(
    'peer_losses_total',
    'counter',
    'Connections that were lost or closed.',
    each(({ losses }) => losses),
  )
  add(
    'peer_queued_bytes',
    'gauge',
    'Bytes that wait to be sent.',
    each(({ queuedBytes }) => queuedBytes),
  )
  add('connections_refused_total', 'counter', 'Connections that were refused.', plain(refused))
  add('bad_frames_total', 'counter', 'Frames that no node of this version sends.', plain(badFrames))
}

function addQueues(queues: readonly QueueReport[], add: Add): void {
  const each = (of: (bucket: QueueReport) => number): Value[] =>
    queues.map((bucket) => ({
      value: of(bucket),
      labels: { topic: bucket.topic, bucket: bucket.bucketId },
    }))
  add(
    'queue_records',
    'gauge',
    'Records of a bucket on this node.',
    each(({ records }) => records),
  )
  add(
    'queue_bytes',
    'gauge',
    'Bytes of a bucket.',
    each(({ bytes }) => bytes),
  )
  add(
    'queue_puts_total',
    'counter',
    'Batches that were put.',
    each(({ puts }) => puts),
  )
  add(
    'queue_reads_total',
    'counter',
    'Reads of a bucket.',
    each(({ reads }) => reads),
  )
  add(
    'queue_waiting_readers',
    'gauge',
    'Readers that wait for a record.',
    each(({ waiting }) => waiting),
  )
}
