// Values of every kind, for property tests.

import fc from 'fast-check'

/** Values of every kind that structured clone knows, with parts that appear more than once. */
const bytes = fc.uint8Array({ maxLength: 40 })
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'a', '__proto__', 'constructor', 'é', '\ud800', 'length', '1'),
)
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 2 ** 31),
  text,
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  bytes,
  bytes.map((all) => all.subarray(1, 5)),
  fc.float32Array({ maxLength: 4 }),
  fc.constantFrom(/a/g, /[/]é/u).map((pattern) => new RegExp(pattern)),
  fc.constantFrom<unknown>(1, 'x', true, 3n).map((primitive) => Object(primitive)),
)
export const { value }: { value: fc.Arbitrary<unknown> } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => new Set(values)),
    // biome-ignore lint/suspicious/noSparseArray: holes are meant
    tie('value').map((inner) => [, inner, , inner, { inner }]),
    fc.tuple(tie('value'), text).map(([inner, key]) => Object.assign([inner], { [`x${key}`]: inner })),
    tie('value').map((inner) => {
      const cycle: Record<string, unknown> = { inner }
      cycle.self = cycle
      cycle.list = [cycle, new Map([[cycle, inner]])]
      return cycle
    }),
  ),
}))

/** That two graphs have the same aliases: each object of one stands for one object of the other. */
export function sameAliases(a: unknown, b: unknown, pairs: Map<unknown, unknown> = new Map()): boolean {
  if (typeof a !== 'object' || a === null) return true
  if (pairs.has(a)) return pairs.get(a) === b
  pairs.set(a, b)
  if (a instanceof Map) return sameAliases([...a].flat(), [...(b as Map<unknown, unknown>)].flat(), pairs)
  if (a instanceof Set) return sameAliases([...a], [...(b as Set<unknown>)], pairs)
  if (ArrayBuffer.isView(a)) return true
  return Object.keys(a).every((key) =>
    sameAliases(
      Object.getOwnPropertyDescriptor(a, key)?.value,
      Object.getOwnPropertyDescriptor(b, key)?.value,
      pairs,
    ),
  )
}
