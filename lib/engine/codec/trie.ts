// The shapes a thread has seen: a trie over the keys of plain objects, in the order for-in gives them.

import type { Copier } from './copiers.js'

/** String that no site has seen. The decoder knows it by the id -1, so one that is sent all the same arrives as it is. */
export const NEVER: string = '\0never a string of this thread\0\0\0\0\0'

const MAX_NODES = 16_384
const MAX_CHILDREN = 64
const MAX_DEPTH = 128
const MAX_KEY_LENGTH = 128
/** An object's keys are looked at this often before they are a shape: what is seen once is not worth it. */
const USES_TO_INTERN = 2

/** What stands for the shape of {}; '' is that of an object whose only key is ''. */
export const NO_KEYS = '\0'

/**
 * The objects whose first keys lead here, and the strings that were seen as the value of the last of these keys.
 * The key that came next the last two times stands in the node itself, so that a usual walk touches no Map.
 */
export class TrieNode {
  key = ''
  next: TrieNode | null = null
  key2 = ''
  next2: TrieNode | null = null
  others: Map<string, TrieNode> | null = null
  readonly parent: TrieNode | null
  /** The key that leads here from the parent. */
  readonly via: string
  readonly depth: number
  /** The engine's id of the shape; -1: not known. */
  shape = -1
  uses = 0
  /** Copies an object of the shape. */
  copier: Copier | null = null
  /** See Trie.entryOf. */
  entry: TrieNode | null = null
  /** The interned string seen last, and its id. */
  last: string = NEVER
  lastId = -1
  /** The one before. */
  last2: string = NEVER
  lastId2 = -1
  /** Above 0: worth looking strings up. Below: how many go by before the next try. */
  score = 16

  constructor(parent: TrieNode | null, via: string, depth: number) {
    this.parent = parent
    this.via = via
    this.depth = depth
  }

  /** The keys that lead here. */
  keys(): string[] {
    const keys: string[] = []
    for (let node: TrieNode = this; node.parent !== null; node = node.parent) keys.push(node.via)
    return keys.reverse()
  }
}

export class Trie {
  root!: TrieNode
  /** The nodes that begin all keys; another Map when the trie begins anew. */
  first!: Map<string, TrieNode>
  /** Where the keys of an object lead that has none in the trie. Of each trie its own: it knows strings by their ids, too. */
  readonly outside: TrieNode = new TrieNode(null, '', 0)
  #nodes = 0

  constructor() {
    this.#begin()
  }

  #begin(): void {
    this.first = new Map()
    this.root = this.newEntry()
    this.#nodes = 0
  }

  /** A root like the other one, but with the keys that come first at one place as its own usual ones. */
  newEntry(): TrieNode {
    const entry = new TrieNode(null, '', 0)
    entry.others = this.first
    return entry
  }

  /** The root for objects that are the value of the last key of `site`, or stand in an array that is. */
  entryOf(site: TrieNode): TrieNode {
    const { entry } = site
    if (entry !== null && entry.others === this.first) return entry
    site.entry = this.newEntry()
    return site.entry
  }

  /** Off the usual way. `outside` where the key is not worth a node. */
  step(node: TrieNode, key: string): TrieNode {
    if (node.key2 === key && node.next2 !== null) {
      const next = node.next2
      node.key2 = node.key
      node.next2 = node.next
      node.key = key
      node.next = next
      return next
    }
    if (node === this.outside) return this.outside
    const next = node.others?.get(key) ?? this.#add(node, key)
    if (next === this.outside) return next
    node.key2 = node.key
    node.next2 = node.next
    node.key = key
    node.next = next
    return next
  }

  /** The id of the shape, or -1 where its keys go with the object. `intern` is asked once for each shape. */
  shapeOf(node: TrieNode, intern: (keys: string) => number): number {
    if (node.shape >= 0) return node.shape
    if (++node.uses !== USES_TO_INTERN) return -1
    node.shape = intern(node.parent === null ? NO_KEYS : node.keys().join('\0'))
    return node.shape
  }

  #add(node: TrieNode, key: string): TrieNode {
    const others = node.others
    const outside =
      node.depth >= MAX_DEPTH ||
      key.length > MAX_KEY_LENGTH ||
      key.includes('\0') ||
      (others !== null && others.size >= MAX_CHILDREN)
    if (outside) return this.outside
    if (this.#nodes >= MAX_NODES) {
      // Full of what is perhaps no longer in use. The ids of shapes stay what they are.
      this.#begin()
      return this.outside
    }
    this.#nodes++
    const next = new TrieNode(node, key, node.depth + 1)
    if (others === null) node.others = new Map([[key, next]])
    else others.set(key, next)
    return next
  }
}
