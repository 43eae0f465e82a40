// `pulsing/errors`: the classes alone, for code that has no system.

export {
  PulsingActorError,
  PulsingBusinessError,
  PulsingError,
  PulsingRuntimeError,
  PulsingSystemError,
  type PulsingTimeoutCode,
  PulsingTimeoutError,
  PulsingUnsupportedError,
} from './classes.js'
export type { ErrorKind, PulsingErrorCode } from './codes.js'
