// The plain program: the same counts as the pipeline's, on one thread, without actors. It shares no module with the
// pipeline, so that a fault in one is not in both, and does everything in its own way: it walks by recursion, reads a file
// to the end before the next, and takes words byte by byte in a machine that does not care where a block ends.
//
//   node dist/examples/01-index/plain.js FOLDER

import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

export interface PlainCounts {
  files: number
  bytes: number
  folders: number
  binary: number
  links: number
  others: number
  unreadable: number
  words: number
  overlong: number
  differentWords: number
  extensions: Map<string, { files: number; bytes: number }>
}

const BLOCK = 1 << 20

/** Words in chains by their hash. */
class Counter {
  words = 0
  overlong = 0
  different = 0
  #heads = new Int32Array(1 << 16).fill(-1)
  #nexts = new Int32Array(1 << 15)
  #keys = new Int32Array(1 << 15)
  /** Where each word ends; it begins where the one before ends. */
  #ends = new Int32Array(1 << 15)
  #counts = new Float64Array(1 << 15)
  #letters = Buffer.allocUnsafeSlow(1 << 18)
  /** The word in hand: its letters, as far as they matter, how many there are in all, and their hash. */
  #word = new Uint8Array(65)
  #length = 0
  #key = 0

  /** Takes the next bytes of a file. */
  take(block: Uint8Array, end: number): void {
    const word = this.#word
    let length = this.#length
    let key = this.#key
    for (let i = 0; i < end; i++) {
      let byte = block[i] as number
      // a-z, what is no ASCII, A-Z, 0-9, _: in the order of how frequent they are
      if ((byte >= 97 && byte <= 122) || byte >= 128) {
      } else if (byte >= 65 && byte <= 90) byte |= 32
      else if (!((byte >= 48 && byte <= 57) || byte === 95)) {
        if (length > 0) this.#end(length, key)
        length = 0
        key = 0
        continue
      }
      if (length <= 64) word[length] = byte
      length++
      key = (Math.imul(key, 31) + byte) | 0
    }
    this.#length = length
    this.#key = key
  }

  /** The file ends here. */
  endFile(): void {
    if (this.#length > 0) this.#end(this.#length, this.#key)
    this.#length = 0
    this.#key = 0
  }

  *entries(): Generator<[word: string, count: number]> {
    for (let i = 0, start = 0; i < this.different; i++) {
      const end = this.#ends[i] as number
      yield [this.#letters.toString('latin1', start, end), this.#counts[i] as number]
      start = end
    }
  }

  #end(length: number, key: number): void {
    if (length < 2) return
    if (length > 64) {
      this.overlong++
      return
    }
    this.words++
    const head = (key ^ (key >>> 16)) & (this.#heads.length - 1)
    let at = this.#heads[head] as number
    for (; at >= 0; at = this.#nexts[at] as number)
      if (this.#keys[at] === key && this.#isWord(at, length)) break
    if (at < 0) at = this.#add(head, length, key)
    this.#counts[at] = (this.#counts[at] as number) + 1
  }

  #isWord(at: number, length: number): boolean {
    const start = at === 0 ? 0 : (this.#ends[at - 1] as number)
    if ((this.#ends[at] as number) - start !== length) return false
    for (let i = 0; i < length; i++) if (this.#letters[start + i] !== this.#word[i]) return false
    return true
  }

  #add(head: number, length: number, key: number): number {
    if (this.different === this.#keys.length) {
      this.#double()
      head = (key ^ (key >>> 16)) & (this.#heads.length - 1)
    }
    const at = this.different++
    const start = at === 0 ? 0 : (this.#ends[at - 1] as number)
    if (start + length > this.#letters.length) {
      const more = Buffer.allocUnsafeSlow(this.#letters.length * 2)
      this.#letters.copy(more)
      this.#letters = more
    }
    this.#letters.set(this.#word.subarray(0, length), start)
    this.#ends[at] = start + length
    this.#keys[at] = key
    this.#nexts[at] = this.#heads[head] as number
    this.#heads[head] = at
    return at
  }

  #double(): void {
    const twice = <T extends Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    const size = this.different * 2
    this.#keys = twice(this.#keys, new Int32Array(size))
    this.#ends = twice(this.#ends, new Int32Array(size))
    this.#counts = twice(this.#counts, new Float64Array(size))
    this.#nexts = new Int32Array(size)
    this.#heads = new Int32Array(size * 2).fill(-1)
    for (let at = 0; at < this.different; at++) {
      const key = this.#keys[at] as number
      const head = (key ^ (key >>> 16)) & (this.#heads.length - 1)
      this.#nexts[at] = this.#heads[head] as number
      this.#heads[head] = at
    }
  }
}

/** Indexes a folder. */
export function plainIndex(folder: string): { counts: PlainCounts; words: () => Iterable<[string, number]> } {
  const block = Buffer.allocUnsafeSlow(BLOCK)
  const counter = new Counter()
  const extensions: PlainCounts['extensions'] = new Map()
  const counts: PlainCounts = {
    files: 0,
    bytes: 0,
    folders: 0,
    binary: 0,
    links: 0,
    others: 0,
    unreadable: 0,
    words: 0,
    overlong: 0,
    differentWords: 0,
    extensions,
  }

  const index = (path: Buffer, name: Buffer): void => {
    let file: number
    try {
      file = openSync(path, 'r')
    } catch {
      counts.unreadable++
      return
    }
    let size = 0
    try {
      for (;;) {
        const read = readSync(file, block, 0, BLOCK, size)
        if (read === 0) break
        // Files are of a kind that is read in whole blocks, so the first one has the first 8 KiB.
        if (size === 0 && block.subarray(0, Math.min(read, 8192)).indexOf(0) >= 0) {
          counts.binary++
          return
        }
        size += read
        counter.take(block, read)
      }
    } catch {
      counts.unreadable++
      if (size === 0) return
    } finally {
      closeSync(file)
    }
    counter.endFile()
    const extension = /^.+(\.[^.]+)$/s.exec(name.toString('latin1'))?.[1] ?? ''
    const folded = extension === '' ? '' : asciiLower(extension)
    const known = extensions.get(folded)
    if (known === undefined) extensions.set(folded, { files: 1, bytes: size })
    else {
      known.files++
      known.bytes += size
    }
    counts.files++
    counts.bytes += size
  }

  const walk = (path: Buffer): void => {
    let entries: { name: Buffer; isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }[]
    try {
      entries = readdirSync(path, { withFileTypes: true, encoding: 'buffer' }) as never
    } catch {
      counts.unreadable++
      return
    }
    counts.folders++
    for (const entry of entries) {
      const below = Buffer.concat([path, SLASH, entry.name])
      if (entry.isDirectory()) walk(below)
      else if (entry.isFile()) index(below, entry.name)
      else if (entry.isSymbolicLink()) counts.links++
      else counts.others++
    }
  }

  walk(Buffer.from(folder))
  counts.words = counter.words
  counts.overlong = counter.overlong
  counts.differentWords = counter.different
  return { counts, words: () => counter.entries() }
}

const SLASH = Buffer.from('/')

function asciiLower(latin1: string): string {
  return [...latin1].map((char) => (char >= 'A' && char <= 'Z' ? char.toLowerCase() : char)).join('')
}

/** How many words a message to the parent process has. */
const PAGE = 20_000

/** What the process answers each message with: the counts and the time they took, and on 'words' all words before. */
export type PlainMessage = { words: [string, number][] } | { counts: PlainCounts; ms: number }

function serve(folder: string, wanted: unknown): void {
  const send = (message: PlainMessage) => process.send?.(message)
  const began = performance.now()
  const { counts, words } = plainIndex(folder)
  const ms = performance.now() - began
  if (wanted === 'words') {
    let page: [string, number][] = []
    for (const word of words()) {
      if (page.push(word) < PAGE) continue
      send({ words: page })
      page = []
    }
    send({ words: page })
  }
  send({ counts, ms })
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const folder = argv[2] ?? '.'
  if (process.send === undefined) {
    const began = performance.now()
    const { counts, words } = plainIndex(folder)
    console.log(`${(performance.now() - began).toFixed(0)} ms`)
    console.log(counts)
    const top = [...words()].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 20)
    for (const [word, count] of top) console.log(count, Buffer.from(word, 'latin1').toString())
  } else {
    process.on('message', (wanted) => serve(folder, wanted))
    process.on('disconnect', () => process.exit())
  }
}
