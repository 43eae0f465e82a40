// A node of the chat: browsers, or whoever speaks WebSocket, come to any node, and a room is one over all of them.

import { createServer, type Server } from 'node:http'
import * as pul from 'pulsing'
import { type WebSocket, WebSocketServer } from 'ws'

/** What is said in a room. */
export interface Said {
  readonly room: string
  readonly who: string
  readonly text: string
  /** The node that it came in by. */
  readonly node: string
}

const MOST_BYTES = 4096
/** Of a client that does not read, so much is kept; then it is let go. */
const MOST_WAITING_BYTES = 256 * 1024

/** Rooms of this node: who is there, and the subscription by which it hears the other nodes. */
class Rooms {
  readonly #clients = new Map<string, Set<WebSocket>>()
  readonly #topics = new Map<string, Promise<pul.TopicPublisher<Said>>>()

  async join(room: string, client: WebSocket): Promise<void> {
    let clients = this.#clients.get(room)
    if (clients === undefined) {
      clients = new Set()
      this.#clients.set(room, clients)
      const subscriber = await pul.topic.read<Said>(`chat-${room}`)
      subscriber.onMessage((said) => this.#tell(said))
    }
    clients.add(client)
  }

  leave(room: string, client: WebSocket): void {
    this.#clients.get(room)?.delete(client)
  }

  async say(said: Said): Promise<void> {
    let topic = this.#topics.get(said.room)
    if (topic === undefined) {
      topic = pul.topic.write<Said>(`chat-${said.room}`)
      this.#topics.set(said.room, topic)
    }
    await (await topic).publish(said)
  }

  #tell(said: Said): void {
    const text = JSON.stringify(said)
    for (const client of this.#clients.get(said.room) ?? []) {
      if (client.bufferedAmount > MOST_WAITING_BYTES) client.terminate()
      else client.send(text)
    }
  }
}

/** ws://host/<room>?who=<name>; each message is a text. */
export function createChat(nodeId: string): Server {
  const rooms = new Rooms()
  const http = createServer((_, response) => response.writeHead(426).end('This is a WebSocket server.'))
  new WebSocketServer({ server: http, maxPayload: MOST_BYTES }).on('connection', async (client, request) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const room = pathname.slice(1)
    const who = searchParams.get('who') ?? 'somebody'
    if (!/^[\w-]{1,64}$/.test(room)) return client.close(1008, 'a room has a name of letters, digits and -')
    client.on('error', () => client.terminate())
    client.on('close', () => rooms.leave(room, client))
    client.on('message', (data) => {
      rooms.say({ room, who, text: String(data), node: nodeId }).catch(() => client.close(1011, 'try again'))
    })
    await rooms.join(room, client)
    client.send(
      JSON.stringify({ room, who: 'the house', text: `welcome, ${who}`, node: nodeId } satisfies Said),
    )
  })
  return http
}
