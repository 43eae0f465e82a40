// Two nodes over loopback, as the rows of clusters use them.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as pul from 'pulsing'
import type { Running } from './scenario.js'
import { withSystem } from './system.js'

/** This process is one node with one engine thread, the other has what is called by its name. */
export async function withNode(
  passphrase: string | undefined,
  prepare: (of: (name: string) => Promise<pul.ActorRef>) => Promise<Running['run']>,
): Promise<Running> {
  const file = fileURLToPath(new URL('./cluster-node.js', import.meta.url))
  const other = fork(file, passphrase === undefined ? [] : [passphrase])
  const [addr] = (await once(other, 'message')) as [string]
  const running = await withSystem(() => prepare((name) => pul.getSystem().resolve(name)), {
    threads: 1,
    seeds: [addr],
    passphrase,
  })
  return {
    run: running.run,
    close: async () => {
      await running.close()
      const exit = once(other, 'exit')
      other.disconnect()
      await exit
    },
  }
}
