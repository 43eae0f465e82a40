// The actor that pulsing bench measures, and the work that both sides do.

import { remote } from '../index.js'

/** A number's worth of work for a core. */
export function work(rounds: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < rounds; i++) hash = Math.imul(hash ^ (i & 0xff), 0x01000193) >>> 0
  return hash
}

export class BenchActor {
  #noted = 0

  note(_message: { value: number }): void {
    this.#noted++
  }

  noted(): number {
    return this.#noted
  }

  echo(value: number): number {
    return value
  }

  work(rounds: number): number {
    return work(rounds)
  }
}
remote(import.meta.url, BenchActor, { type: 'PulsingBenchActor' })
