import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type ActorSystem, queue } from 'pulsing'
import { compiled, rejection, start } from '../bed.js'
import { NodeProcess } from '../cluster/processes.js'
import { conformance, newTopic, type Order, orders } from './conformance.js'

const using = (folder: string) => ({ backend: 'lmdb', backendOptions: { folder } })

function newFolder(t: Pick<ExecutionContext, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-queue-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const folder = mkdtempSync(join(tmpdir(), 'pulsing-queue-'))
conformance(test, 'lmdb', true, () => ({ options: using(folder) }))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

async function system(t: ExecutionContext, options = {}): Promise<ActorSystem> {
  const made = await start(options)
  t.teardown(() => made.shutdown())
  return made
}

test('what was flushed survives kill -9, and nothing is half there', async (t) => {
  const folder = newFolder(t)
  const child = fork(compiled('queue-writer.js'), [folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let flushed = 0
  child.on('message', (count) => {
    flushed = count as number
    if (flushed >= 5000) child.kill('SIGKILL')
  })
  await once(child, 'exit')
  t.true(flushed >= 5000)
  const after = await system(t)
  const reader = await queue.of(after).read<Order>('orders', using(folder))
  const all = [...(await reader.get({ limit: 1_000_000 }))]
  for (let more = await reader.get({ limit: 10_000 }); more.length > 0; ) {
    all.push(...more)
    more = await reader.get({ limit: 10_000 })
  }
  t.true(all.length >= flushed)
  const there = new Set(all.map(({ n }) => n))
  t.is(there.size, all.length)
  for (let n = 0; n < flushed; n++) if (!there.has(n)) t.fail(`${n} was flushed, and is lost`)
})

test('flush resolves when the system has synced what was put to the disk: a trace of its calls', async (t) => {
  const folder = newFolder(t)
  const trace = join(folder, 'trace')
  const program = [process.execPath, compiled('queue-flusher.js'), join(folder, 'queue'), '10']
  const traced = spawn('strace', ['-f', '-e', 'trace=fdatasync,fsync,msync,write', '-o', trace, ...program], {
    stdio: 'ignore',
  })
  const ended = await Promise.race([once(traced, 'exit'), once(traced, 'error').catch((error) => [error])])
  t.is(ended[0], 0, 'strace is needed: apt-get install strace')
  /** Of each put: whether a sync that began after it had ended before its flush did. */
  const synced: boolean[] = []
  let isSynced = false
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    if (/(fdatasync|fsync|msync)(\(| resumed).*= 0$/.test(line)) isSynced = true
    if (line.includes('write(1, "flushed')) {
      synced.push(isSynced)
      isSynced = false
    }
  }
  t.deepEqual(synced, new Array(10).fill(true))
})

test('a disk that is full is an error, the batch is written whole or not at all, and it goes on when there is room', async (t) => {
  const folder = newFolder(t)
  // A disk of 6 MiB, which nobody else sees.
  const mount = 'mount -t tmpfs -o size=6m tmpfs . && cd "$PWD" && head -c 2M /dev/zero > filler && exec "$@"'
  const node = await NodeProcess.start(
    t,
    { nodeId: 'a' },
    { command: ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', mount, 'sh'], cwd: folder },
  )
  const options = { numBuckets: 1, ...using('queue') }
  const batch = 2000
  let put = 0
  let failed: Error & { code?: unknown } = new Error('the disk was never full')
  for (; put < 200; put++) {
    const error = await node.do('put', 'orders', options, put * batch, batch).then(
      () => undefined,
      (reason) => reason,
    )
    if (error === undefined) continue
    failed = error
    break
  }
  t.is(failed.code, 'ERR_PULSING_STORAGE_FAILED', failed.message)
  t.true(put > 0)
  const count = async () => ((await node.do('get', 'orders', options)) as number[]).length
  t.is(await count(), put * batch)
  await node.do('remove', 'filler')
  await node.do('put', 'orders', options, put * batch, batch)
  t.is(await count(), (put + 1) * batch)
})

test('a folder that is cut short, noise, or another node’s is an error, and stays as it was', async (t) => {
  const folder = newFolder(t)
  const first = await system(t)
  const writer = await queue.of(first).write<Order>('orders', { numBuckets: 1, ...using(folder) })
  await writer.put(orders(1000))
  await first.shutdown()
  const file = (of: string) => join(of, 'orders', '0', 'data.mdb')
  const damage: [name: string, how: (folder: string) => void][] = [
    ['cut', (of) => truncateSync(file(of), 8192)],
    ['noise', (of) => writeFileSync(file(of), Buffer.alloc(100_000, 7))],
    ['short', (of) => writeFileSync(file(of), 'hello')],
    ['topic', (of) => writeFileSync(join(of, 'orders', 'topic.json'), '{"format":9}')],
  ]
  for (const [name, how] of damage) {
    const copy = join(newFolder(t), name)
    cpSync(folder, copy, { recursive: true })
    how(copy)
    const before = readFileSync(file(copy))
    const one = await system(t)
    const reading = queue.of(one).read('orders', { numBuckets: 1, ...using(copy) })
    const { code, message } = await rejection(reading)
    t.is(code, 'ERR_PULSING_STORAGE_FAILED', name)
    t.true(message.includes(copy), message)
    t.deepEqual(readFileSync(file(copy)), before)
    await one.shutdown()
  }
  const named = await system(t, { nodeId: 'one' })
  const own = newFolder(t)
  await (await queue.of(named).write<Order>('orders', using(own))).put(orders(1))
  await named.shutdown()
  const stranger = await system(t, { nodeId: 'two' })
  const foreign = queue.of(stranger).read('orders', using(own))
  t.is((await rejection(foreign)).code, 'ERR_PULSING_STORAGE_FAILED')
})

test('options of the folder are checked, and a folder that can not be made is an error', async (t) => {
  const one = await system(t)
  for (const backendOptions of [{}, { folder: '' }, { folder: 5 }, { folder: 'x', more: 1 }])
    t.is(
      (await rejection(queue.of(one).write(newTopic(), { backend: 'lmdb', backendOptions }))).code,
      'ERR_PULSING_INVALID_OPTION',
    )
  const path = join(newFolder(t), 'file')
  writeFileSync(path, '')
  const writer = await queue
    .of(one)
    .write<Order>(newTopic(), using(path))
    .catch((error) => error)
  const failed =
    writer instanceof Error ? (writer as Error & { code?: unknown }) : await rejection(writer.put(orders(1)))
  t.is(failed.code, 'ERR_PULSING_STORAGE_FAILED')
})
