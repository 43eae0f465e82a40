// The managers of buckets, one a node.

import { type ActorSystem, NodeActors } from '../system/index.js'
import { type Manager, type ManagerProxy, QueueManager } from './manager.js'

const managers = new NodeActors<Manager>(() => QueueManager, 'system/queue', 'host')

/** Throws ERR_PULSING_NODE_NOT_FOUND, and what a connection that is lost gives. */
export function managerOf(system: ActorSystem, nodeId: string): Promise<ManagerProxy> {
  return managers.of(system, nodeId)
}

/** It could not be reached: the next time it is looked up again. */
export function forgetManager(system: ActorSystem, nodeId: string): void {
  managers.forget(system, nodeId)
}
