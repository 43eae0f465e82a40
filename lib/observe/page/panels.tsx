// The parts of the overview: threads, members, methods, queues, and what happened.

import type { JSX } from 'preact'
import { bytes, duration, number, percent, time } from './format.js'
import type { Happened, MethodRate, QueueReport, Snapshot, SystemView } from './source.js'
import { Bar, Table } from './table.js'

const MOST_ROWS = 10

type ThreadView = SystemView['threads'][number]

export function Threads({ snapshot: { system, load } }: { readonly snapshot: Snapshot }): JSX.Element {
  return (
    <section class="panel" aria-label="Threads">
      <h2>Threads</h2>
      <Table<ThreadView>
        empty="There is none."
        rows={system.threads}
        keyOf={({ slot }) => String(slot)}
        columns={[
          { head: 'Thread', cell: ({ slot }) => (slot === 0 ? 'host' : String(slot)) },
          {
            head: 'Load',
            cell: ({ slot, answers }) =>
              answers ? (
                <Bar share={load[slot] ?? 0} text={percent(load[slot] ?? 0)} />
              ) : (
                <strong class="bad">does not answer</strong>
              ),
          },
          { head: 'Actors', isNumber: true, cell: ({ actors }) => number(actors) },
          { head: 'Delay p99', isNumber: true, cell: ({ eventLoopDelay }) => duration(eventLoopDelay.p99Ms) },
          { head: 'Heap', isNumber: true, cell: ({ heapUsedBytes }) => bytes(heapUsedBytes) },
          { head: 'Buffers', isNumber: true, cell: ({ externalBytes }) => bytes(externalBytes) },
        ]}
      />
    </section>
  )
}

export function Cluster({ system }: { readonly system: SystemView }): JSX.Element {
  const peers = new Map(system.cluster.peers.map((peer) => [peer.nodeId, peer]))
  return (
    <section class="panel" aria-label="Cluster">
      <h2>Cluster</h2>
      <Table
        empty="This system is a node by itself."
        rows={system.members}
        keyOf={({ nodeId }) => nodeId}
        columns={[
          {
            head: 'Node',
            cell: ({ nodeId }) => (nodeId === system.nodeId ? <strong>{nodeId} (this one)</strong> : nodeId),
          },
          { head: 'Address', cell: ({ addr }) => addr ?? '-' },
          { head: 'Status', cell: ({ status }) => <span class={`status ${status}`}>{status}</span> },
          {
            head: 'Round trip',
            isNumber: true,
            cell: ({ nodeId }) => {
              const ms = peers.get(nodeId)?.roundTripMs ?? undefined
              return ms === undefined ? '-' : duration(ms)
            },
          },
          { head: 'In', isNumber: true, cell: ({ nodeId }) => bytes(peers.get(nodeId)?.bytesIn ?? 0) },
          { head: 'Out', isNumber: true, cell: ({ nodeId }) => bytes(peers.get(nodeId)?.bytesOut ?? 0) },
        ]}
      />
    </section>
  )
}

export function Methods({ methods }: { readonly methods: readonly MethodRate[] }): JSX.Element {
  return (
    <section class="panel" aria-label="Slowest methods">
      <h2>Methods by the time they take</h2>
      <Table<MethodRate>
        empty="Nothing was called yet."
        rows={methods.slice(0, MOST_ROWS)}
        keyOf={({ type, method }) => `${type} ${method}`}
        columns={[
          { head: 'Method', cell: ({ type, method }) => `${type}.${method}` },
          { head: 'Calls/s', isNumber: true, cell: ({ callsASecond }) => number(callsASecond) },
          { head: 'Mean', isNumber: true, cell: ({ meanMs }) => duration(meanMs) },
          { head: 'p99', isNumber: true, cell: ({ p99Ms }) => duration(p99Ms) },
          {
            head: 'Errors',
            isNumber: true,
            cell: ({ errors }) => (errors === 0 ? '0' : <strong class="bad">{number(errors)}</strong>),
          },
          { head: 'All calls', isNumber: true, cell: ({ calls }) => number(calls) },
        ]}
      />
    </section>
  )
}

export function Queues({ queues }: { readonly queues: readonly QueueReport[] }): JSX.Element {
  const longest = [...queues].sort((a, b) => b.records - a.records).slice(0, MOST_ROWS)
  return (
    <section class="panel" aria-label="Longest queues">
      <h2>Longest buckets of queues</h2>
      <Table<QueueReport>
        empty="This node holds no bucket of a queue."
        rows={longest}
        keyOf={({ topic, bucketId }) => `${topic} ${bucketId}`}
        columns={[
          { head: 'Topic', cell: ({ topic }) => topic },
          { head: 'Bucket', isNumber: true, cell: ({ bucketId }) => String(bucketId) },
          { head: 'Records', isNumber: true, cell: ({ records }) => number(records) },
          { head: 'Size', isNumber: true, cell: (one) => bytes(one.bytes) },
          { head: 'Readers waiting', isNumber: true, cell: ({ waiting }) => number(waiting) },
        ]}
      />
    </section>
  )
}

const BAD = new Set(['threadDied', 'stuck', 'queueGap', 'unobservedError'])
/** What the time line shows. */
const SPAN_MS = 300_000

export function Timeline({ events }: { readonly events: readonly Happened[] }): JSX.Element {
  const now = Date.now()
  const shown = events.filter(({ at }) => now - at < SPAN_MS)
  return (
    <section class="panel wide" aria-label="What happened">
      <h2>What happened</h2>
      <svg
        class="timeline"
        viewBox="0 0 1000 24"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${shown.length} events in five minutes`}
      >
        <line x1="0" y1="12" x2="1000" y2="12" />
        {shown.map((one, i) => (
          <rect
            key={`${one.at} ${i}`}
            x={1000 - ((now - one.at) / SPAN_MS) * 1000}
            y="4"
            width="4"
            height="16"
            class={BAD.has(one.name) ? 'bad' : ''}
          >
            <title>{`${time(one.at)} ${one.text}`}</title>
          </rect>
        ))}
      </svg>
      <p class="scale">
        <span>5 minutes ago</span>
        <span>now</span>
      </p>
      {events.length === 0 ? (
        <p class="empty">
          Nothing yet: restarts, deaths, dead letters and members that come and go stand here.
        </p>
      ) : (
        <ol class="events" aria-live="polite">
          {events
            .slice(-50)
            .reverse()
            .map((one, i) => (
              <li key={`${one.at} ${events.length - i}`}>
                <time>{time(one.at)}</time>{' '}
                <span class={BAD.has(one.name) ? 'kind bad' : 'kind'}>{one.name}</span> {one.text}
                {one.left > 0 ? ` (and ${one.left} before it that are not shown)` : ''}
              </li>
            ))}
        </ol>
      )}
    </section>
  )
}
