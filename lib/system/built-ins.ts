// Classes of the layers above that other nodes may spawn on this one, whatever its exportClasses.

import type { AnyClass } from '../actor/index.js'

const loaders: (() => Promise<readonly AnyClass[]>)[] = []

/** load: loaded where a system is a node of a cluster, when it starts. */
export function addBuiltIns(load: () => Promise<readonly AnyClass[]>): void {
  loaders.push(load)
}

export async function builtIns(): Promise<AnyClass[]> {
  return (await Promise.all(loaders.map((load) => load()))).flat()
}
