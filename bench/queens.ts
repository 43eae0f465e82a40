// CPU-bound work: the solutions of n queens with those of the first two rows given.

/** Of n queens on n by n squares. */
export const SOLUTIONS: Readonly<Record<number, number>> = {
  11: 2_680,
  12: 14_200,
  13: 73_712,
  14: 365_596,
  15: 2_279_184,
}

function place(all: number, columns: number, left: number, right: number): number {
  if (columns === all) return 1
  let found = 0
  for (let free = all & ~(columns | left | right); free !== 0; free &= free - 1) {
    const bit = free & -free
    found += place(all, columns | bit, ((left | bit) << 1) & all, (right | bit) >> 1)
  }
  return found
}

export function solutions(size: number, first: number, second: number): number {
  const [a, b] = [1 << first, 1 << second]
  const all = (1 << size) - 1
  const [left, right] = [(a << 1) & all, a >> 1]
  if (((a | left | right) & b) !== 0) return 0
  return place(all, a | b, ((left | b) << 1) & all, (right | b) >> 1)
}
