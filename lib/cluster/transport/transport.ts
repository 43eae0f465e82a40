// Connections to other nodes: made when something is to be sent, one a node, made again when they are lost.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { errors } from '../../errors/index.js'
import { isLoopback, parseAddress } from '../../options/index.js'
import { Association, type AssociationOwner } from './association.js'
import { Connection, NotOurs } from './connection.js'
import { chunkOf, HELLO, REFUSED } from './framing.js'
import { HalfOpen } from './half-open.js'
import {
  type Hello,
  LEAST_VERSION,
  type PeerIdentity,
  type Refusal,
  readHello,
  readRefusal,
  VERSION,
  whyNot,
  writeHello,
  writeRefusal,
} from './hello.js'
import { type Key, keysOf } from './keys.js'
import { AGAIN_MS, CLOSING_MS, HANDSHAKE_MS, IDLE_MS, MOST_AGAIN_MS, PROVE_MS, QUIET_MS } from './limits.js'
import { dial, listenFor } from './sockets.js'

export interface TransportOptions {
  readonly identity: { readonly nodeId: string; readonly incarnation: string; readonly startedMs: number }
  readonly clusterName: string
  /** The newest first. */
  readonly passphrases: readonly string[]
  readonly insecure: boolean
  readonly listen: { readonly host: string; readonly port: number }
  readonly advertiseAddr: string | undefined
  readonly maxFrameBytes: number
  /** 0 to 1. */
  readonly random?: () => number
}

export interface TransportHandlers {
  /** There is a connection to that node. */
  onOpen(association: Association): void
  /** A frame is the bytes from one place to another, and the receiver's during the call alone. */
  onFrame(association: Association, bytes: Buffer, from: number, to: number): void
  onControl(association: Association, bytes: Buffer, from: number, to: number): void
  /** The connection is lost, or none could be made. unsent: frames of the data lane that did not go. */
  onLost(association: Association, unsent: readonly Uint8Array[]): void
  onDrain(association: Association): void
  /** A node was not taken as a peer, or did not take this one. */
  onRefused(refused: { readonly addr: string; readonly reason: string }): void
  onUnreachable(addr: string, error: Error): void
  /** Nothing is under way on it, so that it may be closed. */
  mayClose(association: Association): boolean
}

/** A connection to which the other side has not said who it is, or that waits to be taken. */
interface Handshake {
  readonly connection: Connection
  readonly own: Hello
  /** Undefined for one that came in. */
  readonly association: Association | undefined
  done: () => void
}

export class Transport implements AssociationOwner {
  readonly #options: TransportOptions
  readonly #handlers: TransportHandlers
  readonly #random: () => number
  /** By incarnation, of nodes that are known. */
  readonly #known = new Map<string, Association>()
  /** By address, of seeds that have not said who they are. */
  readonly #unknown = new Map<string, Association>()
  readonly #dialling = new Map<Association, Socket>()
  readonly #halfOpen = new HalfOpen()
  readonly #raw = new Set<Socket>()
  #keys: Key[] = []
  /** Which key is tried: after a refusal the next one. */
  #keyOf = new WeakMap<Association, number>()
  #server: Server | undefined
  #addr = ''
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #cut: ReadonlySet<string> = new Set()
  /** Connections that were refused. */
  #refused = 0

  constructor(options: TransportOptions, handlers: TransportHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#random = options.random ?? Math.random
  }

  /** Where others reach this node. Throws ERR_PULSING_ADDR_IN_USE, ERR_PULSING_ADDR_INVALID. */
  async listen(): Promise<string> {
    const { listen, advertiseAddr, passphrases } = this.#options
    this.#keys = await keysOf(passphrases)
    const server = listenFor(
      this.#keys,
      (socket) => this.#arrived(socket),
      (socket) => this.#accepted(socket),
      (addr, error) => this.#tlsRefused(addr, error),
    )
    try {
      server.listen({ host: listen.host, port: listen.port })
      await once(server, 'listening')
    } catch (error) {
      const addr = `${listen.host}:${listen.port}`
      const { code } = error as NodeJS.ErrnoException
      throw code === 'EADDRINUSE' ? errors.addrInUse(addr, error) : errors.addrInvalid(addr, error)
    }
    this.#server = server
    const { address, port, family } = server.address() as AddressInfo
    const own = family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
    this.#addr = withPort(advertiseAddr, port) ?? own
    this.#timer = setInterval(() => this.#look(), QUIET_MS)
    return this.#addr
  }

  /** Connections that were refused, and those that had said nothing when others needed their place. */
  get counts(): { refused: number; dropped: number } {
    return { refused: this.#refused, dropped: this.#halfOpen.ended }
  }

  /** What goes to that node, where anything has. */
  known(incarnation: string): Association | undefined {
    return this.#known.get(incarnation)
  }

  /** What goes to that node; it is dialled when there is something to send. expect: who is to be there. */
  associate(addr: string, expect?: Pick<PeerIdentity, 'nodeId' | 'incarnation'>): Association {
    const found = expect === undefined ? this.#unknown.get(addr) : this.#known.get(expect.incarnation)
    if (found !== undefined && !found.isClosed) return found
    if (expect === undefined)
      for (const one of this.#known.values()) if (one.addr === addr && one.isOpen) return one
    const association = new Association(this, addr, expect)
    if (expect === undefined) this.#unknown.set(addr, association)
    else this.#known.set(expect.incarnation, association)
    return association
  }

  /** For tests: a network that lets nothing through between this node and those that listen there. */
  cutFrom(addrs: readonly string[]): void {
    this.#cut = new Set(addrs)
    for (const { addr, connection } of [...this.#known.values(), ...this.#unknown.values()])
      if (this.#cut.has(addr)) connection?.destroy()
  }

  /** Ends all connections, when what was sent has gone out, or after a second. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#halfOpen.endAll()
    for (const socket of this.#dialling.values()) socket.destroy()
    const all = [...this.#known.values(), ...this.#unknown.values()]
    const closing = all.flatMap((association) => {
      const { connection } = association
      association.flush()
      association.close()
      return connection === undefined ? [] : [once(connection.socket, 'close')]
    })
    this.#server?.close()
    const late = new Promise((resolve) => setTimeout(resolve, CLOSING_MS))
    await Promise.race([Promise.all(closing), late])
    for (const socket of this.#raw) socket.destroy()
    for (const { connection } of all) connection?.destroy()
  }

  // --- of associations

  dial(association: Association): void {
    if (this.#isClosed || association.isClosed || association.isOpen) return
    if (this.#dialling.has(association) || association.timer !== undefined) return
    const { addr } = association
    if (this.#cut.has(addr)) return this.#unreachable(association, new Error(`${addr} is cut off`))
    const to = parseAddress(addr)
    if (to === undefined) return this.#unreachable(association, new Error(`${addr} is no address`))
    if (this.#isProtected && !isLoopback(to.host) && isNumeric(to.host)) {
      const reason = PROTECTED
      this.#handlers.onRefused({ addr, reason })
      return this.#unreachable(association, new Error(reason))
    }
    const { length } = this.#keys
    const key = length === 0 ? undefined : this.#keys[(this.#keyOf.get(association) ?? 0) % length]
    let handshake: Handshake | undefined
    let failure: Error | undefined
    const socket = dial(to, key, (ready) => {
      clearTimeout(late)
      handshake = this.#begin(ready, association)
    })
    const late = setTimeout(
      () => socket.destroy(new Error(`${addr} has not answered within ${HANDSHAKE_MS} ms`)),
      HANDSHAKE_MS,
    )
    this.#dialling.set(association, socket)
    socket.once('error', (error) => {
      failure = error
    })
    socket.once('close', () => {
      clearTimeout(late)
      if (this.#dialling.get(association) !== socket) return
      this.#dialling.delete(association)
      if (handshake !== undefined) return // it says by itself what was wrong
      if (length > 0 && isKeyRefusal(failure)) {
        const tried = (this.#keyOf.get(association) ?? 0) + 1
        this.#keyOf.set(association, tried)
        if (tried % length === 0) this.#handlers.onRefused({ addr, reason: OTHER_KEY })
      }
      this.#unreachable(association, failure ?? new Error(`${addr} has closed the connection`))
    })
  }

  drained(association: Association): void {
    this.#handlers.onDrain(association)
  }

  // --- connections that come in

  get #isProtected(): boolean {
    return this.#keys.length === 0 && !this.#options.insecure
  }

  /** Not encrypted yet. */
  #arrived(socket: Socket): void {
    this.#raw.add(socket)
    const from = socket.remoteAddress ?? ''
    const done = this.#halfOpen.add(from, () => socket.destroy())
    const late = setTimeout(() => socket.destroy(), HANDSHAKE_MS)
    waitingFor.set(socket, () => {
      clearTimeout(late)
      done()
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#raw.delete(socket)
      clearTimeout(late)
      done()
    })
  }

  #accepted(socket: Socket): void {
    const from = socket.remoteAddress ?? ''
    if (this.#isProtected && !isLoopback(from.replace(/^::ffff:/, ''))) {
      const addr = `${from}:${socket.remotePort}`
      const connection = new Connection(socket, 0, silent)
      this.#refuse(connection, addr, { code: 'protected', reason: PROTECTED })
      return
    }
    this.#begin(socket, undefined)
  }

  #tlsRefused(addr: string, error: Error): void {
    this.#refused++
    // Those who only look whether somebody listens say nothing.
    if (/socket hang up|ECONNRESET/.test(`${error.message} ${(error as NodeJS.ErrnoException).code}`)) return
    this.#handlers.onRefused({ addr, reason: OTHER_KEY })
  }

  // --- handshakes

  #begin(socket: Socket, association: Association | undefined): Handshake {
    const { identity, clusterName, maxFrameBytes } = this.#options
    const own: Hello = {
      ...identity,
      addr: this.#addr,
      versions: [LEAST_VERSION, VERSION],
      cluster: clusterName,
      nonce: randomBytes(16).toString('hex'),
      answers: '',
    }
    let open: Association | undefined
    let isRefused = false
    const addr = association?.addr ?? `${socket.remoteAddress}:${socket.remotePort}`
    const connection: Connection = new Connection(socket, maxFrameBytes, {
      onHello: (body) => {
        if (open !== undefined) return connection.destroy(new Error('a second HELLO'))
        open = this.#greeted(handshake, body, addr)
      },
      onRefused: (body) => {
        const { code, reason } = readRefusal(body)
        isRefused = true
        // Each has dialled the other: its own connection is on its way, or there.
        if (code !== 'busy') this.#handlers.onRefused({ addr, reason: `it says: ${reason}` })
        connection.destroy(new Error(`${addr} has refused the connection: ${reason}`))
      },
      onFrame: (bytes, from, to) => {
        if (open === undefined) return connection.destroy(new Error('a frame before the HELLO'))
        open.usedMs = connection.heardMs
        this.#handlers.onFrame(open, bytes, from, to)
      },
      onControl: (bytes, from, to) => {
        if (open === undefined) return connection.destroy(new Error('a frame before the HELLO'))
        open.usedMs = connection.heardMs
        this.#handlers.onControl(open, bytes, from, to)
      },
      onWritable: () => open?.flush(),
      onClosed: (error) => {
        handshake.done()
        if (open !== undefined) return this.#lost(open, connection)
        if (error instanceof NotOurs) this.#handlers.onRefused({ addr, reason: error.message })
        if (association === undefined) {
          // Not by the network: what came was none of ours.
          if (error !== undefined && !('code' in error)) this.#refused++
          return
        }
        if (this.#dialling.get(association) === socket) this.#dialling.delete(association)
        if (isRefused && association.isOpen) return
        this.#unreachable(
          association,
          error ?? new Error(`${addr} has closed the connection before it said who it is`),
        )
      },
    })
    const late = setTimeout(
      () => connection.destroy(new Error(`${addr} has not said who it is`)),
      HANDSHAKE_MS,
    )
    const handshake: Handshake = {
      connection,
      own,
      association,
      done: () => {
        clearTimeout(late)
        waitingFor.get(rawOf(socket))?.()
      },
    }
    if (association !== undefined) connection.write(chunkOf(HELLO, writeHello(own)))
    return handshake
  }

  /** The other side has said who it is. Gives the association that the connection is for, where it is taken. */
  #greeted(handshake: Handshake, body: Buffer, addr: string): Association | undefined {
    const { connection, own, association } = handshake
    handshake.done()
    const other = readHello(body)
    if (other === undefined) {
      this.#refuse(connection, addr, { code: 'hello', reason: 'what it said of itself can not be read' })
      return undefined
    }
    const dialled = association !== undefined
    const refusal = whyNot(own, other) ?? this.#unexpected(association, other, own)
    if (refusal !== undefined) {
      // A seed may be this node itself, which is no fault.
      if (refusal.code === 'self' && dialled) {
        this.#unknown.delete(addr)
        connection.destroy(new Error(refusal.reason))
      } else this.#refuse(connection, addr, refusal)
      return undefined
    }
    const { nodeId, incarnation, addr: at, startedMs } = other
    if (this.#cut.has(at)) {
      connection.destroy()
      return undefined
    }
    const peer: PeerIdentity = { nodeId, incarnation, addr: at, startedMs }
    const taken = this.#associationOf(peer, association)
    if (taken.isOpen) {
      this.#prove(taken)
      this.#refuse(connection, addr, { code: 'busy', reason: 'there is a connection already' })
      return undefined
    }
    const ours = dialled ? undefined : this.#dialling.get(taken)
    if (ours !== undefined) {
      // Both have dialled: that of the smaller id counts.
      if (own.nodeId < nodeId) {
        this.#refuse(connection, addr, { code: 'busy', reason: 'there is a connection already' })
        return undefined
      }
      this.#dialling.delete(taken)
      ours.destroy()
    }
    if (dialled) this.#dialling.delete(association)
    else connection.write(chunkOf(HELLO, writeHello({ ...own, answers: other.nonce })))
    taken.opened(connection, peer)
    this.#handlers.onOpen(taken)
    taken.flush()
    return taken
  }

  #unexpected(association: Association | undefined, other: Hello, own: Hello): Refusal | undefined {
    if (association === undefined) return undefined
    if (other.answers !== own.nonce) return { code: 'hello', reason: 'it answers somebody else' }
    const { expected } = association
    if (expected === undefined || expected.incarnation === other.incarnation) return undefined
    return { code: 'expected', reason: `node ${expected.nodeId} was wanted, which is there no more` }
  }

  /** The one association with that node; that of a seed becomes it. */
  #associationOf(peer: PeerIdentity, dialled: Association | undefined): Association {
    const known = this.#known.get(peer.incarnation)
    if (known !== undefined && !known.isClosed) {
      if (dialled !== undefined && dialled !== known) this.#merge(dialled, known)
      return known
    }
    const association = dialled ?? new Association(this, peer.addr, peer)
    this.#unknown.delete(association.addr)
    this.#known.set(peer.incarnation, association)
    return association
  }

  /** What was to go to a seed goes to the node that it is. */
  #merge(seed: Association, known: Association): void {
    this.#unknown.delete(seed.addr)
    this.#dialling.delete(seed)
    for (const frame of seed.takeControl()) known.control(frame)
    seed.close()
  }

  #refuse(connection: Connection, addr: string, refusal: Refusal): void {
    if (refusal.code !== 'busy') {
      this.#refused++
      this.#handlers.onRefused({ addr, reason: refusal.reason })
    }
    connection.write(chunkOf(REFUSED, writeRefusal(refusal)))
    connection.end()
    setTimeout(() => connection.destroy(), CLOSING_MS).unref()
  }

  // --- ends

  #lost(association: Association, connection: Connection): void {
    if (association.connection !== connection) return
    this.#forget(association)
    this.#handlers.onLost(association, association.lost())
  }

  #unreachable(association: Association, error: Error): void {
    // One that is closed was a seed's, whose node is known by now.
    if (association.isOpen || association.isClosed || this.#isClosed) return
    association.failures++
    const againMs = Math.min(AGAIN_MS * 2 ** (association.failures - 1), MOST_AGAIN_MS)
    // What comes until then waits for the next attempt.
    association.timer = setTimeout(
      () => {
        association.timer = undefined
        if (!association.isEmpty) this.dial(association)
      },
      againMs * (0.75 + this.#random() / 2),
    )
    this.#handlers.onLost(association, association.lost())
    this.#handlers.onUnreachable(association.addr, error)
  }

  /** It is made anew when something is to be sent. */
  #forget(association: Association): void {
    association.losses++
    if (association.isClosed && association.peer !== undefined)
      this.#known.delete(association.peer.incarnation)
  }

  /** Whether anything still comes. */
  #prove(association: Association): void {
    const { connection } = association
    if (connection === undefined) return
    const before = performance.now()
    connection.ping()
    setTimeout(() => {
      if (association.connection === connection && connection.heardMs < before)
        connection.destroy(new Error('it is dead: the other side has made another'))
    }, PROVE_MS).unref()
  }

  #look(): void {
    const now = performance.now()
    for (const association of [...this.#known.values(), ...this.#unknown.values()]) {
      const { connection } = association
      if (connection === undefined) continue
      const quietMs = now - connection.heardMs
      if (quietMs > 4 * QUIET_MS) connection.destroy(new Error('nothing has come for too long'))
      else if (quietMs > QUIET_MS) connection.ping()
      const isIdle = now - association.usedMs > IDLE_MS && association.isEmpty
      if (isIdle && this.#handlers.mayClose(association)) connection.end()
    }
  }
}

const PROTECTED =
  'protected mode: without a passphrase nodes take peers of their own machine alone; set a passphrase, or insecure: true'
const OTHER_KEY = 'one of the two has another passphrase, or none'

/** What to do when a socket has said who it is: TLS wraps the one that came in. */
const waitingFor = new WeakMap<Socket, () => void>()

function rawOf(socket: Socket): Socket {
  return (socket as Socket & { _parent?: Socket })._parent ?? socket
}

const silent = {
  onHello: () => undefined,
  onRefused: () => undefined,
  onFrame: () => undefined,
  onControl: () => undefined,
  onWritable: () => undefined,
  onClosed: () => undefined,
}

function isNumeric(host: string): boolean {
  return /^[\d.]+$|:/.test(host)
}

function isKeyRefusal(error: Error | undefined): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  return /^ERR_SSL|EPROTO|ERR_TLS|ECONNRESET/.test(code)
}

function withPort(addr: string | undefined, port: number): string | undefined {
  if (addr === undefined) return undefined
  return parseAddress(addr)?.port === 0 ? addr.replace(/:0$/, `:${port}`) : addr
}
