// What options are checked with: each check throws ERR_PULSING_INVALID_OPTION, which names the option, the value and what would do.

import { errors, isPulsingError } from '../errors/index.js'

export type Check = (name: string, value: unknown) => void
export type Checks = Readonly<Record<string, Check>>

export const whole: (least: number, most?: number) => Check =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Check =>
  (name, value) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw errors.invalidOption(name, value, `a whole number ${range}`)
  }

export const wholeOrInfinity: (least: number) => Check =
  (least: number): Check =>
  (name, value) => {
    if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= least)) return
    throw errors.invalidOption(name, value, `a whole number of at least ${least}, or Infinity`)
  }

/** Not NaN. */
export const milliseconds: Check = (name, value) => {
  if (typeof value === 'number' && value >= 0) return
  throw errors.invalidOption(name, value, 'milliseconds, 0 or more, or Infinity')
}

export const finiteMs: Check = (name, value) => {
  if (Number.isFinite(value) && (value as number) >= 0) return
  throw errors.invalidOption(name, value, 'milliseconds, 0 or more')
}

/** Shorter ones would report every garbage collection. */
export const stuckTime: Check = (name, value) => {
  if (typeof value === 'number' && value >= 50) return
  throw errors.invalidOption(name, value, 'milliseconds, 50 or more, or Infinity')
}

export const oneOf: (...values: readonly string[]) => Check =
  (...values: readonly string[]): Check =>
  (name, value) => {
    if (values.includes(value as string)) return
    const near = typeof value === 'string' ? nearest(value, values) : undefined
    const wanted = values.map((one) => `'${one}'`).join(', ')
    throw errors.invalidOption(
      name,
      value,
      near === undefined ? `one of ${wanted}` : `'${near}', or another of ${wanted}`,
    )
  }

export const flag: Check = (name, value) => {
  if (typeof value !== 'boolean') throw errors.invalidOption(name, value, 'true or false')
}

export const text: Check = (name, value) => {
  if (typeof value !== 'string' || value === '')
    throw errors.invalidOption(name, value, 'text that is not empty')
}

export const list: Check = (name, value) => {
  if (!Array.isArray(value)) throw errors.invalidOption(name, value, 'an array')
}

/** By its shape: a test runner's own AbortSignal is one too. */
export const signal: Check = (name, value) => {
  if (value instanceof AbortSignal) return
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw errors.invalidOption(name, value, 'an AbortSignal')
}

export const nodeId: Check = (name, value) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9._-]{1,255}$/.test(value))
    throw errors.invalidOption(name, value, '1 to 255 characters of A-Za-z0-9._-')
}

/**
 * Every option that is set is a known one and passes; undefined is as good as not set. Hot where an ask has options.
 * @param within the option that these are options of; none at the top
 */
export function check(within: string, options: unknown, checks: Checks): void {
  let at = within === '' ? 'options' : within
  try {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      if (within === '') throw errors.invalidArgument('options', options, 'an object of options')
      throw errors.invalidOption(within, options, 'an object of options')
    }
    const prefix = within === '' ? '' : `${within}.`
    for (const name in options) {
      at = name
      const value = (options as Record<string, unknown>)[name]
      const one = Object.hasOwn(checks, name) ? checks[name] : undefined
      if (one === undefined) throw unknown(prefix, name, value, Object.keys(checks))
      if (value === undefined) continue
      one(prefix + name, value)
    }
  } catch (error) {
    throw isPulsingError(error) ? error : errors.unreadable(at, error)
  }
}

function unknown(prefix: string, name: string, value: unknown, known: readonly string[]): Error {
  return errors.unknownOption(prefix + name, nearest(name, known), known, value)
}

/** The known name that a typo most likely meant. */
function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, name.length >> 2) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const distance = edits(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same))
    }
    row = next
  }
  return row[b.length] as number
}
