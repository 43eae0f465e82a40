// From the packed file alone: what is in it, and that it installs and runs where there is no compiler.

import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import test from 'ava'
import * as esbuild from 'esbuild'
import { root } from '../bed.js'
import { bare, install, npm, type Project, pack } from './packed.js'

const exec = promisify(execFile)
const KIB = 1024
const require = createRequire(import.meta.url)

let project: Project
let installed: string
/** Folders of the releases of Node, by their line. */
let nodes: Map<string, string>

test.before(async () => {
  const releases = process.env.PULSING_TEST_RELEASES ?? mkdtempSync(join(tmpdir(), 'pulsing-releases-'))
  const { fetchReleases } = (await import(join(root, 'scripts', 'node-releases.mjs'))) as {
    fetchReleases: (folder: string) => Map<string, string>
  }
  nodes = fetchReleases(releases)
  project = await pack(releases)
  installed = await install(project, 'installed')
})
test.after.always(() => {
  rmSync(project.folder, { recursive: true, force: true })
  const kept = process.env.PULSING_TEST_RELEASES
  for (const prefix of nodes.values())
    if (kept === undefined) rmSync(join(prefix, '..', '..'), { recursive: true, force: true })
})

test.serial('publint and are-the-types-wrong find nothing', async (t) => {
  const bin = (name: string) => join(root, 'node_modules', '.bin', name)
  await t.notThrowsAsync(exec(bin('publint'), [project.packed, '--strict']))
  await t.notThrowsAsync(exec(bin('attw'), [project.packed, '--profile', 'esm-only']))
})

test.serial('its JavaScript stays under 400 KiB, and the rest within bounds', (t) => {
  const folder = join(installed, 'node_modules', 'pulsing')
  const sizes = new Map<string, number>()
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (name.startsWith('node_modules')) continue
    const info = statSync(join(folder, name))
    const kind = /\.([a-z]+)$/.exec(name)?.[1] ?? ''
    if (info.isFile()) sizes.set(kind, (sizes.get(kind) ?? 0) + info.size)
  }
  const kib = (...kinds: string[]) => kinds.reduce((sum, kind) => sum + (sizes.get(kind) ?? 0), 0) / KIB
  t.log(Object.fromEntries(sizes))
  t.true(kib('js', 'mjs', 'cjs') < 400, `${kib('js', 'mjs', 'cjs')} KiB of JavaScript`)
  t.true(kib('node') > 200 && kib('node') < 1024, `${kib('node')} KiB of binaries`)
})

test.serial(
  'a machine without compiler, make and Python runs it on every line of Node, in every kind of module',
  async (t) => {
    const env = bare(project)
    for (const tool of ['g++', 'c++', 'clang++', 'make', 'python3', 'python'])
      t.is(spawnSync(tool, ['--version'], { env }).error?.name, 'Error', tool)
    cpSync(join(root, 'examples', '02-hello', 'hello.js'), join(installed, 'hello.js'))
    cpSync(join(root, 'examples', '02-hello', 'hello.ts'), join(installed, 'hello-types.ts'))
    writeFileSync(join(installed, 'hello.cjs'), COMMON)
    // A bundler renames the class; a type says what it is called.
    const text = readFileSync(join(installed, 'hello.js'), 'utf8')
    writeFileSync(join(installed, 'hello-named.js'), text.replace('},\n)', "},\n  { type: 'Counter' })"))
    const tsc = require.resolve('typescript/bin/tsc')
    const typed = [
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--strict',
      '--types',
      'node',
      '--typeRoots',
      join(root, 'node_modules', '@types'),
    ]
    await exec(process.execPath, [tsc, ...typed, 'hello-types.ts'], { cwd: installed })
    await esbuild.build({
      entryPoints: [join(installed, 'hello-named.js')],
      outfile: join(installed, 'bundled.js'),
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      external: ['pulsing'],
    })
    for (const [line, prefix] of nodes) {
      // Since 22.18 Node takes types out by itself.
      const files = [
        'hello.js',
        'hello.cjs',
        'hello-types.js',
        'bundled.js',
        ...(line === '20' ? [] : ['hello-types.ts']),
      ]
      for (const file of files) {
        const ran = await exec(join(prefix, 'bin', 'node'), [file], {
          cwd: installed,
          env: bare(project, prefix),
        })
        t.regex(ran.stdout, /^6\n$/, `${file} on Node ${line}`)
        t.is(ran.stderr, '', `${file} on Node ${line}`)
      }
      const moved = await exec(join(prefix, 'bin', 'node'), ['--input-type=module', '-e', BRIDGE], {
        cwd: installed,
        env: bare(project, prefix),
      })
      t.is(moved.stdout, 'true\n', `the bridge on Node ${line}`)
    }
  },
)

const COMMON = `
const pul = require('pulsing')
const { pathToFileURL } = require('node:url')
exports.Counter = pul.remote(pathToFileURL(__filename).href, class Counter {
  constructor(value = 0) { this.value = value }
  incr() { return ++this.value }
})
async function main() {
  await pul.init()
  const counter = await exports.Counter.spawn(5)
  console.log(await counter.incr())
  await pul.shutdown()
}
if (pul.isHost) main()
`

const BRIDGE = `
import * as pul from 'pulsing'
const system = await pul.init({ threads: 1 })
console.log(system.stats().bridge)
await pul.shutdown()
`

test.serial(
  'where no binary fits and nothing can be built, the install fails and says what to install',
  async (t) => {
    const folder = join(installed, 'node_modules', 'pulsing')
    const script = join(folder, 'scripts', 'install.mjs')
    const env = bare(project)
    t.is(spawnSync(process.execPath, [script], { env }).status, 0)
    cpSync(folder, join(project.folder, 'elsewhere'), { recursive: true })
    rmSync(join(project.folder, 'elsewhere', 'prebuilds'), { recursive: true })
    const ran = spawnSync(process.execPath, [join(project.folder, 'elsewhere', 'scripts', 'install.mjs')], {
      env,
      encoding: 'utf8',
    })
    t.is(ran.status, 1)
    t.regex(ran.stderr, /needs a C\+\+ compiler, make, Python 3\./)
    t.regex(ran.stderr, /apt-get install g\+\+ make python3/)
  },
)

test.serial('the service in TypeScript is installed, checked and tested as a stranger would', async (t) => {
  const cli = join(installed, 'node_modules', '.bin', 'pulsing')
  const args = [cli, 'init', 'typed', '--template', 'typescript', '--package', `file:${project.packed}`]
  await exec(process.execPath, args, { cwd: project.folder, env: bare(project) })
  const folder = join(project.folder, 'typed')
  await npm(project, folder, 'install', '--ignore-scripts')
  await t.notThrowsAsync(npm(project, folder, 'run', 'check'))
  t.regex(await npm(project, folder, 'test'), /pass 2\n/)
})

test.serial("a stranger's path: install, init, test, run, look, kill, look again", async (t) => {
  const env = { ...bare(project), PORT: '0', OBSERVE_PORT: '0' }
  const cli = join(installed, 'node_modules', '.bin', 'pulsing')
  await exec(
    process.execPath,
    [cli, 'init', 'service', '--template', 'javascript', '--package', `file:${project.packed}`],
    {
      cwd: project.folder,
      env,
    },
  )
  const folder = join(project.folder, 'service')
  await npm(project, folder, 'install', '--ignore-scripts')
  t.regex(await npm(project, folder, 'test'), /pass 2\n/)
  const run = async () => {
    const child = spawn(process.execPath, ['src/main.js'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const said: string[] = []
    for await (const line of createInterface({ input: child.stdout })) if (said.push(line) === 2) break
    const [url = '', observeUrl = ''] = said.map((line) => /http:\S+/.exec(line)?.[0])
    return { child, url, observeUrl }
  }
  const own = join(folder, 'node_modules', '.bin', 'pulsing')
  const look = (at: string) =>
    spawnSync(process.execPath, [own, 'inspect', 'actors', '--json', '--url', at], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
  const first = await run()
  await fetch(`${first.url}/texts`, { method: 'POST', body: 'one two two' })
  const seen = look(first.observeUrl)
  t.is(seen.status, 0, seen.stderr)
  t.like(JSON.parse(seen.stdout).actors[0], { name: 'words', type: 'Words', status: 'running' })
  t.regex(
    await (await fetch(`${first.observeUrl}/metrics`)).text(),
    /pulsing_calls_total\{class="Words",method="count"\} 1\n/,
  )
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const gone = look(first.observeUrl)
  t.is(gone.status, 3)
  t.regex(gone.stderr, /No system answers at/)
  const second = await run()
  t.is(look(second.observeUrl).status, 0)
  second.child.kill('SIGINT')
  t.deepEqual(await once(second.child, 'exit'), [null, 'SIGINT'])
  t.true(readFileSync(join(folder, 'package-lock.json'), 'utf8').includes('pulsing'))
})
