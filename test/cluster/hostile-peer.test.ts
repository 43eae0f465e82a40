// A peer that has been let in and says what no node would: frames of every kind with anything in them, in any order. Real sockets.

import { randomBytes } from 'node:crypto'
import test from 'ava'
import type { ActorSystem } from 'pulsing'
import {
  ASK,
  DESCRIBE,
  GOSSIP,
  LOOK_UP,
  OPEN,
  REFER,
  SPAWN,
  STILL_THERE,
  STOP,
  SYSTEM,
  TELL,
} from '../../lib/cluster/frames.js'
import { Transport } from '../../lib/cluster/transport/index.js'
import { type Plain, WireDecoder, WireEncoder } from '../../lib/wire/index.js'
import { until } from '../bed.js'
import { Random } from '../chaos/random.js'
import { Counter } from '../fixtures/actors.js'
import { Streamer } from '../fixtures/streaming.js'
import { cluster, type Ends } from './bed.js'

const MOST_BYTES = 2 ** 20

/** Where an actor is, as a reference says it. */
interface Address {
  readonly slot: number
  readonly index: number
  readonly generation: number
  readonly token: string
  readonly hash: string
}

/** Speaks the transport as a node does; what it says is up to whoever has it. */
class Guest {
  readonly #encoder = new WireEncoder({ toWire: (ref) => ref, fromWire: () => ({}) }, MOST_BYTES)
  readonly #decoder = new WireDecoder(
    { toWire: () => undefined, fromWire: (plain) => ({ parts: plain }) },
    true,
  )
  readonly #transport: Transport
  readonly #addr: string
  readonly #answers = new Map<number, unknown>()
  frames = 0

  private constructor(addr: string) {
    this.#addr = addr
    const identity = { nodeId: 'guest', incarnation: randomBytes(16).toString('hex'), startedMs: Date.now() }
    this.#transport = new Transport(
      {
        identity,
        clusterName: 'pulsing',
        passphrases: [],
        insecure: false,
        listen: { host: '127.0.0.1', port: 0 },
        advertiseAddr: undefined,
        maxFrameBytes: MOST_BYTES,
      },
      {
        onOpen: () => undefined,
        onFrame: (_, bytes, from, to) => this.#received(bytes.subarray(from, to)),
        onControl: () => undefined,
        onLost: () => undefined,
        onDrain: () => undefined,
        onRefused: () => undefined,
        onUnreachable: () => undefined,
        mayClose: () => false,
      },
    )
  }

  static async at(t: Ends, addr: string): Promise<Guest> {
    const guest = new Guest(addr)
    await guest.#transport.listen()
    t.teardown(() => guest.#transport.close())
    return guest
  }

  #received(frame: Uint8Array): void {
    this.frames++
    try {
      const { header, read, hasValue } = this.#decoder.decodeFrame(frame)
      if (typeof header[1] === 'number') this.#answers.set(header[1], hasValue ? read() : undefined)
    } catch {
      // A class that it does not know: nothing that it needs.
    }
  }

  say(header: readonly Plain[], ...value: [] | [unknown]): void {
    const bytes = this.#encoder.encodeFrame(header, value[0], 'value', value.length > 0)
    this.#transport.associate(this.#addr).send(bytes)
  }

  urge(header: readonly Plain[]): void {
    this.#transport.associate(this.#addr).control(this.#encoder.encodeFrame(header, undefined, '', false))
  }

  async answerOf(request: number): Promise<unknown> {
    await until(() => this.#answers.has(request))
    return this.#answers.get(request)
  }

  async find(request: number, name: string): Promise<Address> {
    this.say([SYSTEM, request, LOOK_UP], name)
    const { parts } = (await this.answerOf(request)) as { parts: unknown[] }
    const [, , , slot, index, generation, token, hash] = parts as [
      never,
      never,
      never,
      number,
      number,
      number,
      string,
      string,
    ]
    return { slot, index, generation, token, hash }
  }
}

/** Anything that can stand in a header, the numbers of what there is more often than others. */
function anything(random: Random): Plain {
  const some: Plain[] = [0, 1, 2, 3, 5, 31, 32, 1000, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN]
  const others: Plain[] = ['', 'stopped', 'counter', 'x'.repeat(300), null, true, false]
  return random.below(3) > 0 ? random.pick(some) : random.pick(others)
}

function anyValue(random: Random): unknown {
  return random.pick([
    undefined,
    null,
    'counter',
    7,
    [],
    [1, 2, 3],
    {},
    { slot: 0, index: 1, generation: 1, token: 'no', hash: '' },
    { key: 'x', type: 'Counter', options: { nodeId: 'elsewhere' } },
    { key: 5, type: null, options: 'none' },
    new Map([[{}, new Set([1n])]]),
    new Error('an error'),
    Array.from({ length: 50 }, () => ({ slot: 1, index: 0, generation: 0, token: 'x' })),
    new Uint8Array(5000),
  ])
}

const OPERATIONS = [LOOK_UP, REFER, SPAWN, STOP, DESCRIBE, 'class', STILL_THERE, 'toString', '']

test('6.3: whatever a peer says, in frames of every kind, others are answered all the while and nothing is lost', async (t) => {
  const [a, b] = (await cluster(t, 2)) as [ActorSystem, ActorSystem]
  await a.spawn(Counter, { name: 'counter' })
  await a.spawn(Streamer, { name: 'streamer' })
  const counter = (await b.resolve('counter')).asType(Counter)
  let honest = 0
  for (let seed = 1; seed <= 4; seed++) {
    const random = new Random(seed, 0)
    const guest = await Guest.at(t, a.addr as string)
    const found = [await guest.find(900_001, 'counter'), await guest.find(900_002, 'streamer')]
    // Numbers that name an actor, so that what follows reaches one; and some that name none.
    for (const [channel, { slot, index, generation, token, hash }] of found.entries())
      guest.say([OPEN, channel, slot, index, generation, token, hash])
    guest.say([OPEN, 2, 0, 1, 1, 'x'.repeat(16), found[0]?.hash ?? ''])
    for (let i = 0; i < 2500; i++) {
      const kind = random.below(18)
      const rest = Array.from({ length: random.below(7) }, () => anything(random))
      const channel = random.below(4)
      const how = random.below(8)
      if (how === 0) guest.say([SYSTEM, random.below(50), random.pick(OPERATIONS)], anyValue(random))
      else if (how === 1)
        guest.say([random.pick([ASK, TELL]), channel, random.below(40), random.below(4), i], [i])
      else if (how === 2) guest.urge([kind, ...rest])
      else if (how === 3) guest.say([kind, channel, ...rest], anyValue(random))
      else if (kind !== GOSSIP || how === 4)
        guest.say(
          [kind, ...rest],
          ...(random.below(2) === 0 ? ([anyValue(random)] as [unknown]) : ([] as [])),
        )
      if (i % 250 === 0) {
        await counter.get()
        honest++
      }
    }
    t.true(guest.frames > 0)
  }
  t.is(honest, 40)
  await until(async () => (await a.clusterStats()).badFrames > 1000)
  const before = await counter.get()
  t.is(await counter.incr(), (before as number) + 1)
  t.deepEqual(
    (await a.members())
      .filter(({ status }) => status === 'alive')
      .map(({ nodeId }) => nodeId)
      .sort(),
    ['node-0', 'node-1'],
  )
})
