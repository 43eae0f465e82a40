// One function a shape that copies an object of it, as a literal, so that all copies have one hidden class.

import type { Copy } from './copy.js'
import { literalKey } from './generate.js'

export type Copier = (copy: Copy, source: Record<string, unknown>) => object

/** Hot: tell-local. */
export function makeCopier(keys: readonly string[]): Copier {
  const fields = keys.map(
    (key) =>
      `${literalKey(key)}: typeof (v = o[${JSON.stringify(key)}]) === 'number' || typeof v === 'string' ? v : c.any(v, o)`,
  )
  return new Function('c', 'o', `'use strict'; let v; return { ${fields.join(', ')} }`) as Copier
}
