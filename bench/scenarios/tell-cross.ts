import type { Scenario } from '../scenario.js'
import { THERE } from '../system.js'
import { telling } from '../telling.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'tell-cross',
    unit: 'ops/s',
    operation:
      'one message { id, op, n } to a counter on another engine thread; ends with an ask for the count',
    sizes: { quick: 2_000_000, full: 10_000_000 },
    open: telling('objects', THERE),
  },
  {
    name: 'tell-cross-int',
    unit: 'ops/s',
    operation: 'the same with an integer',
    sizes: { quick: 10_000_000, full: 50_000_000 },
    open: telling('integers', THERE),
  },
]
