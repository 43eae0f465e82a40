// One function a shape that copies an object of it, as a literal, so that all copies have one hidden class.

import type { Copy } from './copy.js'
import { literalKey } from './generate.js'
import type { TrieNode } from './trie.js'

export type Copier = (copy: Copy, source: Record<string, unknown>) => object

/** `entry` gives where the keys of objects begin that are values of one key. Hot: tell-local. */
export function makeCopier(keys: readonly string[], entry: () => TrieNode): Copier {
  const fields = keys.map(
    (key, i) => `
    ${literalKey(key)}: typeof (v = o[${JSON.stringify(key)}]) === 'number' || typeof v === 'string' ? v : c.any(v, o, e${i})`,
  )
  const entries = keys.map((_, i) => `e${i} = entry()`)
  const source = `'use strict'
  ${entries.length > 0 ? `const ${entries.join(', ')}` : ''}
  return (c, o) => { let v; return {${fields.join(',')} } }`
  return new Function('entry', source)(entry) as Copier
}
