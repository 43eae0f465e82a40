// Compares what the pipeline counted with what the plain program counted: every figure, every extension, every word.

import type { Totals } from './job.js'

export interface Counted {
  readonly totals: Totals
  readonly words: ReadonlyMap<string, number>
}

export interface Difference {
  /** What differs: a figure's name, an extension or a word. */
  readonly kind: 'total' | 'extension' | 'word'
  readonly name: string
  readonly pipeline: number
  readonly plain: number
}

/** All differences, one by one. */
export function* differences(pipeline: Counted, plain: Counted): Generator<Difference> {
  for (const [name, figure] of Object.entries(pipeline.totals)) {
    if (typeof figure !== 'number') continue
    const other = plain.totals[name as 'files']
    if (figure !== other) yield { kind: 'total', name, pipeline: figure, plain: other }
  }
  const sizes = (of: Counted, what: 'files' | 'bytes') =>
    new Map([...of.totals.extensions].map(([name, size]) => [`${name} ${what}`, size[what]]))
  yield* unequal('extension', sizes(pipeline, 'files'), sizes(plain, 'files'))
  yield* unequal('extension', sizes(pipeline, 'bytes'), sizes(plain, 'bytes'))
  yield* unequal('word', pipeline.words, plain.words)
}

function* unequal(
  kind: Difference['kind'],
  pipeline: ReadonlyMap<string, number>,
  plain: ReadonlyMap<string, number>,
): Generator<Difference> {
  for (const [name, figure] of pipeline) {
    const other = plain.get(name) ?? 0
    if (figure !== other) yield { kind, name, pipeline: figure, plain: other }
  }
  for (const [name, figure] of plain)
    if (!pipeline.has(name)) yield { kind, name, pipeline: 0, plain: figure }
}
