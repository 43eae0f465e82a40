// Copies of values on one thread: what an encoder and a decoder would make, without the words between. Hot: tell-local,
// ask-local; bench/micro/codec.ts measures it alone.

import { REF } from '../symbols.js'
import { makeCopier } from './copiers.js'
import { copyKind, type LoneCopy } from './copy-kinds.js'
import { failure, HostFailure, TOO_DEEP, Unfit } from './failure.js'
import { canGenerate, MAX_GENERATED_KEYS, setOwn, USES_TO_GENERATE } from './generate.js'
import type { CodecHost } from './host.js'
import { kindOf, LIST, PLAIN } from './kinds.js'
import { Patch, Stand } from './patch.js'
import { isShared } from './share.js'
import { MAX_DEPTH } from './tags.js'
import { finishTransfer, mayMove } from './transfer.js'
import { OUTSIDE, Trie, type TrieNode } from './trie.js'

/** So many objects of a message are found by looking through them; beyond, by a Map. */
const SCANNED = 32
const NONE: object = { none: true }
const trie = new Trie()

/** The copying of one message. */
export class Copy {
  busy = false
  /** The message, where it is needed before the copy is complete. */
  root: unknown = undefined
  patch: Patch | undefined = undefined
  readonly lone: LoneCopy[] = []
  readonly moved: ArrayBuffer[] = []
  #depth = 0
  #count = 0
  /** Objects of the message that were met, and the copies of those that are complete. */
  readonly #sources: object[] = new Array<object>(SCANNED).fill(NONE)
  readonly #copies: object[] = new Array<object>(SCANNED).fill(NONE)
  #map: Map<object, number> | undefined

  run(value: object, path: string): unknown {
    this.busy = true
    if (mayMove()) this.root = value
    try {
      const kind = kindOf(value)
      let copy: object
      // A plain object is remembered when it turns out to have objects in it.
      if (kind === PLAIN) copy = this.object(value as Record<string, unknown>)
      else copy = this.ofKind(value, kind, this.remember(value))
      if (this.#count > 0) return this.finish(value, copy)
      finishTransfer(value, this.moved)
      return copy
    } catch (error) {
      if (error instanceof HostFailure) throw error.error
      throw failure(path, value, error)
    } finally {
      this.busy = false
      if (this.#count > 0) this.forget()
    }
  }

  /** A value in an object, which is the message itself where nothing was met before. */
  any(value: unknown, parent: object): unknown {
    switch (typeof value) {
      case 'object':
        if (value === null) return null
        if (this.#count === 0) this.remember(parent)
        return this.nested(value)
      case 'function':
        if ((value as { [REF]?: unknown })[REF]) return value
        throw new Unfit('')
      case 'symbol':
        throw new Unfit('')
      default:
        return value
    }
  }

  nested(value: object): unknown {
    const known = this.find(value)
    if (known >= 0) return this.copyOf(known)
    if (isShared(value)) return value
    if (++this.#depth > MAX_DEPTH) throw new Unfit(TOO_DEEP)
    const copy = this.ofKind(value, kindOf(value), this.remember(value))
    this.#depth--
    return copy
  }

  ofKind(value: object, kind: number, at: number): object {
    if (kind === PLAIN) return this.complete(at, this.object(value as Record<string, unknown>))
    if (kind === LIST) return this.array(value as unknown[], this.complete(at, [] as unknown[]))
    return copyKind(this, value, kind, at)
  }

  object(source: Record<string, unknown>): object {
    let node = trie.root
    for (const key in source) {
      if (node.key === key && node.next !== null) node = node.next
      else {
        const next = trie.step(node, key, source)
        if (next === undefined) continue
        if (next === OUTSIDE) return this.keyed(source, {})
        node = next
      }
    }
    return node.copier !== null ? node.copier(this, source) : this.#firstOfShape(node, source)
  }

  #firstOfShape(node: TrieNode, source: Record<string, unknown>): object {
    if (++node.uses < USES_TO_GENERATE || node.depth > MAX_GENERATED_KEYS || !canGenerate()) {
      return this.keyed(source, {})
    }
    node.copier = makeCopier(node.keys())
    return node.copier(this, source)
  }

  keyed<T extends object>(source: Record<string, unknown>, copy: T): T {
    for (const key of Object.keys(source)) {
      // A getter may have removed it.
      if (Object.hasOwn(source, key)) setOwn(copy, key, this.any(source[key], source))
    }
    return copy
  }

  array(source: readonly unknown[], copy: unknown[]): unknown[] {
    const { length } = source
    // The one cheap way to see whether it has named properties too.
    const values = Object.values(source).length
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
        copy.push(typeof value === 'number' || typeof value === 'string' ? value : this.any(value, source))
    }
    if (values + holes > length) {
      for (const key of Object.keys(source)) {
        if (!Object.hasOwn(copy, key)) setOwn(copy, key, this.any((source as never)[key], source))
      }
    }
    return copy
  }

  /** -1: not met before. */
  find(source: object): number {
    if (this.#map !== undefined) return this.#map.get(source) ?? -1
    for (let i = 0; i < this.#count; i++) if (this.#sources[i] === source) return i
    return -1
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
    const at = this.#count++
    this.#sources[at] = source
    this.#copies[at] = NONE
    if (at === SCANNED) this.#map = new Map(this.#sources.map((object, i) => [object, i]))
    else this.#map?.set(source, at)
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
    const scanned = Math.min(this.#count, SCANNED)
    for (let i = 0; i < scanned; i++) {
      this.#sources[i] = NONE
      this.#copies[i] = NONE
    }
    if (this.#count > SCANNED) {
      this.#sources.length = SCANNED
      this.#copies.length = SCANNED
      this.#map = undefined
    }
    this.#count = 0
    this.#depth = 0
    this.root = undefined
    this.patch = undefined
    this.lone.length = 0
    this.moved.length = 0
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
