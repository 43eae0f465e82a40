// pulsing call: a method of an actor of a cluster, from a node that joins for it and leaves.

import type { Logger } from '../index.js'
import { argumentsOf } from './arguments.js'
import { EXIT, Failure, usage } from './failure.js'
import { type NodeOptions, systemOptionsOf } from './node-options.js'

export interface CallOptions extends NodeOptions {
  readonly timeout: number
  readonly tell?: boolean
  readonly onNode?: string
}

/** What goes wrong is said by how the command ends. */
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** What it gives is printed as JSON, a line each for the items of a stream. Fails as the call does. */
export async function callMethod(
  name: string,
  method: string,
  words: readonly string[],
  { timeout: timeoutMs, tell, onNode, ...options }: CallOptions,
  signal: AbortSignal,
): Promise<void> {
  if (options.seeds === undefined)
    throw usage('Say which cluster: --seeds host:port, the address of any of its nodes.')
  const pul = await import('../index.js')
  const system = await pul.actorSystem({ threads: 0, logger: silent, ...systemOptionsOf(options) })
  try {
    const ref = await system
      .resolve(name, onNode === undefined ? {} : { nodeId: onNode })
      .catch(async (error: unknown) => {
        if ((await system.members()).length > 1) throw error
        const seeds = (options.seeds as string[]).join(', ')
        throw new Failure(
          EXIT.unreachable,
          'unreachable',
          `No node of a cluster with this passphrase answers at ${seeds}.`,
        )
      })
    const given = argumentsOf(words)
    if (tell === true) {
      await pul.tell(ref.asAny())[method]?.(...given)
      return
    }
    const call = pul.withCall(ref.asAny(), { timeoutMs, signal })[method]?.(...given)
    if (call === undefined) throw usage(`${method} is no name of a method.`)
    for await (const item of call) process.stdout.write(`${textOf(item)}\n`)
  } finally {
    await system.shutdown()
  }
}

/** What JSON has no word for is shown as near to it as can be. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return String(one)
    if (one instanceof Map) return [...one]
    if (one instanceof Set) return [...one]
    if (one instanceof Uint8Array) return Buffer.from(one).toString('base64')
    return one
  })
  return text ?? 'null'
}
