// Programs of the benchmarks, as somebody at a terminal starts them.

import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export async function run(
  script: string,
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const path = fileURLToPath(new URL(`../../bench/${script}`, import.meta.url))
  const child = spawn(process.execPath, ['--expose-gc', path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = new Promise<number | null>((settle) => child.on('close', settle))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { code, out, err }
}
