// What a reference is good for on other nodes: a token that only its own node can make, so that nobody calls an actor whose
// reference was not sent to anybody (contract 6.3).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Characters of a token: 96 bits. */
const LENGTH = 16

export class Tokens {
  readonly #secret = randomBytes(32)

  of(slot: number, index: number, generation: number): string {
    return createHmac('sha256', this.#secret)
      .update(`${slot}.${index}.${generation}`)
      .digest('base64url')
      .slice(0, LENGTH)
  }

  /** Whether a peer may name that actor. */
  admits(slot: number, index: number, generation: number, token: unknown): boolean {
    if (typeof token !== 'string' || token.length !== LENGTH) return false
    const given = Buffer.from(token)
    return given.length === LENGTH && timingSafeEqual(given, Buffer.from(this.of(slot, index, generation)))
  }
}
