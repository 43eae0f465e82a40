// A round: a topic of its own, writers and readers on all nodes, nodes that come and go; then all that was written is read once
// more, and the account is made up.

import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { QueueWriteOptions } from 'pulsing'
import { within } from '../patience.js'
import { Random } from '../random.js'
import { Account, type Backend, type Plant, type Readers } from './account.js'
import type { Item, Said, WriterOptions } from './node.js'
import { MOST_NODES, type Nodes } from './nodes.js'

/** What a step has to see before the next one. */
const PROGRESS = 60
const STEP_MS = 3000

export interface RoundOptions {
  readonly seed: number
  readonly round: number
  readonly backend: Backend
  readonly backendOptions: Record<string, unknown>
  readonly plant: Plant
}

export interface Summary {
  puts: number
  reads: number
  kills: number
  leaves: number
  joins: number
  gaps: number
  mistaken: number
  readonly failures: Record<string, number>
}

/** A reader, and the node that it is on. */
interface Reader {
  readonly number: number
  readonly nodeId: string
  readonly isFirst: boolean
}

export class Round {
  readonly #nodes: Nodes
  readonly #options: RoundOptions
  readonly #random: Random
  readonly #topic: string
  readonly #queue: QueueWriteOptions
  readonly account: Account
  readonly #readers: Reader[] = []
  readonly #summary: Summary
  #writers = 0
  /** Where writers are. */
  #writing: string[] = []
  /** Readers whose node has left or was killed. */
  readonly #cut = new Set<Reader>()
  readonly #mayKill: boolean
  #isLast = false
  #steps = 0

  constructor(nodes: Nodes, options: RoundOptions, summary: Summary) {
    const { seed, round, backend, backendOptions } = options
    this.#nodes = nodes
    this.#options = options
    this.#summary = summary
    this.#random = new Random(seed, round)
    this.#topic = `round-${seed}-${round}`
    const numBuckets = 1 + this.#random.below(8)
    this.#queue = { numBuckets, backend, backendOptions }
    // Half of them have nobody killed: not even memory may lose anything then.
    this.#mayKill = round % 2 === 1
    this.account = new Account(backend, numBuckets)
  }

  /** Of the nodes, as they say it. */
  heard(said: Said): void {
    if (said.what === 'dead') {
      // A busy machine may keep a node waiting for so long that others take it for dead.
      if (this.#nodes.isGone(said.nodeId)) return
      this.account.losses++
      this.#summary.mistaken++
      return
    }
    this.#steps++
    this.account.heard(this.#isLast ? this.#planted(said) : said)
  }

  async run(): Promise<string[]> {
    const random = this.#random
    const wrong: string[] = []
    this.#say(`begins on ${this.#nodes.ids.join()}`)
    await this.#read(true)
    await this.#read(true)
    await this.#write()
    await this.#write()
    for (let steps = 5 + random.below(6); steps > 0; steps--) {
      await within(this.#step(), 'a step has not ended', wrong)
      if (this.#writing.length === 0) await this.#write()
      await this.#progress()
    }
    await within(this.#end(), 'the round has not ended', wrong)
    const readers = this.#whoRead()
    wrong.push(...this.account.check(readers))
    this.#sum()
    if (wrong.length === 0) return wrong
    this.#say(JSON.stringify(readers))
    writeFileSync(join(this.#nodes.folder, `${this.#topic}.txt`), this.account.text)
    return wrong
  }

  /** Beside the nodes' logs. */
  #say(what: string): void {
    const line = `${new Date().toISOString()} ${this.#topic}: ${what}\n`
    appendFileSync(join(this.#nodes.folder, 'log'), line)
  }

  async #step(): Promise<void> {
    const nodes = this.#nodes
    const count = nodes.ids.length
    switch (
      this.#random.weighted({ write: 2, read: 2, join: count < MOST_NODES ? 3 : 0, leave: 2, kill: 3 })
    ) {
      case 'write':
        return this.#write()
      case 'read':
        return this.#read(false)
      case 'join':
        this.#summary.joins++
        this.#say('a node comes')
        return nodes.startOne()
      case 'leave': {
        const nodeId = this.#random.pick(nodes.ids)
        if (count < 2) return
        this.#summary.leaves++
        this.#say(`${nodeId} leaves`)
        this.#cutOff(nodeId)
        return nodes.leave(nodeId)
      }
      case 'kill': {
        const nodeId = this.#random.pick(nodes.ids)
        if (count < 2 || !this.#mayKill) return
        this.#summary.kills++
        this.account.losses++
        this.#say(`${nodeId} is killed`)
        this.#cutOff(nodeId)
        return nodes.kill(nodeId)
      }
    }
  }

  async #write(): Promise<void> {
    const options: WriterOptions = {
      writer: ++this.#writers,
      topic: this.#topic,
      options: this.#queue,
      seed: this.#options.seed,
      isPatient: this.#random.below(2) === 0,
    }
    const node = this.#nodes.pick(this.#random)
    this.#writing.push(this.#nodes.idOf(node))
    await node.do('write', options)
  }

  async #read(isFirst: boolean): Promise<void> {
    const node = this.#nodes.pick(this.#random)
    const number = this.#readers.length + 1
    this.#readers.push({ number, nodeId: this.#nodes.idOf(node), isFirst })
    await node.do('read', number, this.#topic, this.#queue, this.#options.seed)
  }

  /** Puts and gets have gone on for a while. */
  async #progress(): Promise<void> {
    const before = this.#steps
    const until = performance.now() + STEP_MS
    while (this.#steps < before + PROGRESS && performance.now() < until)
      await new Promise((settle) => setTimeout(settle, 5))
  }

  async #end(): Promise<void> {
    const nodes = this.#nodes
    await Promise.all(nodes.all.map((node) => node.do('stopWriting')))
    // What is on disk is there again with its node.
    if (this.#options.backend === 'lmdb') for (const nodeId of nodes.killed) await nodes.start(nodeId)
    await nodes.agree()
    this.#say(`ends on ${nodes.ids.join()}`)
    await Promise.all(nodes.all.map((node) => node.do('stopReading')))
    const last = nodes.pick(this.#random)
    this.#isLast = true
    await last.do('readAll', 0, this.#topic, this.#queue)
    await Promise.all(nodes.all.map((node) => node.do('goOn')))
  }

  /** Another may come under its id. */
  #cutOff(nodeId: string): void {
    this.#writing = this.#writing.filter((one) => one !== nodeId)
    for (const reader of this.#readers) if (reader.nodeId === nodeId) this.#cut.add(reader)
  }

  #whoRead(): Readers {
    const numbers = (wanted: (reader: Reader) => boolean) =>
      this.#readers.filter(wanted).map(({ number }) => number)
    const isCut = (reader: Reader) => this.#cut.has(reader)
    return {
      whole: numbers((reader) => !isCut(reader) && reader.isFirst),
      late: numbers((reader) => !isCut(reader) && !reader.isFirst),
      cut: numbers(isCut),
      last: 0,
    }
  }

  #sum(): void {
    const { account } = this
    this.#summary.puts += account.puts
    this.#summary.reads += account.reads
    this.#summary.gaps += account.gaps
    for (const [code, count] of Object.entries(account.failures))
      this.#summary.failures[code] = (this.#summary.failures[code] ?? 0) + count
  }

  /** A fault in what the last reader says, to see that it is found. */
  #planted(said: Said): Said {
    const { plant } = this.#options
    if (plant === undefined || said.what !== 'read' || said.items.length < 2) return said
    const [first, second, ...rest] = said.items as [Item, Item, ...Item[]]
    if (plant === 'loss') return { ...said, items: [second, ...rest] }
    if (plant === 'double') return { ...said, items: [first, first, second, ...rest] }
    return { ...said, items: [...said.items].reverse() }
  }
}
