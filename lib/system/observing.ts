// What shows the system to others: the layer above says how.

import type { ResolvedObserveOptions } from '../options/index.js'
import type { ActorSystem } from './system.js'

export interface Observer {
  /** Where it is seen. */
  readonly url: string
  close(): Promise<void>
}

type Open = (system: ActorSystem, options: ResolvedObserveOptions) => Promise<Observer>

let load: (() => Promise<Open>) | undefined

/** load: only where a system is observed. */
export function setObserving(given: () => Promise<Open>): void {
  load = given
}

/** Throws ERR_PULSING_ADDR_IN_USE, ERR_PULSING_ADDR_INVALID. */
export async function observe(system: ActorSystem, options: ResolvedObserveOptions): Promise<Observer> {
  return (await (load as () => Promise<Open>)())(system, options)
}
