// Actors: the first ones by what is asked for, those that a search finds, the tree of who spawned whom, and the page of one.

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { duration, number } from './format.js'
import { type ActorsView, ask, INTERVAL_MS, type ActorOrder as Order } from './source.js'
import { type Column, Table } from './table.js'

type Actor = ActorsView['actors'][number]

const TOP = 20
const MOST_CHILDREN = 100
/** A search waits for the end of the word. */
const TYPING_MS = 250

function pathOf(query: Readonly<Record<string, string | number | boolean>>): string {
  const words = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
  return `/api/actors?${new URLSearchParams(words)}`
}

/** Asks again each second while it is shown; undefined before the first answer. */
function useActors(path: string, isPaused: boolean): ActorsView | undefined {
  const [view, setView] = useState<ActorsView | undefined>(undefined)
  useEffect(() => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async () => {
      if (!document.hidden) {
        const seen = await ask<ActorsView>(path).catch(() => undefined)
        if (isOver) return
        if (seen !== undefined) setView(seen)
      }
      if (!isPaused) timer = setTimeout(look, INTERVAL_MS)
    }
    timer = setTimeout(look, view === undefined ? 0 : TYPING_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [path, isPaused])
  return view
}

export function linkTo(id: string): string {
  return `#/actor/${encodeURIComponent(id)}`
}

const nameOf = ({ name, id }: Actor) => name ?? id

function columns(order: Order, setOrder: (order: Order) => void): Column<Actor>[] {
  const sorted = (by: Order) => ({ isOn: order === by, by: () => setOrder(by) })
  return [
    { head: 'Actor', cell: (actor) => <a href={linkTo(actor.id)}>{nameOf(actor)}</a> },
    { head: 'Class', cell: ({ type }) => type },
    { head: 'Thread', isNumber: true, cell: ({ slot }) => String(slot) },
    { head: 'Status', cell: ({ status }) => <span class={`status ${status}`}>{status}</span> },
    { head: 'Waiting', isNumber: true, cell: ({ waiting }) => number(waiting), sort: sorted('waiting') },
    { head: 'Under way', isNumber: true, cell: ({ underWay }) => number(underWay), sort: sorted('underWay') },
    { head: 'Time of calls', isNumber: true, cell: ({ timeMs }) => duration(timeMs), sort: sorted('time') },
    { head: 'Restarts', isNumber: true, cell: ({ restarts }) => number(restarts), sort: sorted('restarts') },
    { head: 'Age', isNumber: true, cell: ({ ageMs }) => duration(ageMs), sort: sorted('age') },
  ]
}

export function Actors({ isPaused }: { readonly isPaused: boolean }): JSX.Element {
  const [filter, setFilter] = useState('')
  const [order, setOrder] = useState<Order>('waiting')
  const [all, setAll] = useState(false)
  const [isTree, setTree] = useState(false)
  const view = useActors(pathOf({ top: TOP, by: order, filter, all }), isPaused)
  return (
    <section class="panel wide" aria-label="Actors">
      <h2>Actors</h2>
      <search class="controls">
        <label>
          Search{' '}
          <input
            id="search"
            type="search"
            value={filter}
            placeholder="name, class or id ( / )"
            onInput={({ currentTarget }) => setFilter(currentTarget.value)}
          />
        </label>
        <label>
          <input
            type="checkbox"
            checked={all}
            onChange={({ currentTarget }) => setAll(currentTarget.checked)}
          />{' '}
          the system's own
        </label>
        <label>
          <input
            type="checkbox"
            checked={isTree}
            onChange={({ currentTarget }) => setTree(currentTarget.checked)}
          />{' '}
          as a tree
        </label>
        <output>
          {view === undefined ? '' : `${number(Math.min(TOP, view.found))} of ${number(view.found)}`}
          {view !== undefined && view.missing.length > 0
            ? `; thread ${view.missing.join(', ')} does not answer`
            : ''}
        </output>
      </search>
      {isTree ? (
        <ul class="tree">
          <Branches parent="none" all={all} isPaused={isPaused} />
        </ul>
      ) : (
        <Table<Actor>
          empty={view === undefined ? 'Looking ...' : 'There is no such actor.'}
          rows={view?.actors ?? []}
          keyOf={({ id }) => id}
          columns={columns(order, setOrder)}
        />
      )}
    </section>
  )
}

/** Children of an actor, the oldest first; opened one by one, so that a million of them cost nothing. */
function Branches({
  parent,
  all,
  isPaused,
}: {
  readonly parent: string
  readonly all: boolean
  readonly isPaused: boolean
}): JSX.Element {
  const view = useActors(pathOf({ top: MOST_CHILDREN, by: 'age', parent, all }), isPaused)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  if (view === undefined) return <li class="empty">Looking ...</li>
  const toggle = (id: string) => {
    const next = new Set(open)
    if (!next.delete(id)) next.add(id)
    setOpen(next)
  }
  return (
    <>
      {view.actors.map((actor) => (
        <li key={actor.id}>
          {actor.children > 0 ? (
            <button
              type="button"
              class="twist"
              onClick={() => toggle(actor.id)}
              aria-expanded={open.has(actor.id)}
              aria-label={`children of ${nameOf(actor)}`}
            >
              {open.has(actor.id) ? '\u25be' : '\u25b8'}
            </button>
          ) : (
            <span class="leaf">{'\u00b7'}</span>
          )}{' '}
          <a href={linkTo(actor.id)}>{nameOf(actor)}</a> <span class="muted">{actor.type}</span>{' '}
          <span class={`status ${actor.status}`}>{actor.status}</span>
          {actor.children > 0 ? <span class="muted"> {number(actor.children)} children</span> : null}
          {actor.waiting > 0 ? <span class="muted"> {number(actor.waiting)} waiting</span> : null}
          {open.has(actor.id) ? (
            <ul>
              <Branches parent={actor.id} all={all} isPaused={isPaused} />
            </ul>
          ) : null}
        </li>
      ))}
      {view.found > view.actors.length ? (
        <li class="empty">and {number(view.found - view.actors.length)} more: the search finds them</li>
      ) : null}
      {view.found === 0 ? <li class="empty">None.</li> : null}
    </>
  )
}

/** node/slot.index.generation */
const ID = /^[^/]+\/\d+\.\d+\.\d+$/

function NoActor({ id, silent }: { readonly id: string; readonly silent: readonly number[] }): JSX.Element {
  return (
    <section class="panel wide" aria-label="Actor">
      <h2>{id}</h2>
      <p class="empty">
        {silent.length > 0
          ? `Thread ${silent.join(', ')} does not answer.`
          : 'There is no such actor: it has stopped.'}
      </p>
      <p>
        <a href="#/">Back</a>
      </p>
    </section>
  )
}

export function ActorPage(props: { readonly id: string; readonly isPaused: boolean }): JSX.Element {
  return ID.test(props.id) ? <KnownActor {...props} /> : <NoActor id={props.id} silent={[]} />
}

function KnownActor({ id, isPaused }: { readonly id: string; readonly isPaused: boolean }): JSX.Element {
  const found = useActors(pathOf({ top: 1, filter: id, all: true }), isPaused)
  const children = useActors(pathOf({ top: MOST_CHILDREN, by: 'age', parent: id, all: true }), isPaused)
  const [order, setOrder] = useState<Order>('age')
  if (found === undefined) return <p class="empty">Looking ...</p>
  const actor = found.actors.find((one) => one.id === id)
  if (actor === undefined) return <NoActor id={id} silent={found.missing} />
  const facts: readonly (readonly [string, JSX.Element | string])[] = [
    ['Id', actor.id],
    ['Class', actor.type],
    ['Thread', actor.slot === 0 ? 'host' : String(actor.slot)],
    ['Status', <span class={`status ${actor.status}`}>{actor.status}</span>],
    ['Waiting', number(actor.waiting)],
    ['The oldest waits up to', duration(actor.backlogMs)],
    ['Under way', number(actor.underWay)],
    ['Time of its calls', duration(actor.timeMs)],
    ['Restarts', number(actor.restarts)],
    ['Last failure', actor.lastFailure ?? 'none'],
    ['Age', duration(actor.ageMs)],
    ['Parent', actor.parent ? <a href={linkTo(actor.parent)}>{actor.parent}</a> : 'none'],
  ]
  return (
    <>
      <p>
        <a href="#/">Back</a>
      </p>
      <section class="panel wide" aria-label="Actor">
        <h2>{nameOf(actor)}</h2>
        <dl>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section class="panel wide" aria-label="Children">
        <h2>Children</h2>
        <Table<Actor>
          empty="It has spawned none that are there."
          rows={children?.actors ?? []}
          keyOf={(one) => one.id}
          columns={columns(order, setOrder)}
        />
      </section>
    </>
  )
}
