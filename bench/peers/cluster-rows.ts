// The rows of two processes, for whoever can ask and tell the other.

import { type Ask, askInSequence, askMedian, askPipelined, TEXT } from '../messages.js'
import { check, perSecond, type Running, type Scenario } from '../scenario.js'

export interface Caller {
  ask(message: unknown): Promise<unknown>
  /** Undefined where more can be told at once. */
  tell(message: unknown): undefined | Promise<unknown>
  close(): Promise<void>
}

/** pipelined: calls of a run of that row, as many as take some seconds. */
export function clusterRows(open: () => Promise<Caller>, pipelined: number): Scenario[] {
  const withCaller = async (run: (caller: Caller, size: number) => Promise<number>): Promise<Running> => {
    const caller = await open()
    return { run: (size) => run(caller, size), close: () => caller.close() }
  }
  const asking = (asks: (ask: Ask, count: number) => Promise<number>) => () =>
    withCaller(async (caller, count) => perSecond(count, await asks((message) => caller.ask(message), count)))
  const telling = (more: object) => () =>
    withCaller(async (caller, count) => {
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        const full = caller.tell({ id: i, op: 'add', n: 1, ...more })
        if (full !== undefined) await full
      }
      check('the sum', await caller.ask({ id: count, op: 'get', n: 0 }), count)
      return perSecond(count, performance.now() - begun)
    })
  const row = (
    name: string,
    quick: number,
    full: number,
    start: () => Promise<Running>,
    unit: Scenario['unit'] = 'ops/s',
  ): Scenario => ({
    name,
    unit,
    operation: '',
    sizes: { quick, full },
    open: start,
  })
  return [
    row('cluster-ask', 5000, 30_000, asking(askInSequence)),
    row(
      'cluster-ask-p50',
      5000,
      30_000,
      () => withCaller((caller, count) => askMedian((message) => caller.ask(message), count)),
      'us',
    ),
    row('cluster-ask-pipelined', 50_000, pipelined, asking(askPipelined)),
    row('cluster-tell', 100_000, 3_000_000, telling({})),
    row('cluster-tell-100', 100_000, 2_000_000, telling({ text: TEXT })),
  ]
}
