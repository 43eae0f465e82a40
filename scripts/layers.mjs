// node scripts/layers.mjs [project folder]
// Holds lib/ to its layers. A file may use the layers to the right of its own, and of another folder its index.ts alone:
//   cli > testing > index > observe > queue > topic > cluster > wire > system > supervision > actor > engine > options > errors
// Only lib/engine/binding.ts loads the addon, and native/core includes nothing of Node, V8 or libuv.
// Types count like values. Prints file:line and what is wrong; exits 1 if anything is.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const layers = [
  'cli',
  'testing',
  'index',
  'observe',
  'queue',
  'topic',
  'cluster',
  'wire',
  'system',
  'supervision',
  'actor',
  'engine',
  'options',
  'errors',
]
const loader = 'engine/binding.ts'
const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'))
const lib = join(root, 'lib')
const violations = []

function filesIn(folder, wanted) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => wanted.test(path))
    .sort()
}

/** 'actor/ref.ts' -> 'actor', 'errors.ts' -> 'errors'; undefined for what is in no layer. */
function layerOf(file) {
  const name = file.split('/')[0].replace(/\.[mc]?ts$/, '')
  return layers.includes(name) ? name : undefined
}

/** The nearest folder around `target` that `file` is not in and that has an index: it must be used through that. */
function sealedFolder(file, target) {
  const folders = posix.dirname(target).split('/')
  for (let depth = 1; depth <= folders.length; depth++) {
    const folder = folders.slice(0, depth).join('/')
    if (folder === '.' || file.startsWith(`${folder}/`)) continue
    if (depth === 1 || existsSync(join(lib, folder, 'index.ts'))) return folder
  }
  return undefined
}

/** What is wrong with lib/`file` naming the module `specifier`, if anything. */
function judge(file, specifier) {
  if (specifier === 'pulsing' || specifier.startsWith('pulsing/'))
    return `imports '${specifier}': use a relative path`
  if (!specifier.startsWith('.')) return undefined
  const target = posix.normalize(posix.join(posix.dirname(file), specifier)).replace(/\.([mc]?)js$/, '.$1ts')
  if (target.startsWith('../'))
    return target === '../package.json' ? undefined : `imports '${specifier}' from outside lib`
  const [from, to] = [layerOf(file), layerOf(target)]
  if (to === undefined) return `imports '${specifier}', which is in no layer`
  if (from !== to && layers.indexOf(to) < layers.indexOf(from))
    return `imports '${specifier}': ${from} must not use ${to}`
  const folder = sealedFolder(file, target)
  if (folder !== undefined && target !== `${folder}/index.ts`) {
    return `imports '${specifier}' past lib/${folder}/index.ts`
  }
  return undefined
}

/** Every module that a file names: import, export, import(), import types, require and new URL(..., import.meta.url). */
function moduleName(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return node.argument.literal
  if (ts.isExternalModuleReference(node)) return node.expression
  if (ts.isCallExpression(node)) {
    const callee = node.expression
    const loads =
      callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
    return loads ? node.arguments[0] : undefined
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.[1]) {
    const [path, base] = node.arguments
    const isModule = ts.isStringLiteralLike(path) && /\.[mc]?js$/.test(path.text)
    return isModule && base.getText() === 'import.meta.url' ? path : undefined
  }
  return undefined
}

function loadsAddon(node) {
  if (ts.isStringLiteralLike(node))
    return node.text === 'node-gyp-build' || /\.node$|build\/Release/.test(node.text)
  return ts.isPropertyAccessExpression(node) && node.name.text === 'dlopen'
}

function checkFile(file) {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(lib, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  )
  const report = (node, text) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart())
    violations.push(`lib/${file}:${line + 1}: ${text}`)
  }
  if (layerOf(file) === undefined) report(source, `is in no layer (${layers.join(' > ')})`)
  const visit = (node) => {
    const named = moduleName(node)
    const wrong = named && ts.isStringLiteralLike(named) ? judge(file, named.text) : undefined
    if (wrong !== undefined) report(node, wrong)
    if (file !== loader && loadsAddon(node)) report(node, `loads the addon: only lib/${loader} may`)
    ts.forEachChild(node, visit)
  }
  visit(source)
}

function checkCore(file) {
  const path = join(root, 'native', 'core', file)
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const header = /^\s*#\s*include\s*[<"]((node|v8|uv|napi|nan|js_native_api)[\w./-]*)[>"]/.exec(line)?.[1]
    if (header !== undefined && !existsSync(join(dirname(path), header))) {
      violations.push(
        `${relative(root, path).split(sep).join('/')}:${index + 1}: the core includes '${header}'`,
      )
    }
  }
}

const modules = filesIn(lib, /(?<!\.d)\.[mc]?ts$/)
const core = filesIn(join(root, 'native', 'core'), /\.(h|cc)$/)
modules.forEach(checkFile)
core.forEach(checkCore)
for (const violation of violations) console.error(violation)
console.log(`layers: ${modules.length + core.length} files, ${violations.length} violations`)
process.exitCode = violations.length > 0 ? 1 : 0
