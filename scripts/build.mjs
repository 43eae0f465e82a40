// node scripts/build.mjs ts        compiles lib, test, bench and examples into dist/, and removes what has no source
// node scripts/build.mjs prepare   the same, as npm's prepare script: does nothing where TypeScript is not installed
// node scripts/build.mjs clean     removes dist/ and build/
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const compiled = /^(.*?)\.(d\.)?([mc]?)[jt]s(\.map)?$/

/** A test or module that was renamed must not live on in dist/. */
function prune(folder) {
  for (const entry of readdirSync(join(root, 'dist', folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (existsSync(join(root, path))) prune(path)
      else rmSync(join(root, 'dist', path), { recursive: true })
      continue
    }
    const [, name, , kind] = compiled.exec(path) ?? []
    if (name === undefined) continue
    if (!existsSync(join(root, `${name}.${kind}ts`))) rmSync(join(root, 'dist', path))
  }
}

function compile() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const ran = spawnSync(process.execPath, [tsc, '--build'], { cwd: root, stdio: 'inherit' })
  for (const folder of ['lib', 'test', 'bench', 'examples']) {
    if (existsSync(join(root, 'dist', folder))) prune(folder)
  }
  return ran.status ?? 1
}

switch (process.argv[2]) {
  case 'ts':
    process.exitCode = compile()
    break
  case 'prepare':
    if (existsSync(join(root, 'node_modules', 'typescript'))) process.exitCode = compile()
    break
  case 'clean':
    for (const folder of ['dist', 'build']) rmSync(join(root, folder), { recursive: true, force: true })
    break
  default:
    console.error('usage: node scripts/build.mjs ts | prepare | clean')
    process.exitCode = 2
}
