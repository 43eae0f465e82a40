// Who is there and what they have, without input or output.

export { DEFAULTS, type ProtocolConfig } from './config.js'
export { type CoreEvent, type CoreOptions, type Output, ProtocolCore, type Recipient } from './core.js'
export type { NameValue } from './directory.js'
export type { Identity, MemberState, MemberStatus } from './members.js'
export { ownerOf } from './rendezvous.js'
