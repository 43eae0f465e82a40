// The managers of buckets, one a node, as each thread knows them; one is made where there is none yet.

import type { ActorSystem } from '../system/index.js'
import { type ManagerProxy, QueueManager } from './manager.js'

/** The name of each node's manager. */
const NAME = 'system/queue'

const known = new WeakMap<ActorSystem, Map<string, Promise<ManagerProxy>>>()

/** Throws ERR_PULSING_NODE_NOT_FOUND, and what a connection that is lost gives. */
export function managerOf(system: ActorSystem, nodeId: string): Promise<ManagerProxy> {
  let all = known.get(system)
  if (all === undefined) {
    all = new Map()
    known.set(system, all)
  }
  let manager = all.get(nodeId)
  if (manager !== undefined) return manager
  manager = find(system, nodeId)
  all.set(nodeId, manager)
  manager.catch(() => forgetManager(system, nodeId))
  return manager
}

/** It could not be reached: the next time it is looked up again. */
export function forgetManager(system: ActorSystem, nodeId: string): void {
  known.get(system)?.delete(nodeId)
}

async function find(system: ActorSystem, nodeId: string): Promise<ManagerProxy> {
  const where = nodeId === system.nodeId ? {} : { nodeId }
  const options = { ...where, name: NAME, placement: 'host' as const }
  const found = async () => (await system.resolve(NAME, { nodeId, filterAlive: false })).asType(QueueManager)
  const isOf = (error: unknown, code: string) => (error as { code?: unknown }).code === code
  try {
    return (await found()) as ManagerProxy
  } catch (error) {
    if (!isOf(error, 'ERR_PULSING_ACTOR_NOT_FOUND')) throw error
  }
  try {
    return (await system.spawn(QueueManager, options)).asType(QueueManager) as ManagerProxy
  } catch (error) {
    if (!isOf(error, 'ERR_PULSING_NAME_TAKEN')) throw error
    return (await found()) as ManagerProxy
  }
}
