// The task of the peers piscina and tinypool.

import type { Add } from '../../messages.js'

export function add(message: Add): number {
  return message.n + 1
}
