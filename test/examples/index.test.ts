// The main job, run as a user runs it, on folders made here.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { Chunk } from '../../examples/01-index/chunk.js'
import { type Counted, differences } from '../../examples/01-index/compare.js'
import { shown } from '../../examples/01-index/figures.js'

const main = fileURLToPath(new URL('../../examples/01-index/main.js', import.meta.url))
// One after the other: each has all cores.
const onPosix = process.platform === 'win32' ? test.skip : test.serial
const onLinux = process.platform === 'linux' ? test.serial : test.skip

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** Runs the program; `stopAt`: sends SIGINT when that has been written to standard error. */
async function index(args: readonly string[], stopAt?: RegExp): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    const before = stopAt?.test(errors)
    errors += part
    if (stopAt?.test(errors) && !before) child.kill('SIGINT')
  })
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { code, out, errors }
}

interface Json {
  isStopped: boolean
  files: number
  bytes: number
  folders: number
  binary: number
  links: number
  others: number
  unreadable: number
  words: number
  differentWords: number
  overlong: number
  top: { word: string; count: number }[]
  extensions: { extension: string; files: number; bytes: number }[]
  unreadablePaths: { path: string; code: string }[]
  verified?: { isSame: boolean; differences: number; pairs: unknown[]; first: { kind: string }[] }
}

async function indexed(t: ExecutionContext, ...args: string[]): Promise<Json> {
  const { code, out, errors } = await index(['--json', ...args])
  t.is(code, 0, errors)
  return JSON.parse(out) as Json
}

/** A folder of this test's own. */
function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pulsing-index-'))
  // Not by rmSync: it gives up on paths that are too long.
  t.teardown(() => execFileSync('rm', ['-rf', path]))
  return path
}

function write(path: string, name: string | Buffer, content: string | Uint8Array): void {
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name as string)]), content)
}

onPosix('--verify holds on a folder of everything that is odd', async (t) => {
  const path = folder(t)
  let [files, bytes] = [0, 0]
  const add = (name: string | Buffer, content: string | Uint8Array, under = path) => {
    write(under, name, content)
    files++
    bytes += content.length
  }
  add('empty.txt', '')
  add('no-extension', 'One two THREE')
  add('.hidden', 'hidden.')
  add('ends-in-a-dot.', 'dot')
  add('Upper.TXT', 'UPPER')
  add('line\nbreak \u001b[31m.txt', 'named oddly')
  add(Buffer.from([0x66, 0xff, 0xfe, 0x2e, 0x74]), 'a name that is no UTF-8')
  add('invalid.txt', Buffer.from([0xff, 0xfe, 0x41, 0x80, 0x20, 0xc3, 0x28, 0xc3, 0xa9, 0xf0, 0x9f, 0x98]))
  add('crlf.txt', 'one\r\ntwo\r\n\r\nthree')
  // Words that lie across every border that there may be between two blocks, some of them too long.
  let borders = ''
  for (let i = 0; borders.length < 1 << 20; i++) borders += `${'xyz'.repeat(30).slice(0, 1 + (i % 80))} `
  add('borders.txt', borders)
  add('one-word.txt', Buffer.alloc(3 << 20, 'W'))
  add('sixty-four.txt', `${'q'.repeat(64)} ${'r'.repeat(65)}`)
  add('nul-late.txt', `${'x '.repeat(4096)}\0after`)
  write(path, 'nul-last-looked-at.bin', `${'x '.repeat(4095)}x\0after`)
  write(path, 'nul-first.bin', Buffer.of(0))
  const words = Buffer.from('the quick brown fox jumps over 1 lazy dog_dog; Größe naïve 日本語 -- x=y ')
  add('a-line-of-50-MB.txt', Buffer.alloc(50e6, words))
  // Links to the folder that they are in, to one another, and to nothing.
  symlinkSync('.', join(path, 'self'))
  symlinkSync('b', join(path, 'a'))
  symlinkSync('a', join(path, 'b'))
  symlinkSync('nowhere', join(path, 'dangling'))
  execFileSync('mkfifo', [join(path, 'pipe')])
  let deep = path
  for (let i = 0; i < 50; i++) deep = join(deep, `level-${i}`)
  mkdirSync(deep, { recursive: true })
  add('deep.txt', 'deep', deep)
  // A path that is too long to be opened, for whoever runs this.
  let long = join(path, 'long\nname')
  while (long.length < 3800) long = join(long, 'n'.repeat(Math.min(200, 3900 - long.length)))
  mkdirSync(long, { recursive: true })
  execFileSync('touch', ['u'.repeat(250)], { cwd: long })

  const found = await indexed(t, '--verify', '--threads', '2', '--top', '3', path)
  t.true(found.verified?.isSame)
  t.true(found.verified!.pairs.length > 0)
  t.like(found, { isStopped: false, files, bytes, binary: 2, links: 4, others: 1, unreadable: 1 })
  t.true(found.overlong > 1000)
  t.deepEqual(
    found.unreadablePaths.map(({ code }) => code),
    ['ENAMETOOLONG'],
  )
  t.regex(found.unreadablePaths[0]!.path, /long\\nname\/n/)
  t.is(found.extensions.find(({ extension }) => extension === '')?.files, 3)
  t.like(
    found.extensions.find(({ extension }) => extension === '.t'),
    { files: 1 },
  )
})

onPosix('the report ends with what was verified, and nothing of a name can break a line', async (t) => {
  const path = folder(t)
  write(path, 'a.txt', 'word word')
  write(path, 'b.x\ny\u001b', 'other')
  const { code, out, errors } = await index(['--verify', path])
  t.is(code, 0, errors)
  t.regex(out, /^ {2}word +2$/m)
  t.regex(out, /^ {2}\.x\\ny\\x1b +1 file/m)
  t.regex(out, /\nDone: 2 files in 1 folder, .* files\/s, .* MB\/s\.\n/)
  t.regex(out, /\nVerified: the counts of 2 words .* times as fast on .*\.\n$/)
})

onLinux('a count that differs is shown, and fails the run', async (t) => {
  // Whoever reads this folder's file uuid gets another one.
  const { code, out, errors } = await index(['--verify', '/proc/sys/kernel/random'])
  t.is(code, 1, errors)
  t.regex(out, /^ {2}word [0-9a-f]+: 1 in the pipeline, 0 in the plain program$/m)
  t.regex(out, /\nNot the same: \d+ counts .*\n$/)
})

test('every difference is found', (t) => {
  const counted = (): Counted & { words: Map<string, number> } => ({
    totals: {
      files: 3,
      bytes: 30,
      folders: 1,
      binary: 0,
      links: 0,
      others: 0,
      unreadable: 0,
      words: 9,
      differentWords: 2,
      overlong: 0,
      extensions: new Map([['.ts', { files: 3, bytes: 30 }]]),
    },
    words: new Map([
      ['one', 4],
      ['two', 5],
    ]),
  })
  t.deepEqual([...differences(counted(), counted())], [])
  const planted = counted()
  planted.totals.bytes = 31
  planted.totals.extensions.set('.ts', { files: 3, bytes: 31 })
  planted.words.set('one', 3).set('three', 1).delete('two')
  const found = (a: Counted, b: Counted) =>
    [...differences(a, b)].map((one) => Object.values(one).join(' ')).sort()
  t.deepEqual(found(planted, counted()), [
    'extension .ts bytes 31 30',
    'total bytes 31 30',
    'word one 3 4',
    'word three 1 0',
    'word two 0 5',
  ])
  t.is(found(counted(), planted).length, 5)
})

onPosix('the counts are those of coreutils', async (t) => {
  const path = folder(t)
  mkdirSync(join(path, 'sub'))
  write(path, 'a.md', 'The cat, the Dog.\nx y zz; snake_case 3d 2024-01-02')
  write(path, 'b.txt', 'no line break at the end')
  write(path, 'sub/c.md', `${'Long'.repeat(16)} ${'Long'.repeat(17)}\tGrößer ÄÖÜ 日本語`)
  write(path, 'sub/d.txt', Buffer.from('caf\xe9 \xff\xfe THE', 'latin1'))
  write(path, 'sub/e.bin', 'the\0the')
  write(path, 'sub/f.txt', '')
  const sh = (script: string) =>
    execFileSync('sh', ['-c', script], {
      cwd: path,
      encoding: 'latin1',
      env: { ...process.env, LC_ALL: 'C' },
    })
  const isText = '[ "$(head -c 8192 "$f" | wc -c)" = "$(head -c 8192 "$f" | tr -d "\\000" | wc -c)" ]'
  const each = (what: string) =>
    `find . -type f -exec sh -c 'for f; do if ${isText}; then ${what}; fi; done' sh {} +`
  const words = sh(
    `${each('cat "$f"; echo')} | tr -cs 'A-Za-z0-9_\\200-\\377' '\\n' | tr A-Z a-z | grep -aE '^.{2,64}$' | sort | uniq -c`,
  )
  const counts = words
    .trimEnd()
    .split('\n')
    .map((line) => /^ *(\d+) (.*)$/.exec(line)!)
    .map(([, count, word]) => ({ word: shown(word!), count: Number(count) }))
    .sort((a, b) => (a.word < b.word ? -1 : 1))
  t.true(counts.length >= 20)

  const found = await indexed(t, '--top', '1000', path)
  t.deepEqual(
    found.top.sort((a, b) => (a.word < b.word ? -1 : 1)),
    counts,
  )
  t.is(found.differentWords, counts.length)
  t.is(found.files, sh(each('echo')).length)
  t.is(found.binary, 1)
  t.is(found.bytes, Number(sh(`${each('cat "$f"')} | wc -c`)))
  for (const { extension, files, bytes } of found.extensions) {
    const of = `find . -name '*${extension}' -type f`
    t.is(files, Number(sh(`${of} | wc -l`)), extension)
    t.is(bytes, Number(sh(`${of} -exec cat {} + | wc -c`)), extension)
  }
  t.deepEqual(found.extensions.map(({ extension }) => extension).sort(), ['.md', '.txt'])
})

test.serial('the counts are the same on any number of threads', async (t) => {
  const path = folder(t)
  for (let i = 0; i < 100; i++) write(path, `${i}.txt`, `file ${i} of ${'many '.repeat(i)}`)
  const counts = await Promise.all(
    ['0', '1', '3'].map(async (threads) => {
      const { words, differentWords, files, bytes, top } = await indexed(t, '--threads', threads, path)
      return { words, differentWords, files, bytes, top }
    }),
  )
  t.is(counts[0]!.files, 100)
  t.deepEqual(counts[0]!.top[0], { word: 'many', count: 4950 })
  t.deepEqual(counts[1], counts[0])
  t.deepEqual(counts[2], counts[0])
})

test.serial(
  'a folder that does not exist, and a wrong option, are one sentence and exit code 2',
  async (t) => {
    const path = folder(t)
    write(path, 'file', 'text')
    const wrong = [
      [join(path, 'no\nsuch')],
      [join(path, 'file')],
      ['--verfy'],
      ['--top', 'ten'],
      ['--threads', '-1'],
      ['--threads', '1000'],
      ['one', 'two'],
      [''],
    ]
    for (const { code, out, errors } of await Promise.all(wrong.map((args) => index(args)))) {
      t.is(code, 2, errors)
      t.is(out, '')
      t.regex(errors, /^[^\n]+\.\n$/)
    }
  },
)

test.serial('--help says what there is', async (t) => {
  const { code, out } = await index(['--help'])
  t.is(code, 0)
  for (const option of ['--top', '--threads', '--verify', '--json']) t.true(out.includes(option))
})

onPosix('Ctrl-C stops it with what is counted so far', async (t) => {
  const path = folder(t)
  const large = openSync(join(path, 'large.txt'), 'w')
  writeSync(large, 'some words '.repeat(1000))
  closeSync(large)
  // Too much to be read before it is stopped, though it takes no room on the disk.
  truncateSync(join(path, 'large.txt'), 2 ** 40)
  const { code, out, errors } = await index(['--verify', path], /1 files of/)
  t.is(code, 130, errors)
  t.regex(out, /Stopped before the end/)
  t.regex(out, /^ {2}words +1,000$/m)
  t.regex(out, /\nStopped after 1 file in 1 folder, .*\n$/)
})

test('what is shown stays on its line', (t) => {
  t.is(shown('a\nb\r\t\x1b[0m'), 'a\\nb\\r\\t\\x1b[0m')
  t.is(shown(Buffer.from('é日\u202e\u2028').toString('latin1')), 'é日\\u{202e}\\u{2028}')
  t.is(shown('\xff\n'), '\\xff\\n')
})

test('a word that a chunk ends in goes on in the next one, of one that is too long its beginning', (t) => {
  const latin1 = (chunk: Chunk) => Buffer.from(chunk.bytes.subarray(0, chunk.end)).toString('latin1')
  const chunk = new Chunk(new Uint8Array(200))
  const fill = (of: Chunk, content: string) => {
    of.bytes.set(Buffer.from(content), of.end)
    of.end += content.length
  }
  fill(chunk, 'before')
  chunk.endFile()
  chunk.beginFile()
  fill(chunk, 'one two')
  const next = new Chunk(new Uint8Array(200))
  chunk.moveOpenWord(next)
  t.deepEqual([latin1(chunk), latin1(next)], ['before\none ', 'two'])
  fill(next, 'x'.repeat(150))
  const last = new Chunk(new Uint8Array(200))
  next.moveOpenWord(last)
  t.deepEqual([latin1(next), latin1(last)], ['', `two${'x'.repeat(62)}`])
})
