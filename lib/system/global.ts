// The system that init makes, and the functions that need no other.

import { workerData } from 'node:worker_threads'
import {
  type ActorProxy,
  type AnyClass,
  isLoading,
  never,
  setClassOperations,
  setCurrentHost,
} from '../actor/index.js'
import { errors } from '../errors/index.js'
import {
  checkSystemOptions,
  type ShutdownOptions,
  type SpawnOptions,
  type SystemOptions,
  sameOptions,
} from '../options/index.js'
import { ActorSystem } from './system.js'

let system: ActorSystem | undefined
interface Starting {
  readonly options: SystemOptions
  readonly promise: Promise<ActorSystem>
  made: ActorSystem | undefined
}

let starting: Starting | undefined
let onEngineThread = false

/** Of the engine: this is an engine thread, and belongs to that system. */
export function setSystem(given: ActorSystem): void {
  system = given
  onEngineThread = true
}

/** On an engine thread: it never settles while a module loads, so that what follows runs on the host alone. */
function elsewhere(name: string): Promise<never> {
  return isLoading() ? never() : Promise.reject(errors.notOnThread(name))
}

/**
 * False on an engine thread: guards what a module does before `init`, where program and classes stand in one file
 * (contract 1.1).
 */
export const isHost: boolean = (workerData as { pulsing?: unknown } | null)?.pulsing === undefined

/**
 * Makes the system of this process (contract, section 2). Again, with the same options, it gives the same system.
 * @param options.threads engine threads: as many as the cores that the process may use, unless set; 0: none, all actors on
 *   the calling thread
 * @param options.arenaBytes memory reserved for messages under way, 256 MiB unless set; touched as it is used
 * @param options.maxMessageBytes the largest message, 64 MiB unless set
 * @param options.resourceLimits of each engine thread, as for node:worker_threads
 * @param options.logger any object of pino's shape; warnings and errors to standard error unless set
 * @param options.traces calls carry the trace that they belong to, and are spans where @opentelemetry/api is: false unless set
 * @param options.observe where the system shows what it is at, by HTTP: nowhere unless set
 * @throws ERR_PULSING_ALREADY_INITIALIZED, ERR_PULSING_INVALID_OPTION, ERR_PULSING_THREAD_START_FAILED,
 *   ERR_PULSING_ADDR_IN_USE, ERR_PULSING_ADDR_INVALID
 */
export async function init(options: SystemOptions = {}): Promise<ActorSystem> {
  if (onEngineThread) return elsewhere('init')
  while (starting?.made?.ending !== undefined) {
    const over: Starting = starting
    await over.made?.ending
    forget(over)
  }
  if (starting !== undefined) {
    checkSystemOptions(options)
    if (!sameOptions(starting.options, options)) throw errors.alreadyInitialized()
    return starting.promise
  }
  const promise = ActorSystem.start(options)
  const mine: Starting = { options, promise, made: undefined }
  starting = mine
  try {
    system = mine.made = await promise
    setCurrentHost(system.host)
    return system
  } catch (error) {
    starting = undefined
    throw error
  }
}

/** Stops the system that init made; without one it does nothing. Options and behaviour as ActorSystem.shutdown. */
export async function shutdown(options?: ShutdownOptions): Promise<void> {
  if (onEngineThread) return Promise.reject(errors.notOnThread('shutdown'))
  if (starting === undefined) return
  const over = starting
  const ending = over.made ?? (await over.promise.catch(() => undefined))
  await ending?.shutdown(options)
  forget(over)
}

function forget(over: Starting): void {
  if (starting !== over) return
  system = undefined
  starting = undefined
}

/** Makes a system of its own; several may live in one process and do not see each other. Options and errors as init. */
export async function actorSystem(options?: SystemOptions): Promise<ActorSystem> {
  if (onEngineThread) return elsewhere('actorSystem')
  return ActorSystem.start(options)
}

/** The system that init made, on any thread. Throws ERR_PULSING_NOT_INITIALIZED where there is none. */
export function getSystem(): ActorSystem {
  if (system === undefined) throw errors.notInitialized()
  return system
}

/**
 * Spawns an actor of a class, as its static `spawn` does, for a class declared first (contract 1.2).
 * @param options as for ActorSystem.spawn, and `args`, the constructor's arguments
 */
export async function spawn<C extends new (...args: never[]) => object>(
  Class: C,
  options: SpawnOptions & { args?: ConstructorParameters<C> } = {} as never,
): Promise<ActorProxy<InstanceType<C>>> {
  const given = options as SpawnOptions
  return (await getSystem().spawnProxy(Class as unknown as AnyClass, given)) as ActorProxy<InstanceType<C>>
}

/** The actor of that name as a proxy of the class. Throws ERR_PULSING_ACTOR_NOT_FOUND, ERR_PULSING_CLASS_MISMATCH. */
export async function resolve<T extends object>(
  Class: abstract new (...args: never[]) => T,
  name: string,
): Promise<ActorProxy<T>> {
  return getSystem().resolveProxy<T>(Class as unknown as AnyClass, name)
}

setClassOperations({
  spawn: (Class, args, options) => getSystem().spawnProxy(Class, { ...options, args: [...args] }),
  resolve: (Class, name) => getSystem().resolveProxy(Class, name),
})
