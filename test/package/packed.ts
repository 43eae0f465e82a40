// The package as npm would publish it, installed in an empty project of a machine that has Node and nothing else.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../bed.js'

const exec = promisify(execFile)

export interface Project {
  /** Removed by whoever made it. */
  readonly folder: string
  /** The packed file. */
  readonly packed: string
  /** A PATH with node and npm, and no compiler, make or Python. */
  readonly path: string
  /** npm's own program. */
  readonly npm: string
}

/** Builds the binaries, and packs. releases: where releases of Node are kept. */
export async function pack(releases: string): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-package-'))
  await exec(process.execPath, ['scripts/prebuild.mjs', '--releases', releases], { cwd: root })
  const { stdout } = await exec('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  const path = join(folder, 'bin')
  mkdirSync(path)
  symlinkSync(process.execPath, join(path, 'node'))
  // npm starts what stands in scripts by it.
  symlinkSync('/bin/sh', join(path, 'sh'))
  return { folder, packed: join(folder, filename), path, npm: npmProgram() }
}

function npmProgram(): string {
  const fromNpm = process.env.npm_execpath
  if (fromNpm !== undefined && existsSync(fromNpm)) return fromNpm
  const modules = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm')
  return createRequire(join(modules, 'package.json')).resolve('npm/bin/npm-cli.js')
}

/** The environment of a process there; node: the folder of another release. */
export function bare({ path }: Project, node?: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS|CXX|MAKE|PYTHON)/i.test(name),
  )
  const registry = Object.entries(process.env).filter(([name]) =>
    /^npm_config_(registry|cache|cafile)$/i.test(name),
  )
  return {
    ...(Object.fromEntries([...kept, ...registry]) as Record<string, string>),
    PATH: node === undefined ? path : [join(node, 'bin'), path].join(delimiter),
  }
}

/** A project of its own with the packed file installed, without running any install script. */
export async function install(project: Project, name: string, ...more: string[]): Promise<string> {
  const folder = join(project.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')
  await npm(project, folder, 'install', '--ignore-scripts', project.packed, ...more)
  return folder
}

export async function npm(project: Project, cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await exec(process.execPath, [project.npm, ...args, '--no-audit', '--no-fund'], {
    cwd,
    env: bare(project),
  })
  return stdout
}
