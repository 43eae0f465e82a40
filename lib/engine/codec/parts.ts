// What another codec needs to carry the values that this one does, with the same results.

export { unboxed } from './encode-kinds.js'
export { errorOf, formOf } from './error-forms.js'
export { failure, TOO_DEEP, Unfit } from './failure.js'
export { literalKey, MAX_GENERATED_KEYS, mayGenerate, setOwn, USES_TO_GENERATE } from './generate.js'
export {
  BOXED_KIND,
  BUFFER_KIND,
  DATE_KIND,
  ERROR_KIND,
  kindOf,
  LIST,
  MAP_KIND,
  PLAIN,
  REFERENCE_KIND,
  REGEXP_KIND,
  SET_KIND,
  SHARED_KIND,
  VIEW_KIND,
} from './kinds.js'
export { Patch, Stand } from './patch.js'
export { MAX_DEPTH } from './tags.js'
export { isTracking, makeView, UINT8, VIEW_TYPES, viewType } from './views.js'
