// The engine as the rows use it: one system, as many engine threads as a user would have.

import * as pul from 'pulsing'
import type { Running } from './scenario.js'
import { THREADS } from './threads.js'

let more: pul.SystemOptions = {}

/** From here on systems are observed. */
export function observeSystems(): void {
  more = { observe: { port: 0 } }
}

/** Starts the system, prepares a scenario in it, and shuts it down when the scenario is closed. */
export async function withSystem(
  prepare: () => Promise<Running['run']>,
  options: pul.SystemOptions = {},
): Promise<Running> {
  await pul.init({ threads: THREADS, ...more, ...options })
  try {
    return { run: await prepare(), close: () => pul.shutdown() }
  } catch (error) {
    await pul.shutdown()
    throw error
  }
}

/** The driver stands on the first slot; its partner beside it, or on the second. */
export const HERE = { placement: { slot: 1 } } as const
export const THERE = { placement: { slot: 2 } } as const

/** The proxy of an actor whose calls take as long as they take. */
export function patient<T extends object>(proxy: T): T {
  return pul.withCall(proxy, { timeoutMs: Number.POSITIVE_INFINITY })
}
