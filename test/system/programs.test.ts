import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { compiled, root, run, source } from '../bed.js'

const program = (name: string) => compiled(join('programs', name))
const lines = (text: string) => text.trim().split('\n')

test('1.1: class and program stand in one file', async (t) => {
  const { code, stdout, stderr } = await run(program('one-file.js'))
  t.deepEqual(lines(stdout), ['6', '7 true 1', '2'])
  t.is(stderr, '')
  t.is(code, 0)
})

test('1.1: a program that is given as the text of --eval has engine threads, and offloads', async (t) => {
  const text = `
    import * as pul from 'pulsing'
    import { Offloader } from ${JSON.stringify(pathToFileURL(compiled('offloader.js')).href)}
    await pul.init({ threads: 1 })
    const actor = await Offloader.spawn()
    console.log(await actor.run(${JSON.stringify(`${pathToFileURL(compiled('offloaded.js')).href}#sum`)}, [20, 22]))
    await pul.shutdown()`
  const nodeArgs = [
    '--input-type=module',
    '--import',
    pathToFileURL(compiled('mortal.js')).href,
    '--expose-gc',
    '--eval',
  ]
  const { stdout, stderr, code } = await run(text, { nodeArgs })
  t.deepEqual([stderr, code], ['', 0])
  t.is(stdout, '42\n')
})

test('3.5: a program that forgets shutdown still exits', async (t) => {
  const { code, stdout, stderr } = await run(program('one-file.js'), { args: ['forget'] })
  t.deepEqual(lines(stdout), ['6', '7 true 1', '2', 'exits'])
  t.is(stderr, '')
  t.is(code, 0)
})

for (const where of ['thread', 'host']) {
  test(`3.5: an ask, a tell’s method and an actor’s timer under way keep the process alive: ${where}`, async (t) => {
    for (const [what, wanted] of [
      ['ask', 'done'],
      ['tell', 'done'],
      ['timer', 'timer'],
      ['nothing', ''],
    ] as const) {
      const { code, stdout } = await run(program('ways-to-end.js'), { args: [what, where] })
      t.is(stdout.trim(), wanted, what)
      t.is(code, 0, what)
    }
  })
}

test('a program that exits or throws without shutdown ends with its own code', async (t) => {
  t.is((await run(program('ways-to-end.js'), { args: ['exit'] })).code, 7)
  const failed = await run(program('ways-to-end.js'), { args: ['throw'] })
  t.is(failed.code, 1)
  t.regex(failed.stderr, /the program failed/)
})

test('1.1: actors stand in a module of their own', async (t) => {
  const { code, stdout } = await run(program('two-files.js'))
  t.is(stdout.trim(), '2')
  t.is(code, 0)
})

test('1.1: the host may itself be a worker thread, which ends or is terminated', async (t) => {
  const { code, stdout, stderr } = await run(program('in-worker.js'))
  t.deepEqual(lines(stdout), ['2', 'exit 0', '2', 'exit 0', 'terminated'])
  t.is(stderr, '')
  t.is(code, 0)
})

test('1.3: CommonJS requires the package and passes pathToFileURL(__filename)', async (t) => {
  const { code, stdout, stderr } = await run(program('common.cjs'))
  t.is(stdout.trim(), '1 1', stderr)
  t.is(code, 0)
})

test('1.3: TypeScript works in engine threads under tsx', async (t) => {
  const { code, stdout, stderr } = await run(source(join('programs', 'one-file.ts')), {
    nodeArgs: ['--import', 'tsx'],
  })
  t.deepEqual(lines(stdout), ['6', '7 true 1', '2'], stderr)
  t.is(code, 0)
})

test('1.3: a class from a package', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', type: 'module' }))
  const thing = join(folder, 'node_modules', 'some-actors')
  mkdirSync(thing, { recursive: true })
  symlinkSync(root, join(folder, 'node_modules', 'pulsing'))
  writeFileSync(
    join(thing, 'package.json'),
    JSON.stringify({ name: 'some-actors', type: 'module', exports: './main.js' }),
  )
  writeFileSync(
    join(thing, 'main.js'),
    `import { remote } from 'pulsing'
     export const Thing = remote(import.meta.url, class Thing { #n = 0; incr() { return ++this.#n } })`,
  )
  writeFileSync(
    join(folder, 'main.mjs'),
    `import { init, shutdown } from 'pulsing'
     import { Thing } from 'some-actors'
     await init({ threads: 1 })
     const thing = await Thing.options({ placement: { slot: 1 } }).spawn()
     console.log(await thing.incr(), thing.ref.actorId.slot)
     await shutdown()`,
  )
  const { code, stdout, stderr } = await run(join(folder, 'main.mjs'), { cwd: folder })
  t.is(stdout.trim(), '1 1', stderr)
  t.is(code, 0)
})

test('3.9: without the V8 bridge values arrive the same, by copies; a SharedArrayBuffer is an error', async (t) => {
  const [withIt, without] = await Promise.all([
    run(program('values.js')),
    run(program('values.js'), { env: { PULSING_NO_BRIDGE: '1' } }),
  ])
  t.is(without.code, 0, without.stderr)
  t.is(lines(withIt.stdout)[1], lines(without.stdout)[1])
  t.deepEqual(JSON.parse(lines(without.stdout)[0] as string), {
    bridge: false,
    shared: 'ERR_PULSING_BRIDGE_UNAVAILABLE',
  })
  t.like(JSON.parse(lines(without.stdout)[1] as string), {
    left: 0,
    came: 100_000,
    filled: true,
    moved: 50_000,
  })
})
