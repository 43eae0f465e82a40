// pulsing init: a small service to begin with.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { usage } from './failure.js'
import type { Output } from './output.js'

export const TEMPLATES = ['typescript', 'javascript'] as const

export interface InitOptions {
  readonly template: (typeof TEMPLATES)[number]
  /** What to depend on. */
  readonly package: string
}

/** Writes into a folder that is new or empty, and nowhere else. */
export function initProject(given: string, { template, package: version }: InitOptions, out: Output): void {
  const folder = resolve(given)
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0))
    throw usage(`${folder} is there and not empty: name a new folder.`)
  const name = basename(folder).toLowerCase()
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    throw usage(`${name} can be no name of a package: use letters, digits, - and _.`)
  const root = dirname(createRequire(import.meta.url).resolve('pulsing/package.json'))
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'templates', template), folder, { recursive: true })
  // npm leaves files of these names out of a package, or reads them there.
  const manifest = join(folder, 'package.json')
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(
    manifest,
    text.replace('"NAME"', JSON.stringify(name)).replace('"VERSION"', JSON.stringify(version)),
  )
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n')
  const readme = join(folder, 'README.md')
  writeFileSync(readme, readFileSync(readme, 'utf8').replace('NAME', name))
  out.print({ folder, template }, () => {
    const short = relative('', folder)
    return `A service was written into ${short}. Now:\n\n  cd ${short}\n  npm install\n  npm test\n  npm start`
  })
}
