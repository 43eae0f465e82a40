// Every code of an error of the framework; docs/errors.md explains each.

/** What an error of the framework is about. */
export type ErrorKind = 'actor' | 'transport' | 'cluster' | 'config' | 'io' | 'serialization'

/** Every code, and what it is about. */
export const CODES = {
  ERR_PULSING_ACTOR_NOT_FOUND: 'actor',
  ERR_PULSING_ACTOR_RESTARTED: 'actor',
  ERR_PULSING_ACTOR_STOPPED: 'actor',
  ERR_PULSING_ADDON_MISMATCH: 'io',
  ERR_PULSING_ADDON_NOT_FOUND: 'io',
  ERR_PULSING_ADDR_INVALID: 'transport',
  ERR_PULSING_ADDR_IN_USE: 'transport',
  ERR_PULSING_ALREADY_INITIALIZED: 'config',
  ERR_PULSING_ALREADY_IN_THREAD: 'config',
  ERR_PULSING_ASK_TIMEOUT: 'actor',
  ERR_PULSING_BRIDGE_UNAVAILABLE: 'config',
  ERR_PULSING_CLASS_CONFLICT: 'config',
  ERR_PULSING_CLASS_MISMATCH: 'actor',
  ERR_PULSING_CLASS_NOT_EXPORTED: 'cluster',
  ERR_PULSING_CLASS_NOT_FOUND: 'config',
  ERR_PULSING_CLASS_NOT_REGISTERED: 'config',
  ERR_PULSING_CONNECTION_LOST: 'transport',
  ERR_PULSING_FACTORY_REQUIRED: 'config',
  ERR_PULSING_INTERNAL: 'actor',
  ERR_PULSING_INVALID_ARGUMENT: 'config',
  ERR_PULSING_INVALID_OPTION: 'config',
  ERR_PULSING_MAILBOX_FULL: 'actor',
  ERR_PULSING_MESSAGE_TOO_LARGE: 'serialization',
  ERR_PULSING_MODULE_LOAD_FAILED: 'config',
  ERR_PULSING_NAME_INVALID: 'actor',
  ERR_PULSING_NAME_TAKEN: 'actor',
  ERR_PULSING_NODE_DUPLICATE: 'cluster',
  ERR_PULSING_NODE_NOT_FOUND: 'cluster',
  ERR_PULSING_NOT_INITIALIZED: 'config',
  ERR_PULSING_NOT_IN_CALL: 'actor',
  ERR_PULSING_NOT_READABLE: 'serialization',
  ERR_PULSING_NOT_SERIALIZABLE: 'serialization',
  ERR_PULSING_OUT_OF_MEMORY: 'io',
  ERR_PULSING_PACKAGE_CONFLICT: 'config',
  ERR_PULSING_SHUTDOWN_TIMEOUT: 'actor',
  ERR_PULSING_STREAM_TIMEOUT: 'actor',
  ERR_PULSING_SYSTEM: 'actor',
  ERR_PULSING_SYSTEM_STOPPED: 'actor',
  ERR_PULSING_TELL_TIMEOUT: 'actor',
  ERR_PULSING_THREAD_DIED: 'actor',
  ERR_PULSING_THREAD_START_FAILED: 'actor',
  ERR_PULSING_TIMEOUT: 'actor',
  ERR_PULSING_UNSUPPORTED: 'actor',
} as const

/** A code of an error of the framework: docs/errors.md says of each when it comes and what to do. */
export type PulsingErrorCode = keyof typeof CODES
