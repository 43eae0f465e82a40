// One function a shape that reads an object of it, as a literal, so that all objects of a shape have one hidden class.

import type { Decoder } from './decoder.js'
import { literalKey, MAX_GENERATED_KEYS, mayGenerate, setOwn, USES_TO_GENERATE } from './generate.js'
import { INT, STRING_ID } from './tags.js'

/** Reads the values at the decoder's position, and moves it behind them. */
export type Reader = (decoder: Decoder) => object

/** A reader in plain JavaScript, which is soon replaced by a generated one where that can be. */
export function makeReader(keys: readonly string[], replace: (reader: Reader) => void): Reader {
  let uses = 0
  return (decoder) => {
    if (++uses === USES_TO_GENERATE && keys.length <= MAX_GENERATED_KEYS && mayGenerate())
      replace(generate(keys))
    const object = {}
    for (let i = 0; i < keys.length; i++) setOwn(object, keys[i] as string, decoder.value())
    return object
  }
}

/** Hot: tell-cross, ask-pipelined. Integers and known strings are read in place, all else by the decoder. */
function generate(keys: readonly string[]): Reader {
  const reads = keys.map(
    (_, i) => `
  let v${i}
  if (i32[p] === ${INT}) { v${i} = i32[p + 1]; p += 2 }
  else if (i32[p] === ${STRING_ID} && (v${i} = strings[i32[p + 1]]) !== undefined) p += 2
  else { d.pos = p; v${i} = d.value(); p = d.pos }`,
  )
  const fields = keys.map((key, i) => `${literalKey(key)}: v${i}`)
  return new Function(
    'd',
    `'use strict'
  const i32 = d.i32, strings = d.strings
  let p = d.pos${reads.join('')}
  d.pos = p
  return { ${fields.join(', ')} }`,
  ) as Reader
}
