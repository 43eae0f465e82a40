// Copies of values on one thread: what an encoder and a decoder would make, without the words between. Hot: tell-local,
// ask-local; bench/micro/codec.ts measures it alone.

import { REF } from '../symbols.js'
import { makeCopier } from './copiers.js'
import { copyKind, type LoneCopy } from './copy-kinds.js'
import { failure, HostFailure, TOO_DEEP, Unfit } from './failure.js'
import { MAX_GENERATED_KEYS, mayGenerate, setOwn, USES_TO_GENERATE } from './generate.js'
import type { CodecHost } from './host.js'
import { kindAtSight, kindOf, PLAIN } from './kinds.js'
import { Patch, Stand } from './patch.js'
import { NONE, Seen } from './seen.js'
import { isShared } from './share.js'
import { MAX_DEPTH } from './tags.js'
import { finishTransfer, mayMove } from './transfer.js'
import { Trie, TrieNode } from './trie.js'

const { hasOwnProperty: isOwn } = Object.prototype
const KEPT_COPIES = 4096
const trie = new Trie()
const newEntry = (): TrieNode => trie.newEntry()
/** Objects that are no value of a plain object. */
const loose = new TrieNode(null, '', 0)

/** The copying of one message. */
export class Copy {
  busy = false
  /** The message, where it is needed before the copy is complete. */
  root: unknown = undefined
  patch: Patch | undefined = undefined
  readonly lone: LoneCopy[] = []
  readonly moved: ArrayBuffer[] = []
  #depth = 0
  readonly #seen = new Seen()
  /** Of the objects that were seen, by their numbers; NONE while a copy is not complete. */
  readonly #copies: object[] = new Array<object>(32).fill(NONE)

  run(value: object, path: string, bare = false): unknown {
    // What a stack overflow left, in the middle of tidying up.
    if (this.#seen.count !== 0) this.forget()
    this.busy = true
    if (mayMove()) this.root = value
    try {
      const kind = kindAtSight(value)
      let copy: object
      // A plain object is remembered when it turns out to have objects in it.
      if (kind === PLAIN) copy = this.object(value as Record<string, unknown>, trie.root)
      else {
        const at = this.remember(value)
        const entry = trie.entryOf(loose)
        if (bare) copy = this.array(value as unknown[], this.complete(at, [] as unknown[]), entry, true)
        else copy = this.ofKind(value, kind, at, entry)
      }
      if (this.#seen.count > 0) return this.finish(value, copy)
      if (mayMove()) finishTransfer(value, this.moved)
      return copy
    } catch (error) {
      if (error instanceof HostFailure) throw error.error
      throw failure(path, value, error)
    } finally {
      this.busy = false
      if (this.root !== undefined) this.root = undefined
      if (this.#seen.count > 0) this.forget()
    }
  }

  /** A value in an object, which is the message itself where nothing was met before. */
  any(value: unknown, parent: object, entry: TrieNode): unknown {
    switch (typeof value) {
      case 'object':
        if (value === null) return null
        if (this.#seen.count === 0) this.remember(parent)
        return this.nested(value, entry)
      case 'function':
        if ((value as { [REF]?: unknown })[REF]) return value
        throw new Unfit('')
      case 'symbol':
        throw new Unfit('')
      default:
        return value
    }
  }

  nested(value: object, entry: TrieNode): unknown {
    const known = this.find(value)
    if (known >= 0) return this.copyOf(known)
    if (isShared(value)) return value
    if (++this.#depth > MAX_DEPTH) throw new Unfit(TOO_DEEP)
    const copy = this.ofKind(value, kindAtSight(value), this.remember(value), entry)
    this.#depth--
    return copy
  }

  ofKind(value: object, kind: number, at: number, entry: TrieNode): object {
    if (kind === PLAIN) return this.complete(at, this.object(value as Record<string, unknown>, entry))
    return copyKind(this, value, kind, at, entry)
  }

  object(source: Record<string, unknown>, entry: TrieNode): object {
    let node = entry
    for (const key in source) {
      // While the object keeps its hidden class, this is no call.
      if (!isOwn.call(source, key)) continue
      if (node.key === key && node.next !== null) node = node.next
      else {
        const next = trie.step(node, key)
        if (next === trie.outside) return this.keyed(source, {})
        node = next
      }
    }
    if (node === entry) {
      // Not even one key: perhaps only at first sight a plain object, such as an iterator.
      const kind = kindOf(source)
      if (kind !== PLAIN) return this.ofKind(source, kind, this.remember(source), entry)
    }
    return node.copier !== null ? node.copier(this, source) : this.#firstOfShape(node, source)
  }

  #firstOfShape(node: TrieNode, source: Record<string, unknown>): object {
    if (++node.uses < USES_TO_GENERATE || node.depth > MAX_GENERATED_KEYS || !mayGenerate()) {
      return this.keyed(source, {})
    }
    node.copier = makeCopier(node.keys(), newEntry)
    return node.copier(this, source)
  }

  keyed<T extends object>(source: Record<string, unknown>, copy: T): T {
    for (const key of Object.keys(source)) {
      // A getter may have removed it.
      if (Object.hasOwn(source, key)) setOwn(copy, key, this.any(source[key], source, trie.entryOf(loose)))
    }
    return copy
  }

  array(source: readonly unknown[], copy: unknown[], entry: TrieNode, bare = false): unknown[] {
    const { length } = source
    // The one cheap way to see whether it has named properties too.
    const values = bare ? length : Object.values(source).length
    if (length > 64 && values < length >> 2) {
      copy.length = length
      return this.keyed(source as never, copy)
    }
    let holes = 0
    for (let i = 0; i < length; i++) {
      const value = source[i]
      if (value === undefined && !(i in source)) {
        holes++
        copy.length = i + 1
      } else
        copy.push(
          typeof value === 'number' || typeof value === 'string' ? value : this.any(value, source, entry),
        )
    }
    if (values + holes > length) {
      for (const key of Object.keys(source)) {
        if (!Object.hasOwn(copy, key)) setOwn(copy, key, this.any((source as never)[key], source, entry))
      }
    }
    return copy
  }

  /** Its number; -1: not met before. */
  find(source: object): number {
    return this.#seen.find(source)
  }

  /** The copy of an object that was met before, or what stands for it till it is complete. */
  copyOf(at: number): object {
    const copy = this.#copies[at] as object
    if (copy !== NONE) return copy
    this.patch ??= new Patch()
    const stand = new Stand(at)
    this.patch.stands.push(stand)
    return stand
  }

  remember(source: object): number {
    const at = this.#seen.add(source)
    this.#copies[at] = NONE
    return at
  }

  complete<T extends object>(at: number, copy: T): T {
    this.#copies[at] = copy
    return copy
  }

  finish(value: object, copy: object): unknown {
    this.#copies[0] = copy
    let result: unknown = copy
    const { patch } = this
    if (patch !== undefined) {
      for (const stand of patch.stands) patch.replace(stand, this.#copies[stand.position] as object)
      result = patch.apply(copy)
    }
    finishTransfer(value, this.moved)
    return result
  }

  forget(): void {
    const { count } = this.#seen
    for (let i = 0; i < count; i++) this.#copies[i] = NONE
    this.#seen.clear()
    this.#depth = 0
    this.patch = undefined
    // Setting a length costs more than a small message.
    if (this.#copies.length > KEPT_COPIES) this.#copies.length = KEPT_COPIES
    if (this.lone.length > 0) this.lone.length = 0
    if (this.moved.length > 0) this.moved.length = 0
  }
}

const copying = new Copy()

/**
 * A copy of a value as its receiver on the same thread gets it: just what the other way, over words, would make of it,
 * but that shared values and references go as they are. Throws like Encoder.write.
 */
export function copyValue(_host: CodecHost, value: unknown, path: string): unknown {
  switch (typeof value) {
    case 'object':
      if (value === null || isShared(value)) return value
      // A getter of a message that is being copied may send another.
      return (copying.busy ? new Copy() : copying).run(value, path)
    case 'function':
    case 'symbol':
      if (typeof value === 'function' && (value as { [REF]?: unknown })[REF]) return value
      throw failure(path, value, new Unfit(''))
    default:
      return value
  }
}

/** The same for an array of the caller's own making: it has no holes and no named properties, which saves looking. */
export function copyList(_host: CodecHost, values: readonly unknown[], path: string): unknown[] {
  return (copying.busy ? new Copy() : copying).run(values, path, true) as unknown[]
}
