// The live page: what a system is at, and what happened to it.

import { type JSX, render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ActorPage, Actors } from './actors.js'
import { Chart } from './chart.js'
import { bytes, duration, number, percent } from './format.js'
import { Cluster, Methods, Queues, Threads, Timeline } from './panels.js'
import { type Snapshot, Source } from './source.js'

/** #/actor/<id>, else the overview. */
function routeOf(hash: string): string | undefined {
  const id = /^#\/actor\/(.+)$/.exec(hash)?.[1]
  try {
    return id === undefined ? undefined : decodeURIComponent(id)
  } catch {
    return undefined
  }
}

function Page(): JSX.Element {
  const [snapshot, setSnapshot] = useState<Snapshot | undefined>(undefined)
  const [isPaused, setPaused] = useState(false)
  const [actor, setActor] = useState(routeOf(location.hash))
  const [source] = useState(() => new Source(setSnapshot))
  source.paused = isPaused

  useEffect(() => void source.run(), [source])
  useEffect(() => {
    const moved = () => setActor(routeOf(location.hash))
    const pressed = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key === 'p') setPaused((before) => !before)
      else if (event.key === '/') {
        event.preventDefault()
        location.hash = '#/'
        setTimeout(() => document.getElementById('search')?.focus())
      }
    }
    addEventListener('hashchange', moved)
    addEventListener('keydown', pressed)
    return () => {
      removeEventListener('hashchange', moved)
      removeEventListener('keydown', pressed)
    }
  }, [])

  if (snapshot === undefined) return <p class="empty">Asking the system ...</p>
  const { system, trouble } = snapshot
  return (
    <>
      <header>
        <h1>
          <a href="#/">pulsing</a>
        </h1>
        <span class="node">{system.nodeId}</span>
        <Facts snapshot={snapshot} />
        <button type="button" onClick={() => setPaused(!isPaused)} aria-pressed={isPaused} title="p">
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </header>
      {trouble === undefined ? null : (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      <main>
        {actor === undefined ? (
          <Overview snapshot={snapshot} isPaused={isPaused} />
        ) : (
          <ActorPage key={actor} id={actor} isPaused={isPaused} />
        )}
      </main>
    </>
  )
}

function Facts({ snapshot: { system } }: { readonly snapshot: Snapshot }): JSX.Element {
  const { counts, threads, members } = system
  const alive = members.filter(({ status }) => status === 'alive').length
  const facts: readonly (readonly [name: string, value: string, isBad?: boolean])[] = [
    ['up', duration(system.upMs)],
    ['pid', String(system.pid)],
    ['memory', bytes(system.rssBytes)],
    ['actors', number(threads.reduce((sum, thread) => sum + thread.actors, 0))],
    ['nodes alive', `${alive} of ${members.length}`],
    ['restarts', number(counts.restarts)],
    ['dead letters', number(counts.deadLetters), counts.deadLetters > 0],
    ['unseen errors', number(counts.unobservedErrors), counts.unobservedErrors > 0],
    ['threads died', number(counts.threadsDied), counts.threadsDied > 0],
  ]
  return (
    <dl class="facts">
      {facts.map(([name, value, isBad]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={isBad ? 'bad' : ''}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Overview({
  snapshot,
  isPaused,
}: {
  readonly snapshot: Snapshot
  readonly isPaused: boolean
}): JSX.Element {
  const { system, history, methods, queues, events } = snapshot
  return (
    <>
      <Chart
        title="Calls a second"
        at={history.at}
        format={number}
        lines={[{ label: 'calls', values: history.calls }]}
      />
      <Chart
        title="How long calls take"
        at={history.at}
        format={duration}
        lines={[
          { label: 'median', values: history.p50 },
          { label: 'p99', values: history.p99 },
        ]}
      />
      <Chart
        title="Load of threads"
        at={history.at}
        format={percent}
        most={1}
        lines={history.load.map((values, slot) => ({ label: slot === 0 ? 'host' : String(slot), values }))}
      />
      <Threads snapshot={snapshot} />
      <Methods methods={methods} />
      <Cluster system={system} />
      <Queues queues={queues} />
      <Actors isPaused={isPaused} />
      <Timeline events={events} />
    </>
  )
}

render(<Page />, document.getElementById('page') as HTMLElement)
