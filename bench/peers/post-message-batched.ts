// Node's own, with a hundred objects in each message.

import type { Add } from '../messages.js'
import { check, perSecond, type Scenario } from '../scenario.js'
import { withWorker } from './post-message.js'

export const peer = 'postMessage-batched-100'

const BATCH = 100

export const scenarios: readonly Scenario[] = [
  {
    name: 'tell-cross',
    unit: 'ops/s',
    operation:
      'one of a hundred { id, op, n } in a message to a worker that adds; ends with a question for the sum',
    sizes: { quick: 500_000, full: 1_000_000 },
    open: () =>
      withWorker(async (asked, size) => {
        const begun = performance.now()
        let told = 0
        while (told < size) {
          const batch: Add[] = []
          for (let i = 0; i < BATCH; i++) batch.push({ id: told++, op: 'tell', n: 1 })
          asked.worker.postMessage(batch)
        }
        check('the sum', await asked.ask({ op: 'count' }), told)
        return perSecond(told, performance.now() - begun)
      }),
  },
]
