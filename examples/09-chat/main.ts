// node dist/examples/09-chat/main.js        two nodes, and two people who come in by one each and talk

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import type { Said } from './server.js'

interface Node {
  readonly child: ChildProcess
  readonly addr: string
  readonly url: string
}

async function startNode(...args: string[]): Promise<Node> {
  const file = fileURLToPath(new URL('./node.js', import.meta.url))
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a node has ended with code ${code}`)
    }),
  ])) as [string]
  return { child, ...(JSON.parse(line) as { addr: string; url: string }) }
}

/** Somebody in a room. heard: what they hear, one after another. */
function enter(node: Node, who: string): { socket: WebSocket; heard: AsyncIterator<Said> } {
  const socket = new WebSocket(`${node.url}/lounge?who=${who}`)
  const heard = (async function* () {
    const waiting: Said[] = []
    let wake = () => {}
    socket.on('message', (data) => {
      waiting.push(JSON.parse(String(data)) as Said)
      wake()
    })
    for (;;) {
      const next = waiting.shift()
      if (next !== undefined) yield next
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  })()
  return { socket, heard }
}

async function hears(heard: AsyncIterator<Said>, listener: string, of: string): Promise<void> {
  for (;;) {
    const { value } = await heard.next()
    const { who, text, node } = value as Said
    if (who !== of) continue
    console.log(`${listener} hears ${who}, who is at ${node}: ${text}`)
    return
  }
}

const north = await startNode('north')
const south = await startNode('south', north.addr)
try {
  const ann = enter(north, 'Ann')
  const bob = enter(south, 'Bob')
  await Promise.all([hears(ann.heard, 'Ann', 'the house'), hears(bob.heard, 'Bob', 'the house')])
  // Until the nodes know of each other's subscribers, she says it again.
  const again = setInterval(() => ann.socket.send('Is anybody there?'), 100)
  await hears(bob.heard, 'Bob', 'Ann')
  clearInterval(again)
  bob.socket.send('I am, in the south.')
  await hears(ann.heard, 'Ann', 'Bob')
  ann.socket.close()
  bob.socket.close()
} finally {
  north.child.kill('SIGTERM')
  south.child.kill('SIGTERM')
}
