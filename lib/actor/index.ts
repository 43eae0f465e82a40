// What the layers above may use of the actor layer.

export { Actor, type LossReason, type StopReason } from './actor.js'
export { ActorId } from './actor-id.js'
export { type AnyClass, type ClassInfo, isDescription, makeClassInfo } from './class-info.js'
export { classify } from './classify.js'
export { ActorContext, self } from './context.js'
export type { DelayedCall } from './delay.js'
export { type Delayed, delayed } from './delayed.js'
export { type ActorHost, currentHost, setCurrentHost } from './host.js'
export {
  adoptActor,
  classIdOf,
  contextOf,
  haltActor,
  onDraining,
  reviveActor,
  type Start,
  startActor,
  stopActor,
} from './lifecycle.js'
export { isLoading, loadClass, never } from './modules.js'
export type { OffloadOptions } from './offload.js'
export { classesOf, proxyOf, refOf, type Telling, targetIn, tell, withCall } from './proxy.js'
export { type ActorRecord, forgetChild } from './record.js'
export { ActorRef } from './ref.js'
export { classInfo } from './registry.js'
export { type ClassOperations, remote, setClassOperations } from './remote.js'
export { Terminated } from './terminated.js'
export type {
  ActorProxy,
  AnyProxy,
  ClassSpawnOptions,
  Proxied,
  ProxyOwn,
  RemoteClass,
  RemoteDecorator,
  RemoteStatics,
  SelfProxy,
  StreamCall,
} from './types.js'
