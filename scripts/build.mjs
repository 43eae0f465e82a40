// node scripts/build.mjs ts        compiles lib, test, bench and examples into dist/, removes what has no source, and makes
//                                  dist/bundle of dist/lib; with --readable it keeps its names, as a profile wants them
//                                  and the page of lib/observe/page, for browsers
// node scripts/build.mjs prepare   the same, as npm's prepare script: does nothing where TypeScript is not installed
// node scripts/build.mjs clean     removes dist/, build/ and prebuilds/
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const readable = process.argv.includes('--readable')
const compiled = /^(.*?)\.(d\.)?([mc]?)[jt]sx?(\.map)?$/

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
    if (!existsSync(join(root, `${name}.${kind}ts`)) && !existsSync(join(root, `${name}.tsx`)))
      rmSync(join(root, 'dist', path))
  }
}

/** What users import, and where threads begin. Workers and actors are found by their URL: they stand beside what is shared. */
const ENTRIES = {
  index: 'index.js',
  errors: 'errors/public.js',
  testing: 'testing/index.js',
  boot: 'system/boot.js',
  'cluster-boot': 'cluster/cluster-boot.js',
  'offload-worker': 'actor/offload-worker.js',
  cli: 'cli/main.js',
  'bench-actors': 'cli/bench-actors.js',
}

/** An engine thread starts in two thirds of the time with a few files in place of a hundred. */
async function bundle() {
  const lib = join(root, 'dist', 'lib')
  const to = join(root, 'dist', 'bundle')
  if (!readable && isNewer(join(to, 'index.js'), lib)) return
  const { rollup } = await import('rollup')
  const made = await rollup({
    input: Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, join(lib, path)])),
    external: (id) => !/^[./]/.test(id) && !isAbsolute(id),
    plugins: [{ name: 'compiled', load, renderChunk: readable ? undefined : minify }],
    onwarn(warning) {
      if (warning.code !== 'CIRCULAR_DEPENDENCY') throw new Error(warning.message)
    },
  })
  rmSync(to, { recursive: true, force: true })
  await made.write({
    dir: to,
    sourcemap: true,
    chunkFileNames: '[name].js',
    generatedCode: 'es2015',
    minifyInternalExports: false,
  })
}

/** With the map to its source, so that the bundle's leads there too. */
function load(file) {
  return {
    code: readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
    map: JSON.parse(readFileSync(`${file}.map`, 'utf8')),
  }
}

/**
 * What a user installs is small. Names of classes, methods and exported functions stay, and lines are short, since those are printed
 * with an error; with node --enable-source-maps its stack leads to the sources.
 */
async function minify(code, _chunk, _options, { chunks }) {
  const { minify: made } = await import('terser')
  const exported = Object.values(chunks).flatMap(({ isEntry, exports }) => (isEntry ? exports : []))
  return made(code, {
    module: true,
    ecma: 2020,
    compress: { passes: 2 },
    keep_classnames: true,
    keep_fnames: new RegExp(`^(?:${exported.join('|')})$`),
    format: { max_line_len: 120 },
    sourceMap: true,
  })
}

/**
 * What a browser is given, packed as it is sent: the page's script, with all that it needs, its style and its frame. It is so
 * small that it is made each time.
 */
async function page() {
  const from = join(root, 'lib', 'observe', 'page')
  const to = join(root, 'dist', 'bundle', 'page')
  const { build } = await import('esbuild')
  const common = { bundle: true, minify: !readable, write: false, logLevel: 'warning' }
  const made = await Promise.all([
    build({
      ...common,
      entryPoints: [join(from, 'main.tsx')],
      format: 'esm',
      target: 'es2022',
      tsconfig: join(from, 'tsconfig.json'),
    }),
    build({ ...common, entryPoints: [join(from, 'styles.css')] }),
  ])
  mkdirSync(to, { recursive: true })
  const write = (name, bytes) => writeFileSync(join(to, `${name}.gz`), gzipSync(bytes, { level: 9 }))
  write('page.js', made[0].outputFiles[0].contents)
  write('page.css', made[1].outputFiles[0].contents)
  write('index.html', readFileSync(join(from, 'index.html')))
}

function isNewer(file, folder) {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return readdirSync(folder, { recursive: true }).every(
    (name) => statSync(join(folder, name)).mtimeMs <= made,
  )
}

async function compile() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const ran = spawnSync(process.execPath, [tsc, '--build'], { cwd: root, stdio: 'inherit' })
  for (const folder of ['lib', 'test', 'bench', 'examples']) {
    if (existsSync(join(root, 'dist', folder))) prune(folder)
  }
  if (ran.status === 0) {
    await bundle()
    await page()
  }
  return ran.status ?? 1
}

switch (process.argv[2]) {
  case 'ts':
    process.exitCode = await compile()
    break
  case 'prepare':
    if (existsSync(join(root, 'node_modules', 'typescript'))) process.exitCode = await compile()
    break
  case 'clean':
    for (const folder of ['dist', 'build', 'prebuilds'])
      rmSync(join(root, folder), { recursive: true, force: true })
    break
  default:
    console.error('usage: node scripts/build.mjs ts | prepare | clean')
    process.exitCode = 2
}
