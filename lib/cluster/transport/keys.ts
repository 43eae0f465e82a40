// Keys of TLS, made of passphrases (contract 6.2).

import { createHash, scrypt } from 'node:crypto'

export interface Key {
  /** Says which key it is, and nothing of what it is. */
  readonly identity: string
  readonly key: Buffer
}

/** Fixed: all nodes make the same key of a passphrase. What it costs to try one is up to scrypt. */
const SALT = 'pulsing cluster 1'
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

export function keysOf(passphrases: readonly string[]): Promise<Key[]> {
  return Promise.all(passphrases.map(keyOf))
}

function keyOf(passphrase: string): Promise<Key> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), SALT, 32, COST, (error, key) => {
      if (error !== null) return reject(error)
      const digest = createHash('sha256').update('pulsing key identity').update(key).digest('hex')
      resolve({ identity: `pulsing-${digest.slice(0, 16)}`, key })
    })
  })
}
