// A table whose columns say how they are shown.

import type { ComponentChildren, JSX } from 'preact'

export interface Column<T> {
  readonly head: string
  readonly cell: (row: T) => ComponentChildren
  readonly isNumber?: boolean
  /** Pressed, it sorts by this column. */
  readonly sort?: { readonly isOn: boolean; readonly by: () => void }
}

export function Table<T>({
  columns,
  rows,
  keyOf,
  empty,
}: {
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  readonly empty: string
}): JSX.Element {
  if (rows.length === 0) return <p class="empty">{empty}</p>
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {columns.map(({ head, isNumber, sort }) => (
              <th
                key={head}
                class={isNumber ? 'number' : ''}
                aria-sort={sort?.isOn ? 'descending' : undefined}
              >
                {sort === undefined ? (
                  head
                ) : (
                  <button type="button" onClick={sort.by}>
                    {head}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, cell, isNumber }) => (
                <td key={head} class={isNumber ? 'number' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** A share of one, as a bar and as a figure. */
export function Bar({ share, text }: { readonly share: number; readonly text: string }): JSX.Element {
  return (
    <span class="bar">
      <meter min={0} max={1} high={0.8} low={0.5} optimum={0} value={Math.min(1, share)} aria-hidden="true" />
      {text}
    </span>
  )
}
