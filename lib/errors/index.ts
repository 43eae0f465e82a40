// What the layers above may use of the errors.

export { answerWith, isAnswer, stitchStack } from './answer.js'
export { isError } from './brand.js'
export {
  isPulsingError,
  PulsingActorError,
  PulsingBusinessError,
  PulsingError,
  PulsingRuntimeError,
  PulsingSystemError,
  type PulsingTimeoutCode,
  PulsingTimeoutError,
  PulsingUnsupportedError,
} from './classes.js'
export { CODES, type ErrorKind, type PulsingErrorCode } from './codes.js'
export { describeError, type ErrorForm, reviveError, standardTypeOf, withoutStack } from './form.js'
export { errors, messageOf, shown } from './messages.js'
