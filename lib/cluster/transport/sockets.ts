// Sockets of the transport: plain TCP, or TLS 1.3 with a pre-shared key (contract 6.2).

import { connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Key } from './keys.js'

/** The hash of the cipher is that of the key exchange by pre-shared keys. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256'

const TLS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: CIPHERS } as const

/** Calls back for each connection that has been encrypted, where it is to be. */
export function listenFor(
  keys: readonly Key[],
  onRaw: (socket: Socket) => void,
  onSocket: (socket: Socket) => void,
  onRefused: (addr: string, error: Error) => void,
): Server {
  if (keys.length === 0) {
    const server = createServer()
    server.on('connection', (socket) => {
      onRaw(socket)
      onSocket(socket)
    })
    return server
  }
  const server = createTlsServer({
    ...TLS,
    handshakeTimeout: 5000,
    pskCallback: (_socket, identity) => keys.find((key) => key.identity === identity)?.key ?? null,
  })
  server.on('connection', onRaw)
  server.on('secureConnection', (socket) => {
    if (isKeyed(socket)) onSocket(socket)
    else socket.destroy()
  })
  server.on('tlsClientError', (error, socket) => {
    onRefused(`${socket.remoteAddress}:${socket.remotePort}`, error)
    socket.destroy()
  })
  return server
}

/** A connection to that address. It is ready when `ready` is called. key: undefined for a plain one. */
export function dial(
  to: { readonly host: string; readonly port: number },
  key: Key | undefined,
  ready: (socket: Socket) => void,
): Socket {
  if (key === undefined) {
    const socket = connect(to)
    socket.once('connect', () => ready(socket))
    return socket
  }
  const socket = connectTls({
    ...TLS,
    host: to.host,
    port: to.port,
    pskCallback: () => ({ psk: key.key, identity: key.identity }),
    // Nobody is known by a certificate: only the key counts.
    ca: [],
    rejectUnauthorized: true,
    checkServerIdentity: () =>
      new Error('the other side has shown a certificate, where the key of the cluster was wanted'),
  })
  socket.once('secureConnect', () => {
    if (isKeyed(socket)) ready(socket)
    else socket.destroy(new Error('the other side has not used the key of the cluster'))
  })
  return socket
}

/** Both sides have the key: Node says so as of a session that goes on, and there is no certificate. */
function isKeyed(socket: TLSSocket): boolean {
  const certificate = socket.getPeerCertificate() as object | null
  const hasNone = certificate === null || Object.keys(certificate).length === 0
  return socket.isSessionReused() && hasNone && socket.getProtocol() === 'TLSv1.3'
}
