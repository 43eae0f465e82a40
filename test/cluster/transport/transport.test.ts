// Connections between nodes, and what is not let in. Real sockets on loopback.

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { CONTROL, chunkOf, DATA, FrameReader, HELLO, MORE } from '../../../lib/cluster/transport/framing.js'
import { MAGIC, writeHello } from '../../../lib/cluster/transport/hello.js'
import { type Association, Transport, type TransportOptions } from '../../../lib/cluster/transport/index.js'
import { until } from '../../bed.js'

const KEY = 'a passphrase of the tests'

interface End {
  readonly transport: Transport
  readonly addr: string
  readonly incarnation: string
  readonly frames: Buffer[]
  readonly control: Buffer[]
  readonly opened: Association[]
  readonly lost: Uint8Array[][]
  readonly refused: string[]
  readonly unreachable: string[]
  drains: number
  hold: boolean
}

async function end(
  t: ExecutionContext,
  nodeId: string,
  options: Partial<TransportOptions> = {},
): Promise<End> {
  const incarnation = randomBytes(16).toString('hex')
  const made = {
    incarnation,
    frames: [],
    control: [],
    opened: [],
    lost: [],
    refused: [],
    unreachable: [],
    drains: 0,
    hold: false,
  } as unknown as End & { transport: Transport; addr: string }
  made.transport = new Transport(
    {
      identity: { nodeId, incarnation, startedMs: Date.now() },
      clusterName: 'pulsing',
      passphrases: [],
      insecure: false,
      listen: { host: '127.0.0.1', port: 0 },
      advertiseAddr: undefined,
      maxFrameBytes: 128 * 2 ** 20,
      ...options,
    },
    {
      onOpen: (association) => made.opened.push(association),
      onFrame: (_, bytes, from, to) => void made.frames.push(Buffer.from(bytes.subarray(from, to))),
      onControl: (_, bytes, from, to) => void made.control.push(Buffer.from(bytes.subarray(from, to))),
      onLost: (_, unsent) => made.lost.push([...unsent]),
      onDrain: () => made.drains++,
      onRefused: ({ reason }) => made.refused.push(reason),
      onUnreachable: (addr) => made.unreachable.push(addr),
      mayClose: () => false,
    },
  )
  made.addr = await made.transport.listen()
  t.teardown(() => made.transport.close())
  return made
}

const portOf = (addr: string) => Number(addr.split(':')[1])

/** A server that is no node. */
async function server(t: ExecutionContext, made: Server): Promise<string> {
  made.listen(0, '127.0.0.1')
  await once(made, 'listening')
  t.teardown(() => made.close())
  return `127.0.0.1:${(made.address() as { port: number }).port}`
}

for (const passphrases of [[], [KEY]]) {
  const how = passphrases.length === 0 ? 'plain' : 'TLS'

  test.serial(`frames arrive whole and in order, both ways, over one connection (${how})`, async (t) => {
    const [a, b] = [await end(t, 'a', { passphrases }), await end(t, 'b', { passphrases })]
    const there = a.transport.associate(b.addr, { nodeId: 'b', incarnation: b.incarnation })
    const sizes = [1, 70_000, 3, 65_536, 65_537, 0, 1_000_000, 5]
    for (const [i, size] of sizes.entries()) there.send(Buffer.alloc(size, i))
    await until(() => b.frames.length === sizes.length)
    t.deepEqual(
      b.frames.map(({ length }) => length),
      sizes,
    )
    t.true(b.frames.every((frame, i) => frame.every((byte) => byte === i)))
    const back = b.transport.associate(a.addr, { nodeId: 'a', incarnation: a.incarnation })
    back.send(Buffer.from('back'))
    await until(() => a.frames.length === 1)
    t.deepEqual([a.opened.length, b.opened.length], [1, 1])
  })

  test.serial(`what is urgent overtakes what is large (${how})`, async (t) => {
    const [a, b] = [await end(t, 'a', { passphrases }), await end(t, 'b', { passphrases })]
    const there = a.transport.associate(b.addr)
    there.control(Buffer.from('first'))
    await until(() => b.control.length === 1)
    t.false(there.send(Buffer.alloc(64 * 2 ** 20)))
    await new Promise((settle) => setImmediate(settle))
    there.control(Buffer.from('urgent'))
    await until(() => b.control.length === 2)
    t.is(b.frames.length, 0)
    await until(() => b.frames.length === 1)
    await until(() => a.drains === 1)
    t.false(there.isFull)
  })

  test.serial(
    `when both dial at once one connection is left, and nothing is lost or doubled (${how})`,
    async (t) => {
      for (let round = 0; round < 5; round++) {
        const [a, b] = [await end(t, 'a', { passphrases }), await end(t, 'b', { passphrases })]
        const there = a.transport.associate(b.addr, { nodeId: 'b', incarnation: b.incarnation })
        const back = b.transport.associate(a.addr, { nodeId: 'a', incarnation: a.incarnation })
        for (let i = 0; i < 20; i++) {
          there.send(Buffer.from([i]))
          back.send(Buffer.from([i]))
        }
        await until(() => a.frames.length >= 20 && b.frames.length >= 20)
        const all = Array.from({ length: 20 }, (_, i) => i)
        t.deepEqual(
          a.frames.map(([first]) => first),
          all,
        )
        t.deepEqual(
          b.frames.map(([first]) => first),
          all,
        )
      }
    },
  )
}

test.serial('any cut of the bytes gives the same frames', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(DATA, CONTROL), fc.uint8Array({ maxLength: 50 })), { maxLength: 20 }),
      fc.array(fc.nat(30), { minLength: 1 }),
      (frames, cuts) => {
        const bytes = Buffer.concat(
          frames.flatMap(([kind, body]) =>
            kind === DATA && body.length > 10
              ? [
                  chunkOf(DATA | MORE, body.subarray(0, 10)),
                  chunkOf(CONTROL, Buffer.from('x')),
                  chunkOf(DATA, body.subarray(10)),
                ]
              : [chunkOf(kind, body)],
          ),
        )
        const seen: [number, string][] = []
        const reader = new FrameReader(1000, (kind, body, from, to) =>
          seen.push([kind, body.toString('hex', from, to)]),
        )
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const step = (cuts[i % cuts.length] as number) + 1
          reader.push(bytes.subarray(at, at + step))
          at += step
        }
        const wanted = frames.flatMap(([kind, body]) => {
          const own: [number, string] = [kind, Buffer.from(body).toString('hex')]
          return kind === DATA && body.length > 10 ? [[CONTROL, '78'], own] : [own]
        })
        return JSON.stringify(seen) === JSON.stringify(wanted)
      },
    ),
  )
  t.pass()
})

test.serial(
  '6.2: another passphrase, or none, is refused and told at both ends; one of several goes',
  async (t) => {
    const a = await end(t, 'a', { passphrases: ['the newest one of all', KEY] })
    const stranger = await end(t, 's', { passphrases: ['another passphrase'] })
    const plain = await end(t, 'p')
    const old = await end(t, 'o', { passphrases: [KEY] })
    for (const one of [stranger, plain, old]) one.transport.associate(a.addr).send(Buffer.from('hello'))
    await until(() => a.frames.length === 1)
    await until(() => stranger.refused.length > 0 && plain.unreachable.length > 0 && a.refused.length > 1)
    t.is(old.refused.length, 0)
    t.is(a.opened.length, 1)
    t.deepEqual(a.frames.map(String), ['hello'])
    t.deepEqual([stranger.opened.length, plain.opened.length], [0, 0])
    t.true(stranger.lost.flat().length > 0, 'what did not go is given back')
    // And the other way round: who has a passphrase dials one who has none.
    old.transport.associate(plain.addr).send(Buffer.from('x'))
    await until(() => plain.refused.length > 0)
    t.is(plain.frames.length, 0)
  },
)

test.serial('6.2: a man in the middle with a certificate of his own learns nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-cert-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
    ],
    { stdio: 'ignore' },
  )
  const heard: Buffer[] = []
  const man = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    socket.on('data', (bytes) => heard.push(bytes))
    socket.on('error', () => undefined)
  })
  man.on('tlsClientError', () => undefined)
  const addr = await server(t, man)
  const a = await end(t, 'a', { passphrases: [KEY] })
  a.transport.associate(addr).send(Buffer.from('secret'))
  await until(() => a.unreachable.length > 0)
  t.is(heard.length, 0)
  t.is(a.opened.length, 0)
  // And the node takes nobody who comes with TLS, but without the key.
  const socket = connectTls({ port: portOf(a.addr), host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'error')
  t.is(a.opened.length, 0)
})

test.serial('a peer that sends our own words back is refused', async (t) => {
  for (const passphrases of [[], [KEY]]) {
    const mirror = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.pipe(socket)
    })
    const addr = await server(t, mirror)
    const a = await end(t, 'a', { passphrases })
    a.transport.associate(addr).send(Buffer.from('x'))
    await until(() => a.unreachable.length > 0)
    t.is(a.opened.length, 0)
    t.is(a.frames.length, 0)
  }
})

function hello(over: Record<string, unknown> = {}): Buffer {
  const words = writeHello({
    versions: [1, 1],
    cluster: 'pulsing',
    nodeId: 'x',
    incarnation: randomBytes(16).toString('hex'),
    addr: '127.0.0.1:1',
    startedMs: 1,
    nonce: randomBytes(16).toString('hex'),
    answers: '',
    ...over,
  })
  return Buffer.concat([MAGIC, chunkOf(HELLO, words)])
}

async function raw(
  t: ExecutionContext,
  addr: string,
): Promise<{ socket: Socket; said: () => string; closed: Promise<unknown> }> {
  const socket = connect(portOf(addr), '127.0.0.1')
  let said = ''
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1')
  })
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return { socket, said: () => said, closed }
}

test.serial(
  'an older version, another cluster, this node itself, and what is no HELLO are refused with a reason',
  async (t) => {
    const a = await end(t, 'a')
    const cases: [Buffer, RegExp][] = [
      [hello({ versions: [0, 0] }), /version/],
      [hello({ cluster: 'other' }), /cluster/],
      [hello({ incarnation: a.incarnation }), /itself/],
      [Buffer.concat([MAGIC, chunkOf(HELLO, Buffer.from('{"no":1}'))]), /can not be read/],
    ]
    for (const [bytes, reason] of cases) {
      const { socket, said, closed } = await raw(t, a.addr)
      socket.write(bytes)
      await closed
      t.regex(said(), reason)
      t.regex(a.refused.at(-1) ?? '', reason)
    }
    t.is(a.opened.length, 0)
  },
)

test.serial(
  '6.3: frames before a HELLO, chunks that are too long, and noise end the connection alone',
  async (t) => {
    const a = await end(t, 'a')
    const b = await end(t, 'b')
    const there = b.transport.associate(a.addr)
    there.send(Buffer.from('honest'))
    await until(() => a.frames.length === 1)
    const bad = [
      Buffer.concat([MAGIC, chunkOf(DATA, Buffer.from('early'))]),
      Buffer.concat([hello(), Buffer.from([DATA, 0xff, 0xff, 0xff])]),
      Buffer.concat([hello(), Buffer.from([99, 0, 0, 1, 1])]),
      Buffer.concat([hello(), hello()]),
      randomBytes(2000),
    ]
    const before = process.memoryUsage().arrayBuffers
    for (const bytes of bad) {
      const { socket, closed } = await raw(t, a.addr)
      socket.write(bytes)
      await closed
    }
    t.true(process.memoryUsage().arrayBuffers - before < 32 * 2 ** 20)
    there.send(Buffer.from('still'))
    await until(() => a.frames.length === 2)
  },
)

test.serial('6.3: a flood of connections that say nothing costs others nothing', async (t) => {
  const a = await end(t, 'a')
  const flood = await Promise.all(Array.from({ length: 300 }, () => raw(t, a.addr)))
  const b = await end(t, 'b')
  const there = b.transport.associate(a.addr)
  let tries = 0
  await until(() => {
    // Where this machine is too busy for a handshake, what did not go comes back.
    if (b.lost.length >= tries) tries += there.send(Buffer.from('honest')) ? 1 : 0
    return a.frames.length > 0
  })
  const closed = await Promise.all(flood.slice(0, 200).map(({ closed: one }) => one))
  t.is(closed.length, 200)
})

test.serial(
  'a reader that does not read: what is queued is bounded by its sender, who is told when to go on',
  async (t) => {
    const a = await end(t, 'a')
    const slow = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.pause()
      })
      socket.resume()
    })
    const addr = await server(t, slow)
    const there = a.transport.associate(addr)
    let sent = 0
    while (there.send(Buffer.alloc(1024))) sent++
    t.true(sent * 1024 <= 5 * 2 ** 20)
  },
)

test.serial(
  '6.4: what did not go out is given back, and the next attempt comes later each time',
  async (t) => {
    const gone = await end(t, 'gone')
    await gone.transport.close()
    const a = await end(t, 'a')
    const there = a.transport.associate(gone.addr)
    there.send(Buffer.from('one'))
    await until(() => a.lost.length === 1)
    t.deepEqual(
      a.lost.flat().map((frame) => Buffer.from(frame).toString()),
      ['one'],
    )
    there.send(Buffer.from('two'))
    await until(() => a.lost.length === 2)
    t.is(there.failures, 2)
    t.deepEqual(a.unreachable, [gone.addr, gone.addr])
  },
)

test.serial('a connection that is cut is made anew when something is to be sent', async (t) => {
  const [a, b] = [await end(t, 'a'), await end(t, 'b')]
  const there = a.transport.associate(b.addr, { nodeId: 'b', incarnation: b.incarnation })
  there.send(Buffer.from('one'))
  await until(() => b.frames.length === 1)
  b.opened[0]?.connection?.destroy()
  await until(() => a.lost.length === 1)
  there.send(Buffer.from('two'))
  await until(() => b.frames.length === 2)
  t.is(a.opened.length, 2)
})

test.serial('whoever is not the node that was wanted is refused', async (t) => {
  const [a, b] = [await end(t, 'a'), await end(t, 'b')]
  a.transport.associate(b.addr, { nodeId: 'b', incarnation: 'f'.repeat(32) }).send(Buffer.from('x'))
  await until(() => a.unreachable.length > 0)
  t.is(b.frames.length, 0)
  t.regex(a.refused[0] ?? '', /was wanted/)
})
