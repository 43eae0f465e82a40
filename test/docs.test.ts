// What the pages say of the project itself.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { root } from './bed.js'

const page = readFileSync(join(root, 'docs/semantics.md'), 'utf8')

test('each test that docs/semantics.md names for a rule is there', (t) => {
  const links = [
    ...page.matchAll(/^\| (.+) \| \[(.+)\]\(\.\.\/(test\/.+(?:\.test|\/conformance)\.ts)\) \|$/gm),
  ]
  t.true(links.length > 100)
  for (const [, rule, title, file] of links) {
    const source = readFileSync(join(root, file as string), 'utf8').replaceAll("\\'", "'")
    t.true(source.includes(title as string), `${rule}: ${file} has "${title}"`)
  }
})

test('docs/semantics.md names a test for each of its rules', (t) => {
  const [text = '', table = ''] = page.split('## The test of each rule')
  const rules = [...text.matchAll(/^\*\*(\d\.\d+) /gm)].map(([, rule]) => rule)
  t.true(rules.length > 20)
  for (const rule of rules) t.true(table.includes(`\n| ${rule} | [`), rule)
})
