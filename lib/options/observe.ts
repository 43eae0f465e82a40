// The options of init's `observe`: where a system shows what it is at.

import { errors } from '../errors/index.js'
import { type Check, type Checks, check, text, whole } from './checks.js'

/** Where a system shows what it is at. */
export interface ObserveOptions {
  /** 0 takes a free one, which `system.observeUrl` tells. */
  readonly port: number
  /** The address to listen on: 127.0.0.1 unless set. Beyond this machine it needs a token. */
  readonly host?: string | undefined
  /** Who asks has to send it, as `Authorization: Bearer <token>`; at least 16 characters. None unless set. */
  readonly token?: string | undefined
}

export interface ResolvedObserveOptions {
  readonly port: number
  readonly host: string
  readonly token: string | undefined
}

const OBSERVE: Checks = {
  port: whole(0, 65_535),
  host: text,
  token: (name, value) => {
    if (typeof value === 'string' && /^[\x21-\x7e]{16,}$/.test(value)) return
    // Not the value: it is a secret, or nearly one.
    throw errors.invalidOption(name, undefined, 'at least 16 printable characters without spaces')
  },
}

/** Of the option as a whole. */
export const observe: Check = (name, value) => {
  if (typeof value !== 'object' || value === null)
    throw errors.invalidOption(name, value, 'an object such as { port: 9464 }')
  check(name, value, OBSERVE)
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

/** Whether the host of an address is this machine's own, whatever its network. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}

export function checkObserve(options: ObserveOptions | undefined): ResolvedObserveOptions | undefined {
  if (options === undefined) return undefined
  const { port, host = '127.0.0.1', token } = options
  if (port === undefined)
    throw errors.invalidOption('observe.port', port, 'a port to listen on, such as 9464; 0 for a free one')
  if (token === undefined && !isLoopback(host))
    throw errors.invalidOption(
      'observe.token',
      undefined,
      `a token for ${host}, which others can reach too; or leave observe.host out for this machine alone`,
    )
  return { port, host, token }
}
