// What one thread asks of another's agent, and what it is answered.

import type { ActorRef } from '../actor/index.js'
import type { CellOptions } from '../engine/index.js'
import type { Logger } from '../options.js'
import type { Failure, RestartSpec } from '../supervision/index.js'

/** Calls of an agent, by number. */
export const AGENT_SPAWN = 1
export const AGENT_STOP = 2
export const AGENT_LOOKUP = 3
export const AGENT_STOP_ALL = 4
export const AGENT_EVENTS = 5
export const AGENT_CHILD_STOPPED = 6
export const AGENT_LOG = 7
export const AGENT_UNMANNED = 8
export const AGENT_SUPERVISION = 9
export const AGENT_DESCRIBE = 10
export const AGENT_KEPT = 11

export interface SpawnRequest {
  readonly moduleUrl: string
  readonly type: string
  /** The description of the class as the caller knows it. */
  readonly text: string
  readonly args: readonly unknown[]
  readonly options: CellOptions
  readonly name: string | undefined
  readonly parent: ActorRef | undefined
  readonly pool: number
  readonly permits: number
  readonly restarts: RestartSpec
  /** Of this spawn alone. */
  readonly key: string
}

/** What an actor's own thread says of it. */
export interface LocalDescription {
  readonly name: string | undefined
  readonly type: string
  readonly parent: ActorRef | undefined
  readonly children: readonly ActorRef[]
  readonly status: ActorStatus
  readonly waiting: number
  readonly underWay: number
  readonly restarts: number
  readonly lastFailure: Failure | undefined
}

/** Where an actor is: index, generation and class. */
export type Place = [index: number, generation: number, classId: number]

export interface StopRequest {
  readonly index: number
  readonly generation: number
  readonly drain: boolean
}

export interface ChildStopped {
  readonly index: number
  readonly generation: number
  readonly child: ActorRef
}

export interface LogLine {
  readonly level: keyof Logger
  readonly fields: object
  readonly message: string
}

/** What an actor is at. */
export type ActorStatus = 'starting' | 'running' | 'restarting' | 'stopping'
