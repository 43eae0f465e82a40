import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { QueueWriteOptions } from 'pulsing'
import { Queuer } from '../actors/queuer.js'
import { perSecond, type Running, type Scenario } from '../scenario.js'
import { HERE, patient, withSystem } from '../system.js'

let topics = 0

async function withQueue(
  backend: string,
  prepare: (options: QueueWriteOptions) => Promise<Running['run']>,
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsing-bench-'))
  const backendOptions = backend === 'lmdb' ? { folder } : {}
  const running = await withSystem(() => prepare({ backend, backendOptions }))
  return {
    run: running.run,
    close: async () => {
      await running.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const putting =
  (batch: number) =>
  async (options: QueueWriteOptions): Promise<Running['run']> => {
    const queuer = patient(await Queuer.options(HERE).spawn())
    return async (count) => perSecond(count, await queuer.put(`t${++topics}`, options, count, batch))
  }

const getting =
  (batch: number) =>
  async (options: QueueWriteOptions): Promise<Running['run']> => {
    const queuer = patient(await Queuer.options(HERE).spawn())
    return async (count) => {
      const topic = `t${++topics}`
      await queuer.put(topic, options, count, 1000)
      return perSecond(count, await queuer.get(topic, count, batch))
    }
  }

const rows = (backend: string, name: string, quick: number, full: number): readonly Scenario[] => [
  {
    name: `queue-put${name}`,
    unit: 'ops/s',
    operation: `one record of 200 bytes, put in batches of 100 and flushed, ${backend}`,
    sizes: { quick, full },
    open: () => withQueue(backend, putting(100)),
  },
  {
    name: `queue-put-1000${name}`,
    unit: 'ops/s',
    operation: `the same in batches of 1,000, ${backend}`,
    sizes: { quick, full },
    open: () => withQueue(backend, putting(1000)),
  },
  {
    name: `queue-get${name}`,
    unit: 'ops/s',
    operation: `one record of 200 bytes, read in gets of 100, ${backend}`,
    sizes: { quick, full },
    open: () => withQueue(backend, getting(100)),
  },
]

export const scenarios: readonly Scenario[] = [
  ...rows('memory', '', 200_000, 1_000_000),
  ...rows('lmdb', '-lmdb', 100_000, 500_000),
]
