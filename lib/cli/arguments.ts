// Arguments of constructors and methods, as they stand on a command line.

/** JSON where it is JSON, else the text itself: 5, true, {"a":1}, hello, '"5"'. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * Those by position first, in their order; those by name are one object behind them: `red --size 5 --fast` is
 * `('red', { size: 5, fast: true })`.
 */
export function argumentsOf(words: readonly string[]): unknown[] {
  const positional: unknown[] = []
  const named: Record<string, unknown> = {}
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    const [, name, , value] = /^--([A-Za-z][\w-]*)(=(.*))?$/s.exec(word) ?? []
    if (name === undefined) {
      positional.push(parsed(word))
      continue
    }
    const next = words[i + 1]
    const key = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    if (value !== undefined) named[key] = parsed(value)
    else if (next === undefined || next.startsWith('--')) named[key] = true
    else {
      named[key] = parsed(next)
      i++
    }
  }
  return Object.keys(named).length === 0 ? positional : [...positional, named]
}
