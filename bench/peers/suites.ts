// Peers that are whole programs: they run all their rows at once and print the figures.

import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runProgram } from '../launch.js'
import { type Result, resultOf } from '../measure.js'
import type { Unit } from '../scenario.js'

export interface Suite {
  readonly name: string
  readonly version: string
  /** Where it is short: the rows to measure right beside it. */
  readonly rows?: readonly string[]
  run(): Promise<Result[]>
}

const LIMIT_MS = 600_000

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

const cafConfig = ['/usr/include/caf/config.hpp', '/usr/local/include/caf/config.hpp']

interface Toolchain {
  /** The Debian packages that bring it. */
  readonly packages: string
  present(): boolean
  version(): Promise<string>
}

async function said(command: string, ...args: string[]): Promise<string> {
  return (await runProgram(command, args, 30_000)).stdout.trim()
}

const TOOLCHAINS: Readonly<Record<string, Toolchain>> = {
  erlang: {
    packages: 'erlang-base',
    present: () => onPath('erl') && onPath('erlc'),
    version: async () =>
      `Erlang/OTP ${await said('erl', '-noshell', '-eval', 'io:format("~s", [erlang:system_info(otp_release)]), halt().')}`,
  },
  caf: {
    packages: 'libcaf-dev g++',
    present: () => onPath('g++') && cafConfig.some((path) => existsSync(path)),
    version: async () => {
      const path = cafConfig.find((file) => existsSync(file))
      const number = path && /CAF_VERSION (\d+)/.exec(readFileSync(path, 'utf8'))?.[1]
      if (!number) return 'CAF'
      // 1805 is 0.18.5
      return `CAF ${Math.floor(Number(number) / 10_000)}.${Math.floor(Number(number) / 100) % 100}.${Number(number) % 100}`
    },
  },
  go: {
    packages: 'golang-go',
    present: () => onPath('go'),
    version: async () => (await said('go', 'version')).replace(/^go version go(\S+).*$/, 'Go $1'),
  },
}

export const SUITE_NAMES: readonly string[] = Object.keys(TOOLCHAINS)

/** The programs of a folder that has erlang/run.sh, caf/run.sh and go/run.sh, or some of them. */
export async function peerSuites(folder: string, wanted: (name: string) => boolean): Promise<Suite[]> {
  const names = SUITE_NAMES.filter((name) => existsSync(join(folder, name, 'run.sh')))
  if (names.length === 0)
    throw new Error(`The folder ${folder} has none of erlang/run.sh, caf/run.sh and go/run.sh.`)
  const suites: Suite[] = []
  for (const name of names.filter(wanted)) {
    const { packages, present, version } = TOOLCHAINS[name] as Toolchain
    if (!present())
      throw new Error(`The peer ${name} can't be run here: install the Debian packages ${packages}.`)
    suites.push({ name, version: await version(), run: () => runScript(name, join(folder, name, 'run.sh')) })
  }
  return suites
}

async function runScript(name: string, script: string): Promise<Result[]> {
  const { stdout, stderr, ended } = await runProgram('sh', [script], LIMIT_MS)
  if (ended !== 0) throw new Error(`${name}/run.sh ended with ${ended}\n${stderr.trim()}`)
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const { peer, bench, value, unit } = JSON.parse(line) as {
        peer: string
        bench: string
        value: number
        unit: Unit
      }
      return resultOf(peer, bench, unit, [value])
    })
}

/** The prototype's names of rows, and ours. */
const PROTOTYPE_ROWS: Readonly<Record<string, string>> = {
  'tell-cross-int': 'tell-cross-int',
  'tell-cross-obj': 'tell-cross',
  'ask-seq': 'ask-host',
  'ask-pipelined': 'ask-pipelined',
  pingpong: 'pingpong-cross',
}

/** The prototype of the path between two threads, built in its folder. */
export function prototypeSuite(folder: string): Suite {
  if (!existsSync(join(folder, 'eng.mjs'))) throw new Error(`The folder ${folder} has no eng.mjs.`)
  if (!existsSync(join(folder, 'build', 'Release', 'eng.node'))) {
    throw new Error(`The prototype in ${folder} is not built: run npm install && npm run build there.`)
  }
  return {
    name: 'prototype',
    version: 'prototype',
    rows: Object.values(PROTOTYPE_ROWS),
    run: () => runPrototype(folder),
  }
}

/** It aborts at its end, on purpose, so its exit code says nothing. */
async function runPrototype(folder: string): Promise<Result[]> {
  const { stdout, stderr } = await runProgram(process.execPath, ['eng.mjs'], LIMIT_MS, folder)
  const results: Result[] = []
  for (const line of stdout.split('\n')) {
    const [, name = '', value] = /^(\S+) +([\d.]+) M\/s/.exec(line) ?? []
    const row = PROTOTYPE_ROWS[name]
    if (row !== undefined) results.push(resultOf('prototype', row, 'ops/s', [Number(value) * 1e6]))
  }
  if (results.length !== Object.keys(PROTOTYPE_ROWS).length) {
    throw new Error(`the prototype gave ${results.length} figures\n${stderr.trim()}`)
  }
  return results
}
