// The only file that loads the addon.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errors } from '../errors/index.js'
import { LAYOUT } from './frame.js'

/** A slot, as its thread uses it: native/node/port.cc. A call costs some 10 ns, so none is made a message. */
export interface Port {
  /** Ends the last batch and makes the next; gives its length. */
  drain(most: number): number
  /** Hands the batch over; where its route closes the segment and want is 1 (2: for system frames), gives the next. */
  flush(batch: number, want: number): number
  /** A segment, or 0 where none is left. */
  take(system: number): number
  open(index: number, generation: number, capacity: number, capacity8: number, overflow: number): boolean
  close(index: number): void
  pause(index: number): void
  resume(index: number): void
  /** The actor outlives this thread: the next one finds it among kept, paused, and makes it again. */
  keep(index: number, classId: number): void
  /** Index, generation, class of each. */
  kept(): number[]
  /** An asynchronous call of an actor that is kept is under way, and is over: its caller hears should the thread die. */
  begun(slot: number, ask: number, sequence: number): void
  ended(slot: number, ask: number, sequence: number): void
  /** Of a vacant slot that no thread comes for any more. */
  giveUp(slot: number): void
  depth(index: number): number
  /** Counts what was sent; gives ROOM_... | overflow << 2. */
  account(slot: number, index: number, generation: number, messages: number, bytes8: number): number
  capacity(slot: number, index: number): number
  /** A notice comes when there is room. False: there is some already, or nobody is there. */
  awaitRoom(slot: number, index: number, generation: number): boolean
  /** As awaitRoom, for segments of the arena. */
  awaitSegments(): boolean
  /** Keeps a host's loop alive while something is under way. */
  ref(): void
  makePool(capacity: number, capacity8: number, overflow: number): number
  joinPool(pool: number, index: number, generation: number, permits: number): void
  poolDone(pool: number, index: number, generation: number, slot: number, ask: number, sequence: number): void
  /** False where no instance is left. */
  leavePool(pool: number, index: number, generation: number): boolean
  closePool(pool: number): void
  /** Messages that no instance has yet. */
  poolDepth(pool: number): number
  /** Slot, index, generation of each. */
  poolInstances(pool: number): number[]
  /** Kind, a, b of each. */
  notices(): number[]
  intern(text: string): number
  text(id: number): string
  addName(name: string, slot: number, index: number, generation: number, classId: number): boolean
  findName(name: string): [slot: number, index: number, generation: number, classId: number] | undefined
  removeName(name: string, slot: number, index: number, generation: number): void
  listNames(): [slot: number, index: number, generation: number, classId: number, name: string][]
  /** What an actor of the net thread stands for: the text of the id of an actor of another node; '' takes it out. */
  label(generation: number, text: string): void
  /** '' where it is not known, or not any more. */
  labelOf(generation: number): string
  /** 0 where there is no memory. */
  copyBlock(bytes: Uint8Array): number
  adoptBlock(pointer: number, bytes: number, release: number): number
  /** The memory, or the bridge's pointer to it. */
  takeBlock(id: number): ArrayBuffer | number | undefined
  dropBlock(id: number): void
  vacant(slot: number): boolean
  stats(): EngineStats
  detach(): void
}

/** Counts of the engine as a whole. */
export interface EngineStats {
  /** Segments of the arena, and how many of them hold no frame. */
  segments: number
  freeSegments: number
  /** Pieces of memory outside the arena that messages under way carry. */
  blocks: number
  /** Strings, shapes and classes in the engine's table. */
  interned: number
  /** Engine threads with something under way. */
  busyThreads: number
}

export interface Addon {
  create(arena: Uint8Array, slots: number, cores: number): number
  attach(engine: number, slot: number, run: () => void): Port | undefined
  forget(engine: number): void
  segmentBytes(engine: number): number
  readonly layout: number[]
}

/** native/node/v8_bridge.cc. Pointers are numbers. */
export interface Bridge {
  detach(buffer: ArrayBuffer): number | undefined
  share(buffer: SharedArrayBuffer): number | undefined
  attach(pointer: number): ArrayBuffer | SharedArrayBuffer
  readonly release: number
}

const load = createRequire(import.meta.url)

/** The package's own folder: this file stands in dist/lib/engine. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'binding.gyp')) && dirname(folder) !== folder) folder = dirname(folder)
  return folder
}

const root = packageRoot()

function loadAddon(): Addon {
  let addon: Addon
  try {
    addon = (load('node-gyp-build') as (folder: string) => Addon)(root)
  } catch (cause) {
    throw errors.addonNotFound(cause)
  }
  const differs = LAYOUT.findIndex((value, i) => addon.layout[i] !== value)
  if (differs >= 0 || addon.layout.length !== LAYOUT.length) throw errors.addonMismatch()
  return addon
}

function loadBridge(): Bridge | undefined {
  if (process.env.PULSING_NO_BRIDGE === '1') return undefined
  const abi = `pulsing_v8.abi${process.versions.modules}.node`
  const files = [
    join('build', 'Release', 'pulsing_v8.node'),
    join('prebuilds', `${process.platform}-${process.arch}`, 'v8', abi),
  ]
  for (const file of files) {
    try {
      return load(join(root, file)) as Bridge
    } catch {
      // Not there, or built for another version of V8: the next one, or copying.
    }
  }
  return undefined
}

export const addon: Addon = loadAddon()
/** Undefined where it can't load: what it does is done by copying then. */
export const bridge: Bridge | undefined = loadBridge()
