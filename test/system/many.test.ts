import test from 'ava'
import { compiled, run } from '../bed.js'

test('100 systems are started and stopped in one process, and no thread, handle or memory is left', async (t) => {
  t.timeout(110_000)
  // glibc's allocator keeps freed arenas unless told not to, which would look like a leak.
  const env = { MALLOC_MMAP_THRESHOLD_: '131072' }
  const ended = await run(compiled('many.js'), {
    nodeArgs: ['--expose-gc'],
    args: ['100'],
    env,
    timeoutMs: 100_000,
  })
  t.is(ended.code, 0, ended.stderr)
  const { before, after } = JSON.parse(ended.stdout)
  t.log(ended.stdout.trim())
  t.true(after.threads <= before.threads)
  t.true(after.handles <= before.handles)
  t.true(after.resources <= before.resources)
  // 100 arenas, heaps of threads or tables would be far more.
  t.true(after.rssKb - before.rssKb < 30 * 1024)
})
