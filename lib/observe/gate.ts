// Who is answered: whoever has the token, or, without one, this machine's own programs.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Wrong tokens of one address in a minute; then it waits for the next. */
const MOST_WRONG = 10
const WINDOW_MS = 60_000
/** Addresses that are remembered. */
const MOST_ADDRESSES = 10_000

const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

export type Verdict = 'answered' | 'unauthorized' | 'forbidden' | 'limited'

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

export class Gate {
  readonly #token: Buffer | undefined
  readonly #wrong = new Map<string, { since: number; count: number }>()

  constructor(token: string | undefined) {
    this.#token = token === undefined ? undefined : digest(token)
  }

  judge(request: IncomingMessage): Verdict {
    // A page of another site may name this machine by a name of its own.
    if (this.#token === undefined) return LOCAL.test(request.headers.host ?? '') ? 'answered' : 'forbidden'
    const address = request.socket.remoteAddress ?? ''
    const wrong = this.#wrong.get(address)
    const isOpen = wrong === undefined || performance.now() - wrong.since > WINDOW_MS
    if (!isOpen && wrong.count >= MOST_WRONG) return 'limited'
    const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? passwordOf(request)
    // Of digests, so that its length and its beginning take no other time.
    if (given !== undefined && timingSafeEqual(digest(given), this.#token)) return 'answered'
    if (given !== undefined) this.#count(address, isOpen ? undefined : wrong)
    return 'unauthorized'
  }

  #count(address: string, wrong: { since: number; count: number } | undefined): void {
    if (this.#wrong.size >= MOST_ADDRESSES) this.#wrong.clear()
    if (wrong === undefined) this.#wrong.set(address, { since: performance.now(), count: 1 })
    else wrong.count++
  }
}

/** What a browser asks its user for: any name, and the token as its password. */
function passwordOf({ headers }: IncomingMessage): string | undefined {
  const given = /^Basic (\S+)$/i.exec(headers.authorization ?? '')?.[1]
  return given === undefined
    ? undefined
    : Buffer.from(given, 'base64').toString('utf8').split(':').slice(1).join(':')
}
