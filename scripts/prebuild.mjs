// node scripts/prebuild.mjs [--releases <folder>]
// Builds what the package carries for this platform, into prebuilds/<platform>-<arch>/:
//   pulsing.<libc>.node             the addon, by Node-API: one for every release of Node
//   v8/pulsing_v8.abi<n>.node       what is bound to one V8 version, one for each release in scripts/node-releases.mjs
// A copy of the sources is built, so that build/ stays as it is. --releases: where those releases of Node are kept, or shall be.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fetchReleases } from './node-releases.mjs'

const require = createRequire(import.meta.url)
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const target = join(root, 'prebuilds', `${process.platform}-${process.arch}`)
const scratch = mkdtempSync(join(tmpdir(), 'pulsing-prebuild-'))
const at = process.argv.indexOf('--releases')
const releasesFolder = at < 0 ? join(scratch, 'releases') : resolve(process.argv[at + 1] ?? '')

function copyOfSources(name) {
  const folder = join(scratch, name)
  mkdirSync(folder, { recursive: true })
  for (const part of ['binding.gyp', 'package.json', 'native'])
    cpSync(join(root, part), join(folder, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  return folder
}

function strip(file) {
  if (process.platform === 'linux') run('strip', ['--strip-unneeded', file], root)
}

function run(command, args, cwd, env = process.env) {
  const ran = spawnSync(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] })
  if (ran.status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: ran.error })
}

/** The oldest release's headers would do; Node-API is the same in all. */
async function addon() {
  const cwd = copyOfSources('addon')
  await promisify(require('prebuildify'))({
    cwd,
    out: root,
    name: 'pulsing',
    napi: true,
    strip: true,
    tagLibc: true,
    quiet: true,
    targets: [process.versions.node],
  })
}

function bridge(prefix) {
  const node = join(prefix, 'bin', 'node')
  const cwd = copyOfSources(`bridge-${prefix.slice(-2)}`)
  const gyp = [require.resolve('node-gyp/bin/node-gyp.js'), '--loglevel=error']
  // npm may name headers of its own Node there, and node-gyp prefers those.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/nodedir$/i.test(name)))
  run(node, [...gyp, 'configure', `--nodedir=${prefix}`], cwd, env)
  run(node, [...gyp, 'build', 'pulsing_v8', '--jobs', 'max'], cwd, env)
  const abi = spawnSync(node, ['-p', 'process.versions.modules'], { encoding: 'utf8' }).stdout.trim()
  const file = join(target, 'v8', `pulsing_v8.abi${abi}.node`)
  cpSync(join(cwd, 'build', 'Release', 'pulsing_v8.node'), file)
  strip(file)
}

try {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(join(target, 'v8'), { recursive: true })
  await addon()
  for (const [release, prefix] of fetchReleases(releasesFolder)) {
    bridge(prefix)
    console.log(`pulsing_v8 is built for Node ${release}`)
  }
  console.log(`all of it stands in ${target}`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
