// What the layers above may use of the system layer.

export { beginThread, type ThreadBegun } from './begin.js'
export { ResolveBuilder, SpawnBuilder, SupervisionSpec } from './builders.js'
export { addBuiltIns } from './built-ins.js'
export {
  type DeadLetter,
  EVENTS,
  type MemberEvent,
  type PeerRefused,
  type QueueGap,
  type Restart,
  type Stuck,
  type SystemEvents,
  type ThreadDied,
  type UnobservedError,
} from './events.js'
export { actorSystem, getSystem, init, isHost, resolve, shutdown, spawn } from './global.js'
export { LazyRef } from './lazy.js'
export type { ExportedClass, LocalThread, NetSide, NodeOptions } from './local.js'
export { setNetBoot } from './net-boot.js'
export { NodeActors } from './node-actors.js'
export {
  type ClusterStats,
  type Member,
  type MemberStatus,
  Nodes,
  type PeerStats,
  presentIn,
} from './nodes.js'
export { type Observer, setObserving } from './observing.js'
export {
  type Candidate,
  ConsistentHashPolicy,
  FirstPolicy,
  LeastLoadedPolicy,
  PowerOfTwoPolicy,
  RandomPolicy,
  type ResolveOptions,
  type ResolvePolicy,
  RoundRobinPolicy,
} from './policies.js'
export {
  ACTOR_ORDERS,
  type ActorOrder,
  type ActorReport,
  type ActorsWanted,
  type Backlog,
  type ReportRequest,
  ROOT,
  type ThreadReport,
} from './reports.js'
export type { ActorStatus, Found, NetRequest, RemoteSpawn } from './requests.js'
export { handleSignals } from './signals.js'
export {
  type ActorDescription,
  ActorSystem,
  type SystemStats,
  type ThreadStats,
} from './system.js'
