// Functions made from source, where the process allows it (not under --disallow-code-generation-from-strings).

let allowed: boolean | undefined
/** A function takes some kilobytes: a thread makes so many at most. */
let left = 4000

/** Whether a function can be made from source, which then must be done. */
export function mayGenerate(): boolean {
  if (left === 0) return false
  if (allowed === undefined) {
    try {
      allowed = new Function('return true')() as boolean
    } catch {
      allowed = false
    }
  }
  if (allowed) left--
  return allowed
}

/** Objects with more keys are not worth the source. */
export const MAX_GENERATED_KEYS = 64
/** What is used less often than this is not worth it either. */
export const USES_TO_GENERATE = 8

/** A key as it must stand in an object literal: "__proto__": would set the prototype, ["__proto__"]: is a property. */
export function literalKey(key: string): string {
  return key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)
}

/** Gives an object a property of its own, whatever its name. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    ;(object as Record<string, unknown>)[key] = value
  }
}
