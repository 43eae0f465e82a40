import type { Scenario } from '../scenario.js'
import { HERE } from '../system.js'
import { telling } from '../telling.js'

export const scenarios: readonly Scenario[] = [
  {
    name: 'tell-local',
    unit: 'ops/s',
    operation: 'one message { id, op, n } to a counter on the same thread; ends with an ask for the count',
    sizes: { quick: 3_000_000, full: 20_000_000 },
    open: telling('objects', HERE),
  },
  {
    name: 'tell-local-int',
    unit: 'ops/s',
    operation: 'the same with an integer',
    sizes: { quick: 5_000_000, full: 30_000_000 },
    open: telling('integers', HERE),
  },
  {
    name: 'tell-local-shared',
    unit: 'ops/s',
    operation: 'the same with a shared object { id, op, n }',
    sizes: { quick: 5_000_000, full: 30_000_000 },
    open: telling('shared', HERE),
  },
]
