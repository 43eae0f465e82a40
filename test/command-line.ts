// The command lines of the programs that shake and simulate: numbers and words by name, and a sentence for what is none.

import { parseArgs } from 'node:util'

/** Says what is wrong, and begins nothing. */
export function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(2)
}

export interface Range {
  readonly least?: number
  readonly most?: number
  readonly whole?: boolean
}

export class CommandLine<Name extends string> {
  readonly #values: Partial<Record<Name, string>>

  /** names: of the options there are; each takes a value. */
  constructor(names: readonly Name[]) {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
    try {
      this.#values = parseArgs({ options }).values as Partial<Record<Name, string>>
    } catch (error) {
      refuse((error as Error).message)
    }
  }

  text(name: Name): string | undefined {
    return this.#values[name]
  }

  number(name: Name, otherwise: number, { least = 0, most, whole = false }: Range = {}): number {
    const text = this.#values[name]
    if (text === undefined) return otherwise
    const number = Number(text)
    const isOne = (whole ? /^\d+$/ : /^\d+(\.\d+)?$/).test(text)
    if (isOne && number >= least && number <= (most ?? number)) return number
    const bounds = most === undefined ? `from ${least}` : `from ${least} to ${most}`
    return refuse(`--${name} takes a ${whole ? 'whole ' : ''}number ${bounds}, not ${text}.`)
  }

  word<Word extends string>(name: Name, words: readonly Word[]): Word | undefined {
    const text = this.#values[name]
    if (text === undefined || words.includes(text as Word)) return text as Word | undefined
    return refuse(`--${name} takes ${words.join(', ')}, not ${text}.`)
  }
}
