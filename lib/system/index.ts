// What the layers above may use of the system layer.

export { ResolveBuilder, SpawnBuilder, SupervisionSpec } from './builders.js'
export type { DeadLetter, Restart, Stuck, SystemEvents, ThreadDied, UnobservedError } from './events.js'
export { actorSystem, getSystem, init, isHost, resolve, shutdown, spawn } from './global.js'
export { LazyRef } from './lazy.js'
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
export type { ActorStatus } from './requests.js'
export { handleSignals } from './signals.js'
export {
  type ActorDescription,
  ActorSystem,
  type Member,
  type SystemStats,
  type ThreadStats,
} from './system.js'
