// Brings the addon into place. As npm's install script it takes a binary from prebuilds/ that loads here, else it
// builds from source; with --source (npm run build:native) it always builds. Runs before anything is compiled.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'

const say = (text) => console.error(`pulsing: ${text}`)

function prebuild() {
  if (!existsSync(join(root, 'prebuilds'))) return undefined
  process.env.PREBUILDS_ONLY = '1'
  try {
    const file = require('node-gyp-build').resolve(root)
    // The name says that it should fit; only loading it, where a crash does no harm, says that it does.
    const tried = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', file], { stdio: 'ignore' })
    return tried.status === 0 ? file : undefined
  } catch {
    return undefined
  }
}

const onPath = (names) =>
  names.some((name) => {
    const program = name.split(' ')[0]
    if (program.includes('/')) return existsSync(program)
    return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
  })

/** What a build needs and is not here. On Windows node-gyp looks by itself, in the registry and by vswhere. */
function missingTools() {
  if (windows) return []
  const set = (...names) => names.map((name) => process.env[name]).filter((value) => value)
  const cxx = set('CXX')
  const python = set('npm_config_python', 'NODE_GYP_FORCE_PYTHON', 'PYTHON')
  const missing = []
  if (!onPath(cxx.length > 0 ? cxx : ['g++', 'c++', 'clang++'])) missing.push('a C++ compiler')
  if (!onPath([...set('MAKE'), 'make', 'gmake'])) missing.push('make')
  if (!onPath(python.length > 0 ? python : ['python3', 'python'])) missing.push('Python 3')
  return missing
}

const packages = `Install them and run npm install again:
  Debian, Ubuntu   apt-get install g++ make python3
  Fedora, RHEL     dnf install gcc-c++ make python3
  Alpine           apk add g++ make python3
  macOS            xcode-select --install
  Windows          winget install Python.Python.3.12 Microsoft.VisualStudio.2022.BuildTools
                   (in its installer choose "Desktop development with C++")`

/** The command that runs node-gyp: the one npm brings, else a dependency's, else what stands on the PATH. */
function nodeGyp() {
  const fromNpm = process.env.npm_config_node_gyp
  if (fromNpm && existsSync(fromNpm)) return [process.execPath, fromNpm]
  try {
    return [process.execPath, require.resolve('node-gyp/bin/node-gyp.js')]
  } catch {}
  const besideNode = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm')
  try {
    return [
      process.execPath,
      createRequire(join(besideNode, 'package.json')).resolve('node-gyp/bin/node-gyp.js'),
    ]
  } catch {}
  return [windows ? 'node-gyp.cmd' : 'node-gyp']
}

/** Node's own archives carry its headers: using them spares node-gyp a download. */
function headers() {
  if (process.env.npm_config_nodedir) return []
  const prefix = resolve(dirname(process.execPath), windows ? '.' : '..')
  try {
    const text = readFileSync(join(prefix, 'include', 'node', 'node_version.h'), 'utf8')
    const part = (name) => text.match(new RegExp(`#define NODE_${name}_VERSION (\\d+)`))?.[1]
    const version = `v${part('MAJOR')}.${part('MINOR')}.${part('PATCH')}`
    return version === process.version ? [`--nodedir=${prefix}`] : []
  } catch {
    return []
  }
}

function gyp(...args) {
  const [command, ...first] = nodeGyp()
  const options = { cwd: root, stdio: 'inherit', shell: windows && first.length === 0 }
  const ran = spawnSync(command, [...first, ...args, '--loglevel=error', ...headers()], options)
  if (ran.error) say(`${command} could not be started: ${ran.error.message}`)
  return ran.status === 0
}

function build() {
  const missing = missingTools()
  if (missing.length > 0) {
    say(
      `no prebuilt binary fits ${process.platform}-${process.arch}, and building one needs ${missing.join(', ')}.`,
    )
    say(packages)
    return false
  }
  say('building the addon from source')
  const jobs = ['--jobs', 'max']
  if (!gyp('configure') || !gyp('build', 'pulsing', ...jobs)) {
    say('the addon could not be built; the reason stands above. Its sources need a compiler with C++20:')
    say('GCC 11, Clang 14, Visual Studio 2022 or newer.')
    return false
  }
  // npm test compares this time with the sources'; make leaves it where only a comment of binding.gyp changed.
  utimesSync(join(root, 'build', 'Release', 'pulsing.node'), new Date(), new Date())
  if (!gyp('build', 'pulsing_v8', ...jobs)) {
    rmSync(join(root, 'build', 'Release', 'pulsing_v8.node'), { force: true })
    say(
      'pulsing_v8 could not be built. This is no fault: the engine works without it, but copies what it would',
    )
    say('move, and cannot share a SharedArrayBuffer between its threads.')
  }
  return true
}

const wantSource = process.argv.includes('--source') || process.env.npm_config_build_from_source
if (wantSource || prebuild() === undefined) process.exitCode = build() ? 0 : 1
