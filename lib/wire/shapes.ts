// The keys of maps that a connection has brought, so that objects with the same keys are made by one function and have one hidden
// class, and their keys are compared, not read. What a peer can make this remember is bounded.

import type { Buffer } from 'node:buffer'
import { values } from '../engine/index.js'

const { literalKey, MAX_GENERATED_KEYS, mayGenerate, setOwn, USES_TO_GENERATE } = values

const MOST_NODES = 4096
const MOST_CHILDREN = 256
const MOST_DEPTH = 64
/** Texts of a place that differed from the last one there, before it is no longer remembered. */
const MISSES = 64
const NO_TEXT = ''

type Make = (values: readonly unknown[], base: number) => object

/** Where the keys of an object have led, in the order that they came in. */
export class KeyNode {
  readonly parent: KeyNode | undefined
  readonly key: string
  readonly depth: number
  /** The one that came after it last. */
  next: KeyNode | undefined
  others: Map<string, KeyNode> | undefined
  /** The first of the objects that are the value of this key. */
  entry: KeyNode | undefined
  /** The text that was the value of this key last. */
  text: string = NO_TEXT
  #misses = 0
  #uses = 0
  #make: Make | undefined

  constructor(parent: KeyNode | undefined, key: string) {
    this.parent = parent
    this.key = key
    this.depth = parent === undefined ? 0 : parent.depth + 1
  }

  isKey(bytes: Buffer, from: number, length: number): boolean {
    return isSame(this.key, bytes, from, length)
  }

  isText(bytes: Buffer, from: number, length: number): boolean {
    return isSame(this.text, bytes, from, length)
  }

  met(text: string): void {
    if (this.#misses >= MISSES) return
    this.#misses++
    this.text = text
  }

  /** The object whose keys led here. */
  make(values: readonly unknown[], base: number): object {
    if (this.#make !== undefined) return this.#make(values, base)
    const keys = this.#keys()
    if (++this.#uses === USES_TO_GENERATE && keys.length <= MAX_GENERATED_KEYS && mayGenerate())
      this.#make = generate(keys)
    const object = {}
    for (let i = 0; i < keys.length; i++) setOwn(object, keys[i] as string, values[base + i])
    return object
  }

  #keys(): string[] {
    const keys: string[] = []
    for (let node: KeyNode = this; node.parent !== undefined; node = node.parent) keys.push(node.key)
    return keys.reverse()
  }
}

function isSame(text: string, bytes: Buffer, from: number, length: number): boolean {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code !== bytes[from + i] || code >= 128) return false
  }
  return true
}

function generate(keys: readonly string[]): Make {
  const fields = keys.map((key, i) => `${literalKey(key)}: v[b + ${i}]`)
  return new Function('v', 'b', `'use strict'\nreturn { ${fields.join(', ')} }`) as Make
}

export class KeyTrie {
  root: KeyNode = new KeyNode(undefined, '')
  /** Where keys lead that are not worth a node. */
  readonly outside: KeyNode = new KeyNode(undefined, '')
  #nodes = 0

  /** Where the objects that are the value of that key begin. */
  entryOf(site: KeyNode): KeyNode {
    site.entry ??= new KeyNode(undefined, '')
    return site.entry
  }

  /** Off the usual way; undefined where the key is not worth a node, or may not be one. */
  step(node: KeyNode, key: string): KeyNode | undefined {
    if (node === this.outside) return undefined
    let next = node.others?.get(key)
    if (next === undefined) {
      if (key === '__proto__' || node.depth >= MOST_DEPTH || (node.others?.size ?? 0) >= MOST_CHILDREN)
        return undefined
      if (this.#nodes >= MOST_NODES) {
        // Full of what is perhaps no longer in use.
        this.root = new KeyNode(undefined, '')
        this.outside.entry = undefined
        this.#nodes = 0
        return undefined
      }
      this.#nodes++
      next = new KeyNode(node, key)
      node.others ??= new Map()
      node.others.set(key, next)
    }
    node.next = next
    return next
  }
}
