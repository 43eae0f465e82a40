// The packed package beside programs that esbuild and rollup made one file of, minified, with the engine left out of it.

import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import anyTest, { type TestFn } from 'ava'
import * as esbuild from 'esbuild'
import { rollup } from 'rollup'
import { run } from '../bed.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const exec = promisify(execFile)
const test = anyTest as TestFn
let project: string

/** What npm would publish, with the addon as it was built here, in a project of its own. */
test.before(async () => {
  project = mkdtempSync(join(tmpdir(), 'pulsing-bundle-'))
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { stdout } = await exec(npm, ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
    cwd: root,
  })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  const modules = join(project, 'node_modules')
  mkdirSync(modules)
  await exec('tar', ['-xf', join(project, filename), '-C', modules])
  cpSync(join(modules, 'package'), join(modules, 'pulsing'), { recursive: true })
  const built = join('build', 'Release')
  mkdirSync(join(modules, 'pulsing', built), { recursive: true })
  for (const file of readdirSync(join(root, built)))
    if (file.endsWith('.node')) cpSync(join(root, built, file), join(modules, 'pulsing', built, file))
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction')
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(project, 'counters.js'), COUNTERS)
  writeFileSync(join(project, 'main.js'), MAIN)
})
test.after.always(() => rmSync(project, { recursive: true, force: true }))

const COUNTERS = `
import * as pul from 'pulsing'
export const Counter = pul.remote(import.meta.url, class Counter {
  #value
  constructor(initial) { this.#value = initial }
  increment(by) { this.#value += by; return this.#value }
  async *upTo(count) { for (let i = 0; i < count; i++) yield i }
}, { type: 'Counter' })
export const Doubler = pul.remote(import.meta.url, class Doubler {
  async double(counter, by) { return 2 * await counter.increment(by) }
}, { type: 'Doubler' })
`

const MAIN = `
import * as pul from 'pulsing'
import { Counter, Doubler } from './counters.js'
await pul.init({ threads: 2 })
const counter = await Counter.options({ placement: { slot: 1 }, name: 'counter' }).spawn(40)
const doubler = await Doubler.options({ placement: { slot: 2 } }).spawn()
const items = []
for await (const item of counter.upTo(3)) items.push(item)
console.log(JSON.stringify([await doubler.double(counter, 2), await (await Counter.resolve('counter')).increment(1), items]))
await pul.shutdown()
`
const PRINTED = '[84,43,[0,1,2]]\n'

const bundlers: Record<string, (entry: string) => Promise<string>> = {
  async esbuild(entry) {
    const { outputFiles } = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      external: ['pulsing'],
      write: false,
    })
    return outputFiles[0]?.text as string
  },
  async rollup(entry) {
    const bundle = await rollup({ input: entry, external: ['pulsing'] })
    const { output } = await bundle.generate({ format: 'es' })
    return (await esbuild.transform(output[0].code, { minify: true })).code
  },
}

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`1.3: a program that ${name} made one minified file of runs on other threads`, async (t) => {
    const code = await bundle(join(project, 'main.js'))
    t.notRegex(code, /class (Counter|Doubler)\b/)
    const file = join(project, `${name}.js`)
    writeFileSync(file, code)
    const { stdout, stderr, code: exit } = await run(file, { cwd: project })
    t.deepEqual([stdout, stderr, exit], [PRINTED, '', 0])
  })

  test(`1.3: classes that ${name} left in a file of their own are found there`, async (t) => {
    writeFileSync(join(project, `${name}-counters.js`), await bundle(join(project, 'counters.js')))
    const url = pathToFileURL(join(project, `${name}-counters.js`)).href
    const file = join(project, `${name}-main.js`)
    writeFileSync(file, MAIN.replace('./counters.js', url))
    const { stdout, stderr } = await run(file, { cwd: project })
    t.deepEqual([stdout, stderr], [PRINTED, ''])
  })
}

test('1.3: two classes that lost their names to a bundler are an error that says to give them a type', async (t) => {
  const file = join(project, 'nameless.js')
  writeFileSync(
    file,
    `import * as pul from 'pulsing'
const some = (n) => pul.remote(import.meta.url, class e { n() { return n } })
try { some(1); some(2) } catch (error) { console.log(error.code, error.message) }`,
  )
  const { stdout } = await run(file, { cwd: project })
  t.regex(stdout, /^ERR_PULSING_CLASS_CONFLICT .*\btype\b/)
})

test('the packed package runs unbundled, and has what its exports name', async (t) => {
  const { stdout, stderr } = await run(join(project, 'main.js'), { cwd: project })
  t.deepEqual([stdout, stderr], [PRINTED, ''])
  const file = join(project, 'exports.cjs')
  writeFileSync(
    file,
    `const { init } = require('pulsing'), { PulsingError } = require('pulsing/errors')
console.log(typeof init, typeof PulsingError, require('pulsing/package.json').name)`,
  )
  t.is((await run(file, { cwd: project })).stdout, 'function function pulsing\n')
})
