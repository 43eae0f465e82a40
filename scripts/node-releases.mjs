// node scripts/node-releases.mjs <folder> [release...]
// Brings releases of Node (20, 22, 24 and 26 unless named) with their headers, as npm packages, into a folder, and prints the
// path of each: <folder>/node_modules/node22, say. What is there already is left as it is.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The lines of Node that the package is built for and tested with. */
export const RELEASES = ['20', '22', '24', '26']

/** Gives the folder of each release, in which bin/node and include/node stand. */
export function fetchReleases(folder, releases = RELEASES) {
  const prefixOf = (release) => join(folder, 'node_modules', `node${release}`)
  const missing = releases.filter((release) => !existsSync(prefixOf(release)))
  if (missing.length > 0) {
    mkdirSync(folder, { recursive: true })
    if (!existsSync(join(folder, 'package.json')))
      writeFileSync(join(folder, 'package.json'), '{"private":true}')
    const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
    const specs = missing.map((release) => `node${release}@npm:node-${platform}@${release}`)
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...specs]
    const ran = spawnSync('npm', args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    })
    if (ran.status !== 0) throw new Error(`npm could not bring Node ${missing.join(', ')}`)
  }
  return new Map(releases.map((release) => [release, prefixOf(release)]))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...releases] = process.argv.slice(2)
  if (folder === undefined) {
    console.error('usage: node scripts/node-releases.mjs <folder> [release...]')
    process.exit(2)
  }
  const found = fetchReleases(resolve(folder), releases.length > 0 ? releases : undefined)
  for (const prefix of found.values()) console.log(prefix)
}
