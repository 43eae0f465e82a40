// The side of a node in a process of its own: it does what its parent asks over IPC, and ends with it.

import type { ActorSystem } from 'pulsing'

type Operation = (...args: never[]) => unknown

interface Request {
  readonly id: number
  readonly name: string
  readonly args: never[]
}

/** Says that it is there, with a value, and then what came of each thing it was asked. */
export function answer(
  system: ActorSystem,
  operations: Readonly<Record<string, Operation>>,
  ready: unknown,
): void {
  process.on('message', async ({ id, name, args }: Request) => {
    try {
      say({ id, value: await operations[name]?.(...args) })
    } catch (error) {
      const { message, code } = error as { message: string; code?: unknown }
      say({ id, error: { message, code } })
    }
  })
  process.on('disconnect', () => system.shutdown({ timeoutMs: 1000 }).finally(() => process.exit(0)))
  say({ id: 0, value: ready })
}

/** To the parent, which may be gone. */
export function say(what: object): void {
  if (process.connected) process.send?.(what)
}
