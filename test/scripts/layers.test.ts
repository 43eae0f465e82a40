import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'

const script: string = fileURLToPath(new URL('../../../scripts/layers.mjs', import.meta.url))

interface Verdict {
  status: number | null
  lines: string[]
}

/** Runs the check on a folder made of `files`. */
async function check(t: ExecutionContext, files: Record<string, string>): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-layers-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [stderr, status] = await Promise.all([
    text(child.stderr),
    new Promise<number | null>((settle) => child.on('close', settle)),
  ])
  return { status, lines: stderr.split('\n').filter((line) => line !== '') }
}

const sound = {
  'lib/index.ts': "export { spawn } from './system/index.js'\nexport * from './errors.js'\n",
  'lib/errors.ts': 'export class PulsingError extends Error {}\n',
  'lib/options.ts':
    "import { PulsingError } from './errors.js'\nexport const check = () => new PulsingError()\n",
  'lib/system/index.ts': "export { spawn } from './spawn.js'\n",
  'lib/system/spawn.ts':
    "import type { Ref } from '../actor/index.js'\nexport const spawn = (): Ref => ({})\n",
  'lib/actor/index.ts': 'export interface Ref {}\n',
  'lib/engine/index.ts': "export { encode } from './codec/index.js'\n",
  'lib/engine/codec/index.ts': "export { encode } from './encoder.js'\n",
  'lib/engine/codec/encoder.ts':
    "import '../symbols.js'\nimport { check } from '../../options.js'\nexport const encode = check\n",
  'lib/engine/symbols.ts': "export const addon = 'a.node is named in no string that ends so'\n",
  'lib/engine/binding.ts': "export const path = '../../build/Release/pulsing.node'\n",
  'native/core/inbox.h': '#include <atomic>\n#include "node_list.h"\n',
  'native/core/node_list.h': '',
}

test('a project that keeps its layers has no violation', async (t) => {
  t.deepEqual(await check(t, sound), { status: 0, lines: [] })
})

const faults: [title: string, files: Record<string, string>, lines: string[]][] = [
  [
    'a lower layer that imports an upper one, for its types alone too',
    {
      'lib/actor/context.ts':
        "\nimport type { spawn } from '../system/index.js'\nexport type S = typeof spawn\n",
      'lib/errors.ts': "export type * from './engine/index.js'\n",
    },
    [
      "lib/actor/context.ts:2: imports '../system/index.js': actor must not use system",
      "lib/errors.ts:1: imports './engine/index.js': errors must not use engine",
    ],
  ],
  [
    'an import past the index of a folder',
    {
      'lib/system/names.ts': "import '../engine/symbols.js'\n",
      'lib/engine/dispatch.ts': "import './codec/encoder.js'\n",
    },
    [
      "lib/engine/dispatch.ts:1: imports './codec/encoder.js' past lib/engine/codec/index.ts",
      "lib/system/names.ts:1: imports '../engine/symbols.js' past lib/engine/index.ts",
    ],
  ],
  [
    'every way of naming a module',
    {
      'lib/actor/a.ts': [
        "export type T = import('../system/index.js').T",
        "export const load = () => import('../queue/index.js')",
        "export const url = new URL('../cluster/index.js', import.meta.url)",
        "const r = require('../topic/index.js')",
        "export * from '../index.js'",
      ].join('\n'),
    },
    [
      "lib/actor/a.ts:1: imports '../system/index.js': actor must not use system",
      "lib/actor/a.ts:2: imports '../queue/index.js': actor must not use queue",
      "lib/actor/a.ts:3: imports '../cluster/index.js': actor must not use cluster",
      "lib/actor/a.ts:4: imports '../topic/index.js': actor must not use topic",
      "lib/actor/a.ts:5: imports '../index.js': actor must not use index",
    ],
  ],
  [
    'a file that belongs to no layer, and an import of the package by its name or from outside',
    {
      'lib/util.ts': '',
      'lib/system/a.ts': "import 'pulsing'\nimport '../../test/a.js'\nimport '../util.js'\n",
    },
    [
      "lib/system/a.ts:1: imports 'pulsing': use a relative path",
      "lib/system/a.ts:2: imports '../../test/a.js' from outside lib",
      "lib/system/a.ts:3: imports '../util.js', which is in no layer",
      'lib/util.ts:1: is in no layer (cli > testing > index > observe > queue > topic > cluster > wire > system > supervision > actor > engine > options > errors)',
    ],
  ],
  [
    'a second file that loads the addon',
    {
      'lib/engine/thread.ts':
        "// build/Release/pulsing.node in a comment is nothing\nconst a = require('../../build/Release/pulsing.node')\n",
      'lib/actor/a.ts': "import load from 'node-gyp-build'\nprocess.dlopen(module, load.path('.'))\n",
    },
    [
      'lib/actor/a.ts:1: loads the addon: only lib/engine/binding.ts may',
      'lib/actor/a.ts:2: loads the addon: only lib/engine/binding.ts may',
      "lib/engine/thread.ts:2: imports '../../build/Release/pulsing.node' from outside lib",
      'lib/engine/thread.ts:2: loads the addon: only lib/engine/binding.ts may',
    ],
  ],
  [
    'a core that includes Node, V8 or libuv',
    {
      'native/core/engine.cc':
        '#include <atomic>\n#include <uv.h>\n# include "v8-isolate.h"\n#include <node_api.h>\n',
    },
    [
      "native/core/engine.cc:2: the core includes 'uv.h'",
      "native/core/engine.cc:3: the core includes 'v8-isolate.h'",
      "native/core/engine.cc:4: the core includes 'node_api.h'",
    ],
  ],
]

for (const [title, files, lines] of faults) {
  test(`${title} is found, with its place`, async (t) => {
    t.deepEqual(await check(t, { ...sound, ...files }), { status: 1, lines })
  })
}
