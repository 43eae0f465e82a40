// What each error says: every error that the framework makes.

import { inspect } from 'node:util'
import { isError, read } from './brand.js'
import { PulsingRuntimeError, PulsingTimeoutError, PulsingUnsupportedError } from './classes.js'
import { CODES, type PulsingErrorCode } from './codes.js'

function runtime(code: PulsingErrorCode, message: string, cause?: unknown): PulsingRuntimeError {
  return new PulsingRuntimeError(code, CODES[code], message, cause === undefined ? undefined : { cause })
}

/** A value as it is shown in a message: short, whatever it is. */
export function shown(value: unknown): string {
  return read(() => {
    if (typeof value === 'string')
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
    if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
    if (typeof value !== 'object' || value === null)
      return typeof value === 'bigint' ? `${value}n` : String(value)
    const name = (value.constructor as { name?: string } | undefined)?.name
    if (name !== undefined && name !== 'Object' && name !== 'Array') return `an instance of ${name}`
    const text = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 5 })
    return text.length > 80 ? `${text.slice(0, 77)}...` : text
  }, 'a value without a text')
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

/** What each error says: what happened to what, and what to do now. */
export const errors = {
  // the system
  notInitialized: (): PulsingRuntimeError =>
    runtime('ERR_PULSING_NOT_INITIALIZED', 'There is no system yet, or no more: await pul.init() first.'),
  alreadyInitialized: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ALREADY_INITIALIZED',
      'init was called before with other options: await shutdown() first, or use actorSystem for a second system.',
    ),
  systemStopped: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_SYSTEM_STOPPED',
      'The system has been shut down, so nothing is sent or spawned any more: await pul.init() for a new one.',
    ),
  shutdownTimeout: (timeoutMs: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_SHUTDOWN_TIMEOUT',
      `Not every actor had ended ${timeoutMs} ms after shutdown was called, so what was under way is given up: set a longer timeoutMs, or find out what keeps the actors busy.`,
    ),
  notOnThread: (name: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ALREADY_IN_THREAD',
      `${name} can't be called on an engine thread: getSystem() gives the system that this actor lives in.`,
    ),
  hostOnly: (name: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ALREADY_IN_THREAD',
      `${name} is for the thread that made the system: send that thread a message instead.`,
    ),

  // what was given
  invalidOption: (name: string, value: unknown, wanted: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_INVALID_OPTION', `The option ${name} can't be ${shown(value)}: give ${wanted}.`),
  unknownOption: (
    name: string,
    near: string | undefined,
    known: readonly string[],
    value?: unknown,
  ): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_INVALID_OPTION',
      `There is no option ${shown(name)} (given: ${shown(value)}): ${near === undefined ? `the options are ${list(known)}.` : `did you mean ${near}?`}`,
    ),
  invalidArgument: (name: string, value: unknown, wanted: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_INVALID_ARGUMENT', `The argument ${name} can't be ${shown(value)}: give ${wanted}.`),
  unreadable: (name: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_INVALID_ARGUMENT',
      `The argument ${name} can't be read (${messageOf(cause)}): give a plain one.`,
      cause,
    ),
  nameInvalid: (name: unknown, why: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_NAME_INVALID', `The name ${shown(name)} can't be an actor's: ${why}.`),
  factoryRequired: (policy: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_FACTORY_REQUIRED',
      `An instance can't have the restart policy ${shown(policy)}, since it can't be made again: spawn its class, or use spawnNamedFactory.`,
    ),

  // the installation
  addonNotFound: (cause: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_ADDON_NOT_FOUND', `The native addon can't be loaded. ${howToBuild()}`, cause),
  addonMismatch: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ADDON_MISMATCH',
      'The native addon is of another version of the package: run "npm rebuild pulsing".',
    ),
  bridgeUnavailable: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_BRIDGE_UNAVAILABLE',
      `A SharedArrayBuffer can't be sent: the addon pulsing_v8 is not there for Node ${process.versions.node}. Run "npm rebuild pulsing", or send a copy.`,
    ),
  packageConflict: (one: string, other: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_PACKAGE_CONFLICT',
      `Two versions of pulsing are loaded, ${one} and ${other}: make one of them do ("npm ls pulsing" shows who needs which).`,
    ),

  // classes and modules
  classNotFound: (type: string, url: string, found: readonly string[]): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_NOT_FOUND',
      `The module ${url} does not register a class ${shown(type)}; it registered: ${list(found)}. Call remote when the module is imported, before pul.init(), and name the class by { type } where a bundler renames it.`,
    ),
  classConflict: (type: string, url: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_CONFLICT',
      `Two classes are registered as ${shown(type)} in ${url}: give one of them another { type }.`,
    ),
  classNotRegistered: (type: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_NOT_REGISTERED',
      `The class ${type} can live on the calling thread only, since no module is known for it: register it with pul.remote(import.meta.url, ${type}).`,
    ),
  classMismatch: (type: string, found: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_MISMATCH',
      `It is not an actor of the class ${type}, but ${found}: ask for that class, or use asAny().`,
    ),
  moduleLoadFailed: (url: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MODULE_LOAD_FAILED',
      `The module ${url} threw while an engine thread imported it: ${messageOf(cause)}. Guard what is for the host alone by pul.isHost, or put the class in a module of its own.`,
      cause,
    ),
  offloadUnloadable: (url: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MODULE_LOAD_FAILED',
      `The module ${url} of an offloaded function threw while it was imported: ${messageOf(cause)}. Give the functions a module that needs nothing of the program around it.`,
      cause,
    ),

  // actors
  nameTaken: (name: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_NAME_TAKEN', `The name ${shown(name)} is taken: stop that actor, or resolve it.`),
  notInCall: (): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_NOT_IN_CALL',
      'There is no call here whose signal this could be: call callSignal() in a method of an actor, before its first await.',
    ),
  actorNotFound: (which: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ACTOR_NOT_FOUND',
      `There is no actor ${shown(which)}: it was never spawned, or has stopped.`,
    ),
  actorStopped: (which: string, method: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ACTOR_STOPPED',
      `The actor ${which} has stopped, so ${method} was not answered: spawn it again, or resolve its name.`,
    ),
  actorRestarted: (which: string, method: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ACTOR_RESTARTED',
      `The actor ${which} was restarted while ${method} was under way, which may be half done: call again where that does no harm.`,
    ),
  mailboxFull: (which: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MAILBOX_FULL',
      `The mailbox of actor ${which} is full: await tell's promise, send less, or give it a larger mailboxCapacity.`,
    ),
  threadDied: (what: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_THREAD_DIED',
      `The call was lost: ${what}. Another thread takes its place: call again.`,
    ),
  actorThreadDied: (slot: number, cause: Error | undefined): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_THREAD_DIED',
      `The actor's thread ${slot} has ended${cause === undefined ? '' : ` (${cause.message})`}: the threadDied event says why.`,
      cause,
    ),
  threadGone: (slot: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_THREAD_DIED',
      `Thread ${slot} has ended, and no other could be started in its place: the log says why. Place the actor on another thread, or make a new system.`,
    ),
  threadStartFailed: (slot: number, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_THREAD_START_FAILED',
      `Engine thread ${slot} could not be started: ${messageOf(cause)}. Set fewer threads, or larger resourceLimits.`,
      cause,
    ),
  connectionLost: (nodeId: string, method: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CONNECTION_LOST',
      `The connection to node ${nodeId} was lost before ${method} was answered, which may have been done or not: call again where that does no harm.`,
    ),
  notReadable: (nodeId: string, why: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_NOT_READABLE',
      `What node ${shown(nodeId)} sent can't be read: ${why}. See that both nodes run versions of pulsing that go together.`,
    ),
  addrInUse: (addr: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ADDR_IN_USE',
      `Something listens on ${addr} already: give another, or port 0 for a free one.`,
      cause,
    ),
  addrInvalid: (addr: string, cause: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_ADDR_INVALID',
      `This node can't listen on ${addr}: ${messageOf(cause)}. Give an address of this machine, such as 127.0.0.1:7000 or 0.0.0.0:7000.`,
      cause,
    ),
  nodeNotFound: (nodeId: string, why: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_NODE_NOT_FOUND',
      `There is no node ${shown(nodeId)} to be asked: ${why}. system.members() lists those that there are.`,
    ),
  nodeDuplicate: (nodeId: string, addr: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_NODE_DUPLICATE',
      `The cluster has a node ${shown(nodeId)} already, at ${addr}: give each node a nodeId of its own, or none.`,
    ),
  classNotExported: (type: string, nodeId: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_CLASS_NOT_EXPORTED',
      `Node ${shown(nodeId)} does not let others spawn ${type}: name the class in the exportClasses of its init.`,
    ),
  internal: (what: string, cause?: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_INTERNAL', `A fault of pulsing itself: ${what}. Please report it.`, cause),
  unsupportedMethod: (method: string): PulsingUnsupportedError =>
    new PulsingUnsupportedError(
      method === 'receive'
        ? 'The actor takes no plain messages: call its methods by a proxy, or give its class a receive method.'
        : `The actor has no method ${shown(method)} that can be called: only functions of its class, whose names do not begin with _.`,
    ),
  undeclaredStream: (method: string): PulsingUnsupportedError =>
    new PulsingUnsupportedError(
      `${method} gave a generator to a caller who waits for one value: write it as *${method}() or async *${method}(), name it in the option streams of its class, or call it through asAny().`,
    ),
  tooManyArguments: (method: string, count: number, most: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_INVALID_ARGUMENT',
      `${method} can't be called with ${count} arguments: give at most ${most}, or one array.`,
    ),
  askTimeout: (method: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `${method} was not answered within ${timeoutMs} ms: set a longer timeoutMs, or find out what keeps the actor busy.`,
      { code: 'ERR_PULSING_ASK_TIMEOUT' },
    ),
  offloadTimeout: (url: string, name: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `${name} of ${url} was not done within ${timeoutMs} ms, and was ended: set a longer timeoutMs, or give it less to do.`,
      { code: 'ERR_PULSING_ASK_TIMEOUT' },
    ),
  tellTimeout: (which: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `The mailbox of actor ${which} had no room within ${timeoutMs} ms: send less, or give it a larger mailboxCapacity.`,
      { code: 'ERR_PULSING_TELL_TIMEOUT' },
    ),
  streamTimeout: (method: string, timeoutMs: number): PulsingTimeoutError =>
    new PulsingTimeoutError(
      `${method} gave no next item within ${timeoutMs} ms: set a longer timeoutMs, or find out what keeps the actor busy.`,
      { code: 'ERR_PULSING_STREAM_TIMEOUT' },
    ),

  // queues
  queueNotFound: (topic: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_QUEUE_NOT_FOUND',
      `Nobody has written to the topic ${shown(topic)}: open a writer first, or say its numBuckets.`,
    ),
  queueConflict: (topic: string, option: string, is: unknown, given: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_QUEUE_CONFLICT',
      `The topic ${shown(topic)} has ${option} ${shown(is)}, as its first writer said, so it can't be ${shown(given)}: leave ${option} out, or take another topic.`,
    ),
  queueClosed: (what: string, topic: string): PulsingRuntimeError =>
    runtime('ERR_PULSING_QUEUE_CLOSED', `The ${what} of ${shown(topic)} is closed: open another.`),
  queueFull: (topic: string, bucketId: number, limit: string): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_QUEUE_FULL',
      `Bucket ${bucketId} of ${shown(topic)} is full (${limit}), and nothing of the batch was written: raise its retention, or let it drop the oldest.`,
    ),
  bucketMoved: (topic: string, bucketId: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_BUCKET_MOVED',
      `Bucket ${bucketId} of ${shown(topic)} is being handed to another node: look it up again.`,
    ),
  bucketUnavailable: (topic: string, bucketId: number, why: string, cause?: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_BUCKET_UNAVAILABLE',
      `Bucket ${bucketId} of ${shown(topic)} can't be reached: ${why}.`,
      cause,
    ),
  topicUnavailable: (topic: string, why: string, cause: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_BUCKET_UNAVAILABLE', `The topic ${shown(topic)} can't be reached: ${why}.`, cause),
  bucketLost: (topic: string, bucketId: number, cause?: unknown): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_BUCKET_LOST',
      `Bucket ${bucketId} of ${shown(topic)} was lost with its memory while the records were put, and has begun again empty: whether somebody read them is not known, so put them again where that does no harm.`,
      cause,
    ),
  backendNotFound: (name: string, known: readonly string[]): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_BACKEND_NOT_FOUND',
      `There is no backend ${shown(name)}: give one of ${list(known)}, or call pul.queue.registerBackend on the main thread of each node first.`,
    ),
  storageFailed: (what: string, cause: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_STORAGE_FAILED', `${what}: ${messageOf(cause)}.`, cause),

  // messages
  notSerializable: (path: string, reason: string, cause?: unknown): PulsingRuntimeError =>
    runtime('ERR_PULSING_NOT_SERIALIZABLE', `${path} can't be sent: ${reason}.`, cause),
  messageTooLarge: (bytes: number, limit: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_MESSAGE_TOO_LARGE',
      `The message has ${bytes} bytes, and ${limit} may be sent: split it, move its buffers with pul.transfer, or set maxMessageBytes.`,
    ),
  outOfMemory: (bytes: number): PulsingRuntimeError =>
    runtime(
      'ERR_PULSING_OUT_OF_MEMORY',
      `There is no memory for a message of ${bytes} bytes: send less at a time, or give the process more.`,
    ),
}

function howToBuild(): string {
  const tools: Partial<Record<NodeJS.Platform, string>> = {
    linux: 'a C++20 compiler, make and Python (Debian and Ubuntu: apt-get install g++ make python3)',
    darwin: 'the command line tools of Xcode (xcode-select --install)',
    win32: 'Python and the Visual Studio Build Tools with "Desktop development with C++"',
  }
  return `Install ${tools[process.platform] ?? 'a C++20 compiler, make and Python'}, then run "npm rebuild pulsing".`
}

export function messageOf(error: unknown): string {
  return (isError(error) ? String(error.message) : shown(error)).replace(/[.\s]+$/, '')
}
