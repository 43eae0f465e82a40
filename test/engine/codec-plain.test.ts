import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'

/** What a process does that may not make code from strings. */
const program = `
  import { deepStrictEqual } from 'node:assert'
  import { copyValue } from '${new URL('../../lib/engine/codec/index.js', import.meta.url)}'
  import { Bed } from '${new URL('./codec-bed.js', import.meta.url)}'
  let refused = false
  try { new Function('return 1') } catch { refused = true }
  const bed = new Bed()
  for (let i = 0; i < 100; i++) {
    for (const value of [
      { id: i, op: 'add', n: 1 },
      JSON.parse('{"__proto__": {"a": 1}, "1": 2, "x": [{"y": null}]}'),
      { list: [{ a: 1.5, b: 'x' }, { a: 2.5, b: 'y' }], map: new Map([[1, { c: 1 }]]) },
    ]) {
      deepStrictEqual(bed.send(value), value)
      deepStrictEqual(copyValue(bed.sender, value, 'message'), value)
    }
  }
  console.log(refused ? 'all well without' : 'code was made')
`

test('where code may not be made from strings, all values arrive all the same', (t) => {
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program]
  const output = execFileSync(process.execPath, flags, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
  })
  t.is(output.trim(), 'all well without')
})
