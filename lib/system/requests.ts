// What one thread asks of another's agent, and what it is answered.

import type { ActorRef } from '../actor/index.js'
import type { CellOptions } from '../engine/index.js'
import type { Logger, SpawnOptions } from '../options/index.js'
import type { Failure, RestartSpec } from '../supervision/index.js'
import type { NodeOptions } from './local.js'

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
/** Of the net thread's. */
export const AGENT_NET = 12
export const AGENT_REPORT = 13

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

/** A name of an actor of this node was given, or is free again. */
export const NAMES_CHANGED: { readonly operation: 'namesChanged' } = { operation: 'namesChanged' }

/** What the net thread is asked, by the threads of its own node. */
export type NetRequest =
  | typeof NAMES_CHANGED
  /** Listens, and joins; gives the address. */
  | { readonly operation: 'start'; readonly options: NodeOptions }
  /** Others are told; then, when the actors have stopped, that it is gone. */
  | { readonly operation: 'leave' }
  | { readonly operation: 'close' }
  | { readonly operation: 'load'; readonly load: number }
  /** For tests. */
  | { readonly operation: 'cut'; readonly addrs: readonly string[] }
  | { readonly operation: 'members' }
  | { readonly operation: 'stats' }
  | { readonly operation: 'names' }
  | {
      readonly operation: 'resolve'
      readonly name: string
      readonly nodeId: string | undefined
      readonly filterAlive: boolean
    }
  | { readonly operation: 'refer'; readonly id: string }
  | { readonly operation: 'spawn'; readonly nodeId: string; readonly request: RemoteSpawn }

/** A spawn for another node. */
export interface RemoteSpawn {
  readonly key: string
  readonly type: string
  /** Of the spawn, and of its class where it says nothing: of this node's class. */
  readonly options: SpawnOptions
}

/** An actor of the name that was asked for, and how busy its node is, 0 to 1. */
export interface Found {
  readonly nodeId: string
  readonly ref: ActorRef
  readonly load: number
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
