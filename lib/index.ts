// The public names. Everything a user needs of one process is here; `pulsing/errors` has the error classes alone.

export {
  Actor,
  ActorContext,
  ActorId,
  type ActorProxy,
  ActorRef,
  type AnyProxy,
  type RemoteClass,
  remote,
  type StopReason,
  self,
  type Telling,
  tell,
  withCall,
} from './actor/index.js'
export { type DeadLetterReason, type EngineStats, share, transfer } from './engine/index.js'
export {
  type ErrorKind,
  PulsingActorError,
  PulsingBusinessError,
  PulsingError,
  PulsingRuntimeError,
  PulsingSystemError,
  PulsingTimeoutError,
  PulsingUnsupportedError,
} from './errors.js'
export type {
  AskOptions,
  Logger,
  Overflow,
  Placement,
  RemoteOptions,
  ShutdownOptions,
  SpawnOptions,
  StopOptions,
  SystemOptions,
  TellOptions,
} from './options.js'
export {
  ActorSystem,
  actorSystem,
  type DeadLetter,
  getSystem,
  init,
  isHost,
  type Member,
  resolve,
  type SystemEvents,
  type SystemStats,
  shutdown,
  spawn,
  type ThreadDied,
  type ThreadStats,
  type UnobservedError,
} from './system/index.js'
