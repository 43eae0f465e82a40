// Pages of the documentation that are made of what was measured, and of nothing else.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'

/** The root of the project, from dist/bench. */
export const ROOT: URL = new URL('../../', import.meta.url)

const DOCS = new URL('docs/', ROOT)
const IMAGES = new URL('images/', DOCS)

/** Of the project itself, or of a package that is installed. */
export function versionOf(name: string): string | undefined {
  try {
    const path = new URL(name === 'pulsing' ? 'package.json' : `node_modules/${name}/package.json`, ROOT)
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
  } catch {
    return undefined
  }
}

/** Where it was measured, and when, as a table. more: its further lines, a name and what it is. */
export function machine(more: readonly (readonly [string, string])[] = []): string {
  const [cpu] = cpus()
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  const rows = [
    ['machine', `${cpu?.model.trim()}, ${availableParallelism()} cores, ${memory}, ${type()} ${release()}`],
    ['versions', `pulsing ${versionOf('pulsing')}, Node ${process.version}`],
    ...more,
    ['date', new Date().toISOString().slice(0, 10)],
  ]
  const last = new Map(rows.map(([name, value]) => [name, value]))
  return ['| | |', '|---|---|', ...[...last].map(([name, value]) => `| ${name} | ${value} |`)].join('\n')
}

export function pageOf(title: string, command: string, sections: readonly string[]): string {
  const first = `This page is written by \`${command}\`, from that run alone: change nothing here by hand.`
  return `${[`# ${title}`, first, ...sections].join('\n\n')}\n`
}

export function write(name: string, text: string): void {
  mkdirSync(DOCS, { recursive: true })
  writeFileSync(new URL(name, DOCS), text)
}

/** Gives the path that a page names it by. */
export function writePicture(name: string, svg: string): string {
  mkdirSync(IMAGES, { recursive: true })
  writeFileSync(new URL(`${name}.svg`, IMAGES), svg)
  return `images/${name}.svg`
}
