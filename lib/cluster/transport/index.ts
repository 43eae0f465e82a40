// Connections to other nodes: frames in and out.

export { Association } from './association.js'
export type { PeerIdentity } from './hello.js'
export { Transport, type TransportHandlers, type TransportOptions } from './transport.js'
