// Nodes of a cluster that can not reach each other.

import type { ActorSystem } from '../index.js'

/** What each system is cut from. */
const cuts = new WeakMap<ActorSystem, Set<string>>()

async function change(one: ActorSystem, other: ActorSystem, isCut: boolean): Promise<void> {
  await Promise.all(
    [
      [one, other],
      [other, one],
    ].map(async ([from, to]) => {
      const addr = (to as ActorSystem).addr
      if (addr === undefined)
        throw new RangeError('Only nodes of a cluster can be cut off: give both an addr.')
      const addrs = cuts.get(from as ActorSystem) ?? new Set()
      cuts.set(from as ActorSystem, addrs)
      if (isCut) addrs.add(addr)
      else addrs.delete(addr)
      await (from as ActorSystem).cutFrom([...addrs])
    }),
  )
}

/** Lets nothing through between two nodes of this process any more, in both directions. */
export function cutNodes(one: ActorSystem, other: ActorSystem): Promise<void> {
  return change(one, other, true)
}

/** Undoes what cutNodes has done. */
export function healNodes(one: ActorSystem, other: ActorSystem): Promise<void> {
  return change(one, other, false)
}
