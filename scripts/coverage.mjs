// node scripts/coverage.mjs: what all tests cover. The bundle keeps its lines for that: of a minified one, nothing is known.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const bundle = join(root, 'dist', 'bundle')
const run = (...args) =>
  spawnSync(args[0], args.slice(1), { cwd: root, stdio: 'inherit', shell: args[0] !== process.execPath })
    .status
const build = (...args) => run(process.execPath, 'scripts/build.mjs', 'ts', ...args)

if (build('--readable') !== 0) process.exit(1)
const status = run('npx', 'c8', '--experimental-monocart', 'npm', 'run', '--silent', 'test:all')
// What is packed is small.
rmSync(bundle, { recursive: true, force: true })
process.exitCode = status || build()
