// The command lines of what measures besides the rows.

import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Ends the process with a sentence and the exit code 2. */
export function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(2)
}

/** The options that were given; refuses those that there are not. */
export function given<T extends NonNullable<ParseArgsConfig['options']>>(
  options: T,
): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse(
      `${(error as Error).message.split('. ')[0]}: there are --${Object.keys(options).join(', --')}.`,
    )
  }
}

/** Numbers above 0, as many as there are names; refuses others. */
export function above0(values: Readonly<Record<string, unknown>>, ...names: readonly string[]): number[] {
  return names.map((name) => {
    const number = Number(values[name])
    return number > 0 ? number : refuse(`--${name} is ${values[name]}: a number above 0 would do.`)
  })
}
