// A cluster on one machine: three nodes, each a process with a store. This program joins them, calls the stores by their name,
// kills one of the nodes without a word, and goes on with the others.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { init, shutdown } from 'pulsing'
import { Store } from './store.js'

const NODES = ['ada', 'bob', 'cyd']

/** A node in a process of its own, and its address. */
async function startNode(id: string, seed?: string): Promise<{ process: ChildProcess; addr: string }> {
  const file = fileURLToPath(new URL('./node.js', import.meta.url))
  const child = spawn(process.execPath, [file, id, ...(seed === undefined ? [] : [seed])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [addr] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`node ${id} has ended with code ${code}`)
    }),
  ])) as [string]
  return { process: child, addr }
}

const nodes: ChildProcess[] = []
let seed: string | undefined
for (const id of NODES) {
  const node = await startNode(id, seed)
  nodes.push(node.process)
  seed ??= node.addr
  console.log(`${id} listens on ${node.addr}`)
}

const system = await init({
  nodeId: 'main',
  addr: '127.0.0.1:0',
  seeds: [seed as string],
  passphrase: 'a secret of this example alone',
  threads: 0,
})

/** Resolves when this node sees the members like that. */
async function members(wanted: (alive: readonly string[]) => boolean): Promise<void> {
  for (;;) {
    const all = await system.members()
    const alive = all.filter(({ status }) => status === 'alive').map(({ nodeId }) => nodeId)
    if (wanted(alive)) {
      console.log(
        `members: ${all
          .map(({ nodeId, status }) => `${nodeId} ${status}`)
          .sort()
          .join(', ')}`,
      )
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Ten calls, each resolved anew, so that the nodes take turns. */
async function work(): Promise<void> {
  const served = new Map<string, number>()
  for (let i = 0; i < 10; i++) {
    const store = await Store.resolve('store')
    const { node } = await store.add('hello')
    served.set(node, (served.get(node) ?? 0) + 1)
  }
  const text = [...served].sort().map(([node, calls]) => `${node} ${calls}`)
  console.log(`10 calls were answered by: ${text.join(', ')}`)
}

await members((alive) => NODES.every((id) => alive.includes(id)))
// Their names take a moment more.
while ((await system.resolving().list('store')).length < NODES.length)
  await new Promise((resolve) => setTimeout(resolve, 20))
await work()

console.log('bob is killed')
nodes[1]?.kill('SIGKILL')
await members((alive) => !alive.includes('bob'))
await work()

await shutdown()
for (const node of nodes) node.kill('SIGTERM')
