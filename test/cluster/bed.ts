// What the tests of clusters share: nodes in this process, each a system of its own, that join each other over loopback.

import type { ActorSystem, Member, SystemOptions } from 'pulsing'
import { start, until } from '../bed.js'

/** A test, or whatever else ends what was started for it. */
export interface Ends {
  teardown(end: () => unknown): void
}

/** A node that listens on a free port; it ends with the test. However busy the machine, nobody is thought dead in its time. */
export async function node(t: Ends, options: SystemOptions = {}): Promise<ActorSystem> {
  const system = await start({ addr: '127.0.0.1:0', probeMs: 10_000, ...options })
  t.teardown(() => system.shutdown({ timeoutMs: 2000 }))
  return system
}

/** Nodes of one cluster, who know each other. */
export async function cluster(
  t: Ends,
  count: number,
  options: SystemOptions | ((i: number) => SystemOptions) = {},
): Promise<ActorSystem[]> {
  const of = (i: number) => ({
    nodeId: `node-${i}`,
    ...(typeof options === 'function' ? options(i) : options),
  })
  const first = await node(t, of(0))
  const others = await Promise.all(
    Array.from({ length: count - 1 }, (_, i) => node(t, { seeds: [first.addr as string], ...of(i + 1) })),
  )
  const all = [first, ...others]
  await knowEachOther(all)
  return all
}

export async function knowEachOther(systems: readonly ActorSystem[]): Promise<void> {
  await until(async () => {
    const members = await Promise.all(systems.map((system) => system.members()))
    return members.every((some) => some.filter(({ status }) => status === 'alive').length === systems.length)
  })
}

export async function memberOf(system: ActorSystem, nodeId: string): Promise<Member | undefined> {
  return (await system.members()).find((member) => member.nodeId === nodeId)
}
