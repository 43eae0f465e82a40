// node scripts/test.mjs [--no-build] [test file or ava option]...
// Brings dist/ and the addon up to date, runs ava, and ends with one line: N passed, N failed[, N skipped].
// Test files may be named as they stand in test/, or as they stand in dist/test/.
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

const changed = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs

function addonIsStale() {
  const built = changed('build/Release/pulsing.node')
  if (built === undefined) return true
  const sources = ['native/core', 'native/node'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name)),
  )
  return ['binding.gyp', ...sources].some((path) => (changed(path) ?? 0) > built)
}

function build() {
  const run = (...args) =>
    spawnSync(args[0], args.slice(1), { cwd: root, stdio: 'inherit', shell: args[0] === 'npm' })
  // By npm, since it is npm that tells node-gyp where Node's headers are.
  if (addonIsStale() && run('npm', 'run', '--silent', 'build:native').status !== 0) return false
  return run(process.execPath, 'scripts/build.mjs', 'ts').status === 0
}

/** test/a.test.ts -> dist/test/a.test.js; anything else is ava's to judge. */
function compiledName(argument) {
  if (argument.startsWith('-') || !/\.ts(:[\d,-]+)?$/.test(argument)) return argument
  const path = relative(root, resolve(argument)).replace(/\.ts(?=$|:)/, '.js')
  return /^test[\\/]/.test(path) ? join('dist', path) : argument
}

/**
 * Counts by the lines of ava's own reporter. Its TAP output would be easier to read, but ends with an error of its own
 * when a test hangs; and this one names the tests that hang.
 */
function ava(args) {
  const cli = join(dirname(createRequire(import.meta.url).resolve('ava')), 'cli.mjs')
  const colour = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    env: { ...process.env, ...colour },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const [stream, out] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    createInterface({ input: stream }).on('line', (line) => {
      out.write(`${line}\n`)
      const plain = stripVTControlCharacters(line)
      if (/^ {2}[✔√] /.test(plain)) count.passed++
      else if (/^ {2}- \[skip\] /.test(plain)) count.skipped++
      // Failed tests and hooks, and files that crash, throw or hold no test; then the tests that hang.
      else if (/^ {2}[✘✖×] (?!Timed out)/.test(plain) || /^ {2}[◌*] /.test(plain)) count.failed++
    })
  }
  return new Promise((settle) => child.on('close', (code) => settle({ ...count, code: code ?? 1 })))
}

// Ctrl-C reaches ava as well; what it has to say comes first.
process.on('SIGINT', () => {})

const args = process.argv.slice(2)
const wanted = args.filter((argument) => argument !== '--no-build').map(compiledName)
const built = args.includes('--no-build') || build()
const result = built ? await ava(wanted) : { passed: 0, failed: 1, skipped: 0, code: 1 }
if (result.failed === 0 && (result.code !== 0 || result.passed === 0)) result.failed = 1
process.exitCode = result.failed > 0 ? 1 : 0
const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : ''
console.log(`${result.passed} passed, ${result.failed} failed${skipped}`)
