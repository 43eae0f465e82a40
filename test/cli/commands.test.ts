import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { until } from '../bed.js'
import { begin, cli, fixture, next, pulsing, type Running } from './bed.js'

const LOCAL = '127.0.0.1:0'

function node(t: ExecutionContext, ...more: string[]): Promise<Running> {
  return begin(t, [
    'actor',
    `${fixture}#Counter`,
    '--name',
    'counter',
    '--threads',
    '1',
    '--addr',
    LOCAL,
    '--observe',
    '0',
    ...more,
  ])
}

test('help has examples, and says what exit codes mean', async (t) => {
  const { stdout, code } = await pulsing(['--help'])
  t.is(code, 0)
  for (const name of ['actor', 'inspect', 'watch', 'top', 'call', 'bench', 'init'])
    t.regex(stdout, new RegExp(`^  ${name}`, 'm'))
  t.regex(stdout, /Exit codes:/)
  t.regex((await pulsing(['call', '--help'])).stdout, /Examples:\n {2}pulsing call counter incr/)
})

test('what is no command, option or number ends with 2, and says what there is', async (t) => {
  for (const args of [
    ['insepct'],
    ['inspect', 'actors', '--top', '0'],
    ['inspect', 'actors', '--by', 'name'],
    ['watch', '--interval', 'often'],
    ['call', 'counter', 'incr'],
    ['call', 'counter'],
    ['inspect', 'cluster', '--url', 'ftp://x'],
    ['inspect', 'cluster', '--token-file', '/nowhere'],
    ['init', '.'],
    ['init', 'a', '--template', 'rust'],
  ]) {
    const { code, stdout, stderr } = await pulsing(args)
    t.deepEqual([code, stdout], [2, ''], args.join(' '))
    t.regex(stderr, /\w+ .*[.)]\n/s, args.join(' '))
  }
})

test('a class that is not there is a sentence with those that are, and nothing is begun', async (t) => {
  const failing = async (what: string, wanted: RegExp, code = 2) => {
    const ended = await pulsing(['actor', what, '--threads', '0'])
    t.is(ended.code, code)
    t.regex(ended.stderr, wanted)
    t.is(ended.stdout, '')
  }
  await failing('./nowhere.js#Counter', /nowhere\.js is not there/)
  await failing(`${fixture}#Conter`, /exports no class Conter\. It exports Counter, Plain\./)
  await failing(fixture, /Say which class .*Counter, Plain\./)
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const broken = join(folder, 'broken.js')
  writeFileSync(broken, 'class {')
  await failing(`${broken}#A`, /can not be loaded: /, 1)
})

test('a class runs as an actor with its arguments by position and by name, and is called from elsewhere', async (t) => {
  const running = await node(t, '--', '5', '--label', 'a b', '--deep-one={"x":[1]}', '--fast')
  const { said } = running
  t.like(said, { actor: 'counter', class: 'Counter' })
  const at = ['--seeds', said.addr as string]
  const called = async (...args: string[]) => {
    const { stdout, stderr, code } = await pulsing(['call', ...at, 'counter', ...args])
    return code === 0 ? stdout : `${code} ${stderr}`
  }
  t.is(await called('incr', '3'), '8\n')
  t.is(await called('named'), '{"label":"a b","deepOne":{"x":[1]},"fast":true}\n')
  t.is(await called('upTo', '--', '--to', '3'), '{"i":0}\n{"i":1}\n{"i":2}\n')
  t.is(await called('--tell', 'incr', '10'), '')
  t.is(await called('refuse'), '1 pulsing: that is too much\n')
  t.regex(await called('nothing'), /^1 pulsing: .*no method "nothing"/)
  const missing = await pulsing(['call', ...at, 'nobody', 'incr', '--json'])
  t.is(missing.code, 1)
  t.is(JSON.parse(missing.stderr).error.code, 'ERR_PULSING_ACTOR_NOT_FOUND')
  running.child.kill('SIGINT')
  t.deepEqual(await running.ended, [null, 'SIGINT'])
})

test('a cluster that does not answer is said to be, with 3', async (t) => {
  const { code, stderr } = await pulsing(['call', 'counter', 'incr', '--seeds', '127.0.0.1:9'])
  t.is(code, 3)
  t.is(stderr, 'pulsing: No node of a cluster with this passphrase answers at 127.0.0.1:9.\n')
})

test('a command ends as its actor does', async (t) => {
  const leaving = await node(t)
  await pulsing(['call', '--seeds', leaving.said.addr as string, '--tell', 'counter', 'leave'])
  t.deepEqual(await leaving.ended, [0, null])
  const dying = await node(t)
  await pulsing(['call', '--seeds', dying.said.addr as string, '--tell', 'counter', 'crash'])
  t.deepEqual(await dying.ended, [1, null])
})

test('a class that was not given to remote runs on the main thread, and that is said', async (t) => {
  const running = await begin(t, ['actor', `${fixture}#Plain`, '--addr', LOCAL, '--name', 'plain'])
  const { stdout } = await pulsing(['call', 'plain', 'hello', '--seeds', running.said.addr as string])
  t.is(stdout, '"hello"\n')
})

test('a system is inspected as tables and as JSON, without joining it', async (t) => {
  const { said } = await node(t)
  const at = ['--url', said.observeUrl as string]
  const inspected = async (what: string, ...more: string[]) => {
    const { stdout, stderr, code } = await pulsing(['inspect', what, ...at, ...more])
    t.deepEqual([stderr, code], ['', 0])
    return stdout
  }
  t.regex(await inspected('actors'), /^ACTOR .*\n(.*\n)?counter +CommandedCounter +1 +running/)
  const { actors, found } = JSON.parse(await inspected('actors', '--json', '--filter', 'commanded'))
  t.deepEqual([found, actors[0].name], [1, 'counter'])
  t.regex(await inspected('threads'), /^THREAD .*\nhost .*yes\n1 .*yes\n$/)
  t.is(JSON.parse(await inspected('threads', '--json')).length, 2)
  t.regex(await inspected('cluster'), new RegExp(`${said.nodeId} +${said.addr} +alive`))
  t.is(JSON.parse(await inspected('cluster', '--json')).members.length, 1)
  t.regex(await inspected('queues'), /^TOPIC/)
  t.regex(await inspected('metrics'), /^pulsing_actors\{thread="1"\} 1$/m)
  t.is(JSON.parse(await inspected('metrics', '--json')).nodeId, said.nodeId)
})

test('watch tells what changes as it does, and ends by Ctrl-C', async (t) => {
  const { said } = await node(t, '--restart', 'on-failure')
  const watching = await begin(t, ['watch', '--interval', '50', '--url', said.observeUrl as string])
  t.is(watching.said.what, 'begin')
  const joined = next(watching, ({ what, text }) => what === 'member' && /new -> alive/.test(text as string))
  await pulsing(['call', '--seeds', said.addr as string, 'counter', 'incr'])
  await joined
  const died = next(watching, ({ what }) => what === 'threadDied')
  const restarted = next(watching, ({ what }) => what === 'restart')
  await pulsing(['call', '--seeds', said.addr as string, '--tell', 'counter', 'crash'])
  t.regex((await died).text as string, /^thread 1 died.*a stray timer/)
  t.regex((await restarted).text as string, /is made again/)
  watching.child.kill('SIGINT')
  t.deepEqual(await watching.ended, [130, null])
})

test('watch and top say that the system is gone, with 3', async (t) => {
  const running = await node(t)
  const at = ['--url', running.said.observeUrl as string]
  const watching = await begin(t, ['watch', '--interval', '50', ...at])
  const looking = await begin(t, ['top', '--interval', '50', ...at])
  running.child.kill('SIGKILL')
  t.deepEqual(await watching.ended, [3, null])
  t.deepEqual(await looking.ended, [3, null])
})

test('top gives threads, methods and actors by load', async (t) => {
  const { said } = await node(t)
  await pulsing(['call', '--seeds', said.addr as string, 'counter', 'incr'])
  const args = ['top', '--interval', '50', '--count', '2', '--url', said.observeUrl as string]
  const { stdout, code } = await pulsing([...args, '--json'])
  t.is(code, 0)
  const [first] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.is(first.threads.length, 2)
  t.is(first.actors.find(({ name }: { name: string }) => name === 'counter').restarts, 0)
  t.is(first.methods[0].method, 'incr')
  const { stdout: text } = await pulsing(args)
  t.regex(text, /ACTOR .*LOAD/)
  t.false(text.includes('\x1b[K'))
})

const onTerminals = process.platform === 'linux' ? test : test.skip

onTerminals('on a terminal top is live: keys sort it, q puts the terminal back', async (t) => {
  const { said } = await node(t)
  const command = [process.execPath, cli, 'top', '--interval', '50', '--url', said.observeUrl as string]
  // Gives it a terminal of its own.
  const child = spawn('script', ['-qfec', command.join(' '), '/dev/null'], {
    env: { ...process.env, NODE_OPTIONS: '', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text
  })
  const ended = once(child, 'close')
  await until(() => shown.includes('\x1b[7ml load'))
  child.stdin.write('r')
  await until(() => shown.includes('\x1b[7mr restarts'))
  child.stdin.write('q')
  t.is((await ended)[0], 0)
  t.true(shown.includes('\x1b[?1049h') && shown.trimEnd().endsWith('\x1b[?1049l'))
})

test('a token is asked for: a wrong one, and another server, are refused with 3', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const right = file('right', 'a-token-of-some-length\n')
  const { said } = await node(t, '--observe-token-file', right)
  const asked = (...more: string[]) =>
    pulsing(['inspect', 'threads', '--url', said.observeUrl as string, ...more])
  t.is((await asked()).code, 3)
  const wrong = await asked('--token-file', file('wrong', 'another'))
  t.is(wrong.code, 3)
  t.regex(wrong.stderr, /--token-file/)
  t.is((await asked('--token-file', right)).code, 0)
  t.is((await pulsing(['inspect', 'threads', '--url', 'http://127.0.0.1:9'])).code, 3)
  const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const strange = await pulsing(['inspect', 'threads', '--url', `http://127.0.0.1:${port}`])
  t.is(strange.code, 3)
})
