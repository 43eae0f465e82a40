// Nodes with an address of their own each, in network namespaces that a bridge connects: a cable that is pulled and put back. It takes
// root, or whoever may make namespaces.

import { execFileSync } from 'node:child_process'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import type { SystemOptions } from 'pulsing'
import { until } from '../bed.js'
import { NodeProcess } from './processes.js'

const test = anyTest as TestFn
const { serial } = test

const OPTIONS: SystemOptions = { probeMs: 100, passphrase: 'a passphrase of the tests' }

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** A namespace a node, each with a cable to a bridge, which is in one of its own. */
class Lab {
  readonly #prefix = `pulsing-${process.pid}`
  readonly #hub = `${this.#prefix}-hub`
  readonly #ids: string[] = []

  constructor(t: ExecutionContext) {
    t.teardown(() => {
      for (const name of [...this.#ids.map((id) => this.#of(id)), this.#hub]) ip('netns', 'del', name)
    })
    ip('netns', 'add', this.#hub)
    ip('-n', this.#hub, 'link', 'add', 'name', 'bridge', 'type', 'bridge')
    ip('-n', this.#hub, 'link', 'set', 'dev', 'bridge', 'up')
  }

  #of(id: string): string {
    return `${this.#prefix}-${id}`
  }

  /** Its address. */
  add(id: string): string {
    const name = this.#of(id)
    const addr = `10.99.0.${this.#ids.length + 1}`
    ip('netns', 'add', name)
    this.#ids.push(id)
    ip('-n', this.#hub, 'link', 'add', 'name', id, 'type', 'veth', 'peer', 'name', 'eth', 'netns', name)
    ip('-n', this.#hub, 'link', 'set', 'dev', id, 'master', 'bridge', 'up')
    ip('-n', name, 'addr', 'add', `${addr}/24`, 'dev', 'eth')
    ip('-n', name, 'link', 'set', 'dev', 'eth', 'up')
    ip('-n', name, 'link', 'set', 'dev', 'lo', 'up')
    return addr
  }

  /** The cable is out: nobody at either end is told. */
  pull(id: string): void {
    ip('-n', this.#hub, 'link', 'set', 'dev', id, 'down')
  }

  plug(id: string): void {
    ip('-n', this.#hub, 'link', 'set', 'dev', id, 'up')
  }

  start(t: ExecutionContext, id: string, addr: string, seeds: readonly string[]): Promise<NodeProcess> {
    const command = ['ip', 'netns', 'exec', this.#of(id)]
    return NodeProcess.start(t, { ...OPTIONS, nodeId: id, addr: `${addr}:7171`, seeds }, { command })
  }
}

async function three(
  t: ExecutionContext,
): Promise<{ lab: Lab; nodes: [NodeProcess, NodeProcess, NodeProcess] }> {
  const lab = new Lab(t)
  const nodes: NodeProcess[] = []
  for (const id of ['a', 'b', 'c'])
    nodes.push(
      await lab.start(
        t,
        id,
        lab.add(id),
        nodes.slice(0, 1).map(({ addr }) => addr),
      ),
    )
  await until(async () =>
    (await Promise.all(nodes.map((node) => node.alive()))).every((ids) => ids.length === 3),
  )
  return { lab, nodes: nodes as [NodeProcess, NodeProcess, NodeProcess] }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: { code?: unknown }) => String(error.code),
  )

serial(
  '6.4: a cable is pulled, long enough for a death, and put back: all asks settle, and all meet again',
  async (t) => {
    const { lab, nodes } = await three(t)
    const [a, b, c] = nodes
    await c.do('spawn', 'Counter', 'counter')
    await a.do('spawn', 'Watcher', 'watcher')
    t.is(await b.do('callNew', 'counter', 'incr'), 1)
    await a.do('watch', 'watcher', 'counter')
    const load = a.do('load', 'counter', 3000, 10) as Promise<Record<string, number>>
    await until(async () => ((await b.do('callNew', 'counter', 'get')) as number) > 50)
    lab.pull('c')
    await until(async () => (await a.alive()).join() === 'a,b' && (await b.alive()).join() === 'a,b')
    await until(async () => (await c.alive()).join() === 'c')
    const codes = Object.keys(await load)
    const settled = [
      'ok',
      'ERR_PULSING_CONNECTION_LOST',
      'ERR_PULSING_ACTOR_STOPPED',
      'ERR_PULSING_ACTOR_NOT_FOUND',
    ]
    t.deepEqual(
      codes.filter((code) => !settled.includes(code)),
      [],
    )
    t.deepEqual(
      ((await a.do('heard', 'watcher')) as [string, string][]).map(([, reason]) => reason),
      ['node-died'],
    )
    t.is(await codeOf(b.do('resolve', 'counter')), 'ERR_PULSING_ACTOR_NOT_FOUND')
    lab.plug('c')
    await until(async () =>
      (await Promise.all(nodes.map((node) => node.alive()))).every((ids) => ids.length === 3),
    )
    await until(async () => (await codeOf(b.do('callNew', 'counter', 'incr'))) === 'ok')
    t.is(((await a.do('heard', 'watcher')) as unknown[]).length, 1)
  },
)
