// Names of all nodes' actors. Each node owns a list with a version, and tells others what has changed since some version; who
// has missed something sees it by the version, and asks.

/** What a name stands for: a few plain values, which this part does not look into. */
export type NameValue = readonly (string | number)[]

/** A name and its value, or null where it is free again; and the version that the change made. */
export type NameChange = readonly [name: string, value: NameValue | null, version: number]

/** All changes of one node's list after version `from` up to version `to`. */
export interface Delta {
  readonly incarnation: string
  readonly from: number
  readonly to: number
  readonly changes: readonly NameChange[]
}

interface List {
  version: number
  readonly names: Map<string, NameValue>
}

/** Of one node. */
const MOST_NAMES = 1_000_000

/** Names that are free again are remembered, so that those who know them hear it. */
const MOST_REMEMBERED = 10_000

/** The list of this node. */
export class OwnNames {
  readonly #incarnation: string
  /** By name, the change made last, in the order of their versions. */
  readonly #changes = new Map<string, NameChange>()
  version = 0
  #free = 0
  /** Who knows less than this version is told everything. */
  #since = 0

  constructor(incarnation: string) {
    this.#incarnation = incarnation
  }

  set(name: string, value: NameValue | undefined): void {
    const before = this.#changes.get(name)
    if (before === undefined && value === undefined) return
    if (before !== undefined && before[1] === null) this.#free--
    this.#changes.delete(name)
    this.#changes.set(name, [name, value ?? null, ++this.version])
    if (value === undefined && ++this.#free > MOST_REMEMBERED) this.#forgetFree()
  }

  #forgetFree(): void {
    for (const [name, [, value]] of this.#changes) if (value === null) this.#changes.delete(name)
    this.#free = 0
    this.#since = this.version
  }

  /** What has changed since that version, in pieces of at most `most` changes. isWhole: it stands for the whole list. */
  since(version: number, most: number): Delta[] {
    const from = version < this.#since || version > this.version ? 0 : version
    const changes = [...this.#changes.values()].filter((change) => change[2] > from)
    if (changes.length === 0) return [{ incarnation: this.#incarnation, from, to: this.version, changes: [] }]
    const pieces: Delta[] = []
    let after = from
    for (let i = 0; i < changes.length; i += most) {
      const piece = changes.slice(i, i + most)
      const isLast = i + most >= changes.length
      const to = isLast ? this.version : (piece.at(-1) as NameChange)[2]
      pieces.push({ incarnation: this.#incarnation, from: after, to, changes: piece })
      after = to
    }
    return pieces
  }
}

/** The lists of the others, by incarnation. */
export class Directory {
  readonly #lists = new Map<string, List>()

  versionOf(incarnation: string): number {
    return this.#lists.get(incarnation)?.version ?? 0
  }

  /** True where it has brought something new; false where it is known already, or something before it is missing. */
  apply({ incarnation, from, to, changes }: Delta): boolean {
    let list = this.#lists.get(incarnation)
    const version = list?.version ?? 0
    if (from > version || to <= version) return false
    if (list === undefined || from === 0) {
      // The whole list, or its beginning.
      list = { version: 0, names: new Map() }
      this.#lists.set(incarnation, list)
    }
    for (const [name, value, of] of changes) {
      if (of <= list.version) continue
      if (value === null) list.names.delete(name)
      else if (list.names.size < MOST_NAMES) list.names.set(name, value)
    }
    list.version = to
    return true
  }

  namesOf(incarnation: string): { name: string; value: NameValue }[] {
    return [...(this.#lists.get(incarnation)?.names ?? [])].map(([name, value]) => ({ name, value }))
  }

  find(name: string): { incarnation: string; value: NameValue }[] {
    const found: { incarnation: string; value: NameValue }[] = []
    for (const [incarnation, { names }] of this.#lists) {
      const value = names.get(name)
      if (value !== undefined) found.push({ incarnation, value })
    }
    return found
  }

  forget(incarnation: string): void {
    this.#lists.delete(incarnation)
  }
}
