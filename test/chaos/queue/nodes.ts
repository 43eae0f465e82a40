// The nodes of a run: they are started, leave in good order, are killed, and come back under their id and to their folder.

import { existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../bed.js'
import type { Ends } from '../../cluster/bed.js'
import { NodeProcess } from '../../cluster/processes.js'
import type { Random } from '../random.js'
import type { Said } from './node.js'

const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), 'node.js')
/** A death is known in a second or two; a node that a busy machine keeps waiting is not taken for dead so soon. */
const PROBE_MS = 200
export const MOST_NODES = 5

interface Seen {
  readonly nodeId: string
  readonly status: string
}

export class Nodes {
  readonly #ends: Ends
  /** Each has one of its own in it, with its log. */
  readonly folder: string
  readonly #heard: (said: Said) => void
  readonly #there = new Map<string, NodeProcess>()
  /** Where they have been, their folders are. */
  readonly #killed = new Set<string>()
  /** A death of one of these was no mistake. */
  readonly #gone = new Set<string>()

  constructor(ends: Ends, heard: (said: Said) => void) {
    this.#ends = ends
    this.folder = mkdtempSync(join(tmpdir(), 'pulsing-chaos-'))
    this.#heard = heard
  }

  get ids(): string[] {
    return [...this.#there.keys()]
  }

  get killed(): string[] {
    return [...this.#killed]
  }

  get all(): NodeProcess[] {
    return [...this.#there.values()]
  }

  pick(random: Random): NodeProcess {
    return this.#there.get(random.pick(this.ids)) as NodeProcess
  }

  idOf(node: NodeProcess): string {
    return [...this.#there].find(([, one]) => one === node)?.[0] as string
  }

  /** Whether it died, or left, as far as anybody knows. */
  isGone(nodeId: string): boolean {
    return this.#gone.has(nodeId)
  }

  async start(nodeId: string): Promise<void> {
    const cwd = join(this.folder, nodeId)
    if (!existsSync(cwd)) mkdirSync(cwd)
    const seeds = this.all.map(({ addr }) => addr)
    const node = await NodeProcess.start(
      this.#ends,
      { nodeId, probeMs: PROBE_MS, seeds },
      { program: PROGRAM, cwd, heard: this.#heard },
    )
    this.#there.set(nodeId, node)
    this.#killed.delete(nodeId)
  }

  /** The next that is not there, those that were killed first. */
  async startOne(): Promise<void> {
    const ids = Array.from({ length: MOST_NODES }, (_, i) => `node-${i}`)
    const free = [...this.#killed, ...ids].find((id) => !this.#there.has(id))
    if (free !== undefined) await this.start(free)
  }

  async kill(nodeId: string): Promise<void> {
    this.#gone.add(nodeId)
    this.#killed.add(nodeId)
    const node = this.#there.get(nodeId)
    this.#there.delete(nodeId)
    await node?.kill()
  }

  async leave(nodeId: string): Promise<void> {
    this.#gone.add(nodeId)
    const node = this.#there.get(nodeId) as NodeProcess
    await node.do('shutdown')
    this.#there.delete(nodeId)
    await node.kill()
  }

  /** They know each other, and that all others are dead. */
  async agree(): Promise<void> {
    const wanted = this.ids.sort().join()
    await until(async () => {
      const seen = (await Promise.all(this.all.map((node) => node.do('members')))) as Seen[][]
      return seen.every((members) => {
        const there = members.filter(({ status }) => status !== 'dead')
        const ids = there.filter(({ status }) => status === 'alive').map(({ nodeId }) => nodeId)
        return there.length === ids.length && ids.sort().join() === wanted
      })
    })
    this.#gone.clear()
  }
}
