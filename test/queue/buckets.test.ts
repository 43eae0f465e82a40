import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bucketOf, textOf } from '../../lib/queue/bucket-id.js'
import { root, thrown } from '../bed.js'

interface Vectors {
  readonly n: readonly number[]
  readonly rows: readonly [string, ...number[]][]
}

test('7.1: a thousand texts are in the buckets that the Python framework gives them', (t) => {
  const { n, rows }: Vectors = JSON.parse(readFileSync(join(root, 'test', 'queue', 'buckets.json'), 'utf8'))
  t.is(rows.length, 1000)
  for (const [text, ...expected] of rows)
    t.deepEqual(
      n.map((count) => bucketOf(text, count)),
      expected,
      text,
    )
})

test('7.1: what the column of a record may be, and the text that it stands for', (t) => {
  t.is(textOf('é', 'id'), 'é')
  t.is(textOf(1, 'id'), '1')
  t.is(textOf(1.5, 'id'), '1.5')
  t.is(textOf(12345678901234567890n, 'id'), '12345678901234567890')
  t.is(textOf(true, 'id'), 'True')
  t.is(textOf(false, 'id'), 'False')
  t.is(textOf(null, 'id'), '')
  for (const value of [undefined, {}, [], Symbol('x'), () => 1, new Date()])
    t.is(thrown(() => textOf(value, 'id')).code, 400)
})
