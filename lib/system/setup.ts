// What a system is made of: its engine, and the watchdog over its threads.

import { type AnyClass, classInfo } from '../actor/index.js'
import { addon, MAX_SLOTS } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { ResolvedClusterOptions, ResolvedSystemOptions } from '../options/index.js'
import { builtIns } from './built-ins.js'
import type { ExportedClass, LocalThread, NodeOptions, ThreadData } from './local.js'
import { Watchdog } from './watchdog.js'
import type { Workers } from './workers.js'

export function watchdogOf(local: LocalThread, workers: Workers, options: ResolvedSystemOptions): Watchdog {
  return new Watchdog({
    stuckThreadMs: options.stuckThreadMs,
    terminateStuckAfterMs: options.terminateStuckAfterMs,
    slots: Array.from({ length: options.threads }, (_, i) => i + 1),
    signOf: (slot) => {
      const idleMs = workers.idleMs(slot)
      return idleMs === undefined ? undefined : { turn: local.thread.controls.turn(slot), idleMs }
    },
    stuck: (slot, stuckMs) => local.events.stuck({ slot, ...local.whoRunsOn(slot), stuckMs }),
    terminate: (slot, stuckMs) => {
      options.logger.error({ slot, stuckMs }, `thread ${slot} is ended, since it is stuck`)
      workers.terminate(slot)
    },
  })
}

export async function makeEngine(options: ResolvedSystemOptions): Promise<ThreadData> {
  const { threads, cluster } = options
  const slots = threads + (cluster === undefined ? 1 : 2)
  if (slots > MAX_SLOTS)
    throw errors.invalidOption('threads', threads, `at most ${MAX_SLOTS - 2} for a node of a cluster`)
  const arena = new SharedArrayBuffer(options.arenaBytes)
  const engine = addon.create(new Uint8Array(arena), slots, options.cores)
  if (engine === 0)
    throw errors.invalidOption(
      'arenaBytes',
      options.arenaBytes,
      `at least ${slots * 32 + 32 * slots * (slots + 4)} KiB for ${options.threads} threads`,
    )
  const nodeId = options.nodeId ?? (await randomId())
  const segmentBytes = addon.segmentBytes(engine)
  return {
    engine,
    slots,
    arena,
    segmentBytes,
    maxMessageBytes: options.maxMessageBytes,
    nodeId,
    hasGivenId: options.nodeId !== undefined,
    netSlot: cluster === undefined ? -1 : threads + 1,
    isObserved: options.observe !== undefined,
    isTraced: options.traces,
    epochMs: performance.timeOrigin + performance.now(),
  }
}

/** As plain data, for the net thread. Throws where a class can't be spawned from elsewhere. */
export async function nodeOptionsOf({
  exportClasses,
  ...options
}: ResolvedClusterOptions): Promise<NodeOptions> {
  const exported = exportClasses.map((Class, i) => {
    const one = exportedOf(Class as AnyClass)
    if (one === undefined)
      throw errors.invalidOption(`exportClasses[${i}]`, Class, 'a class that was given to remote()')
    return one
  })
  const own = (await builtIns()).map((Class) => exportedOf(Class) as ExportedClass)
  return { ...options, exportClasses: [...own, ...exported] }
}

function exportedOf(Class: AnyClass): ExportedClass | undefined {
  const { moduleUrl, type, text, serial, description, options } = classInfo(Class)
  return moduleUrl === undefined
    ? undefined
    : { key: description.key, type, moduleUrl, text, serial, options }
}

/** Loaded here alone: it takes a while, which each engine thread would pay for. */
async function randomId(): Promise<string> {
  const { randomBytes } = await import('node:crypto')
  return randomBytes(8).toString('hex')
}
