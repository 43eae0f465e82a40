// What a system is made of: its engine, and the watchdog over its threads.

import { addon } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { ResolvedSystemOptions } from '../options.js'
import type { LocalThread, ThreadData } from './local.js'
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
  const slots = options.threads + 1
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
    epochMs: performance.timeOrigin + performance.now(),
  }
}

/** Loaded here alone: it takes a while, which each engine thread would pay for. */
async function randomId(): Promise<string> {
  const { randomBytes } = await import('node:crypto')
  return randomBytes(8).toString('hex')
}
