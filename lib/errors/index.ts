// What the layers above may use of the errors.

export { answerWith, isAnswer, stitch } from './answer.js'
export { isError } from './brand.js'
export { isPulsingError } from './classes.js'
export { CODES } from './codes.js'
export { copyPlainError } from './copy.js'
export { describeError, type ErrorForm, reviveError, standardTypeOf, withoutStack } from './form.js'
export { errors, messageOf, shown } from './messages.js'
export * from './public.js'
export { reading } from './reading.js'
