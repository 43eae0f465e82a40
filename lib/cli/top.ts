// pulsing top: a live table of threads, the slowest methods, and actors, sorted by keys.

import { stdin, stdout } from 'node:process'
import { emitKeypressEvents, type Key } from 'node:readline'
import { styleText } from 'node:util'
import type { ActorsView, MethodView, SystemView, ThreadView } from '../observe/index.js'
import type { ActorOrder, ActorReport } from '../system/index.js'
import { usage } from './failure.js'
import { silent } from './inspect.js'
import { Observed, type ObservedOptions } from './observed.js'
import { bytes, duration, type Output, percent, plain, table } from './output.js'
import { pause } from './watch.js'

interface TopOptions extends ObservedOptions {
  readonly interval: number
  readonly filter: string
  readonly all?: boolean
  readonly count?: number
}

/** load: the share of the last interval that an actor's calls took. */
type Sort = 'load' | ActorOrder

const KEYS: Readonly<Record<string, Sort>> = {
  l: 'load',
  w: 'waiting',
  u: 'underWay',
  t: 'time',
  r: 'restarts',
  a: 'age',
}
/** What is asked for where sorted by load: those that were busiest may have been so in the past. */
const CANDIDATES = 1000

/** What was seen at one moment. */
interface Seen {
  readonly atMs: number
  readonly system: SystemView
  readonly actors: ActorsView
}

interface ActorLine extends ActorReport {
  readonly load: number
}

interface ThreadLine extends ThreadView {
  readonly load: number
}

interface MethodLine {
  readonly type: string
  readonly method: string
  readonly callsASecond: number
  readonly meanMs: number
  readonly errors: number
}

/** What is shown of two moments. */
interface Shown {
  readonly nodeId: string
  readonly threads: readonly ThreadLine[]
  readonly methods: readonly MethodLine[]
  readonly actors: readonly ActorLine[]
  readonly found: number
  readonly missing: readonly number[]
  readonly sort: Sort
}

export async function top(options: TopOptions, out: Output, signal: AbortSignal): Promise<void> {
  const { interval, count = Number.POSITIVE_INFINITY } = options
  const node = new Observed(options)
  const isLive = stdout.isTTY && !out.isJson
  let sort: Sort = 'load'
  let wake = () => {}
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const close = isLive ? openScreen(onKey) : () => {}
  try {
    let before = await see(node, options, sort)
    await pause(isLive ? Math.min(interval, 500) : interval, until)
    for (let i = 0; i < count && !until.aborted; i++) {
      const now = await see(node, options, sort)
      const rows = isLive ? Math.max(3, stdout.rows - 16) : 20
      const shown = compared(before, now, sort, rows)
      // A styled line is the first, and cut by the terminal.
      const lines = (one: Shown) =>
        linesOf(one)
          .slice(0, stdout.rows - 1)
          .map((line, at) => (at === 0 ? line : line.slice(0, stdout.columns)))
      if (isLive) stdout.write(`\x1b[H${lines(shown).join('\x1b[K\n')}\x1b[J`)
      else out.print(shown, (one) => `${linesOf(one).join('\n')}\n`)
      before = now
      if (i + 1 < count) await Promise.race([pause(interval, until), new Promise<void>((go) => (wake = go))])
    }
  } finally {
    close()
  }

  function onKey(key: Key): void {
    if (key.name === 'q' || (key.ctrl === true && key.name === 'c')) over.abort()
    const wanted = key.name === undefined ? undefined : KEYS[key.name]
    if (wanted === undefined) return
    sort = wanted
    wake()
  }
}

async function see(node: Observed, { filter, all = false }: TopOptions, sort: Sort): Promise<Seen> {
  const query = {
    top: String(sort === 'load' ? CANDIDATES : 100),
    by: sort === 'load' ? 'time' : sort,
    filter,
    all: String(all),
  }
  const [system, actors] = await Promise.all([
    node.json<SystemView>('/api/system'),
    node.json<ActorsView>('/api/actors', query),
  ])
  return { atMs: performance.now(), system, actors }
}

function compared(before: Seen, now: Seen, sort: Sort, rows: number): Shown {
  const tookMs = Math.max(1, now.atMs - before.atMs)
  const actorsBefore = new Map(before.actors.actors.map((actor) => [actor.id, actor.timeMs]))
  const actors = now.actors.actors.map(
    (actor): ActorLine => ({
      ...actor,
      load: Math.max(0, actor.timeMs - (actorsBefore.get(actor.id) ?? actor.timeMs)) / tookMs,
    }),
  )
  if (sort === 'load') actors.sort((a, b) => b.load - a.load)
  const threads = now.system.threads.map((thread, i): ThreadLine => {
    const busyMs = thread.busyMs - (before.system.threads[i]?.busyMs ?? 0)
    const idleMs = thread.idleMs - (before.system.threads[i]?.idleMs ?? 0)
    // Of a thread that took the place of another the counts began again.
    const isSame = busyMs >= 0 && idleMs >= 0 && busyMs + idleMs > 0
    return { ...thread, load: isSame ? busyMs / (busyMs + idleMs) : 0 }
  })
  const { nodeId } = now.system
  const { found, missing } = now.actors
  const methods = methodsOf(before.system.methods, now.system.methods, tookMs)
  return { nodeId, threads, methods, actors: actors.slice(0, rows), found, missing, sort }
}

/** Those that took most of the interval, first. */
function methodsOf(before: readonly MethodView[], now: readonly MethodView[], tookMs: number): MethodLine[] {
  const keyOf = ({ type, method }: MethodView) => `${type} ${method}`
  const earlier = new Map(before.map((one) => [keyOf(one), one]))
  const lines = now.map((one) => {
    const then = earlier.get(keyOf(one))
    const sum = (counts: Readonly<Record<string, number>> | undefined) =>
      Object.values(counts ?? {}).reduce((all, count) => all + count, 0)
    const timed = (view: MethodView | undefined) =>
      view?.ran.buckets.reduce((all, count) => all + count, 0) ?? 0
    const count = timed(one) - timed(then)
    const seconds = one.ran.seconds - (then?.ran.seconds ?? 0)
    return {
      type: one.type,
      method: one.method,
      callsASecond: (Math.max(0, one.calls - (then?.calls ?? 0)) / tookMs) * 1000,
      meanMs: count > 0 ? (seconds / count) * 1000 : 0,
      errors: Math.max(0, sum(one.errors) - sum(then?.errors)),
      seconds,
    }
  })
  lines.sort((a, b) => b.seconds - a.seconds || b.callsASecond - a.callsASecond)
  return lines.slice(0, 5).map(({ seconds: _, ...line }) => line)
}

function linesOf({ nodeId, threads, methods, actors, found, missing, sort }: Shown): string[] {
  const keys = Object.entries(KEYS)
    .map(([key, name]) =>
      name === sort ? styleText('inverse', `${key} ${name}`, { validateStream: false }) : `${key} ${name}`,
    )
    .join('  ')
  return [
    `pulsing top, node ${plain(nodeId)}: ${found} actors${silent(missing)}    sort: ${keys}    q quit`,
    '',
    table(
      ['THREAD', 'ACTORS', 'LOAD', 'DELAY P99', 'HEAP'],
      threads.map((thread) => [
        thread.slot === 0 ? 'host' : String(thread.slot),
        thread.actors,
        thread.answers ? percent(thread.load) : 'no answer',
        duration(thread.eventLoopDelay.p99Ms),
        bytes(thread.heapUsedBytes),
      ]),
    ),
    '',
    table(
      ['METHOD', 'CALLS/S', 'MEAN MS', 'ERRORS'],
      methods.map((one) => [
        `${one.type}.${one.method}`,
        Math.round(one.callsASecond),
        Number(one.meanMs.toPrecision(3)),
        one.errors,
      ]),
    ),
    '',
    table(
      ['ACTOR', 'CLASS', 'THREAD', 'LOAD', 'WAITING', 'UNDER WAY', 'TIME', 'RESTARTS', 'AGE', 'STATUS'],
      actors.map((actor) => [
        actor.name ?? actor.id,
        actor.type,
        actor.slot,
        percent(actor.load),
        actor.waiting,
        actor.underWay,
        duration(actor.timeMs),
        actor.restarts,
        duration(actor.ageMs),
        actor.status,
      ]),
    ),
  ].flatMap((part) => part.split('\n'))
}

/** Gives a function that puts the terminal back. */
function openScreen(onKey: (key: Key) => void): () => void {
  if (!stdin.isTTY) throw usage('top takes its keys from a terminal: use --json, or --count.')
  const heard = (_: string | undefined, key: Key) => onKey(key)
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', heard)
  stdin.resume()
  stdout.write('\x1b[?1049h\x1b[?25l\x1b[2J')
  const close = () => {
    stdin.off('keypress', heard)
    stdin.setRawMode(false)
    stdin.pause()
    stdout.write('\x1b[?25h\x1b[?1049l')
  }
  return close
}
