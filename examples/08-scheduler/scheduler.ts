// The actors of the example: a scheduler that starts jobs at their times, and a worker that does them.

import * as pul from 'pulsing'

export interface Job {
  readonly name: string
  /** How often, in milliseconds. */
  readonly everyMs: number
  /** What the worker is given. */
  readonly work: number
}

/** What became of a job's run. */
export interface Ran {
  readonly name: string
  readonly attempt: number
  readonly error: string | undefined
}

const MOST_ATTEMPTS = 3
const AGAIN_MS = 50

/** Does what takes a while, on whatever core is free. Each fourth run fails, as work does. */
export class Worker {
  #runs = 0

  run({ name, work }: Job): number {
    if (++this.#runs % 4 === 0) throw new Error(`${name} has failed`)
    let sum = 0
    for (let i = 0; i < work; i++) sum += Math.sqrt(i)
    return sum
  }
}
pul.remote(import.meta.url, Worker)

/** Starts each job at its times; one that fails is tried again, later each time; one that is not done is not started twice. */
export class Scheduler {
  readonly #workers: pul.ActorProxy<Worker>
  readonly #jobs = new Map<
    string,
    { readonly job: Job; next: pul.DelayedCall | undefined; isRunning: boolean }
  >()
  readonly #ran: Ran[] = []
  #skipped = 0

  constructor(workers: pul.ActorProxy<Worker>) {
    this.#workers = workers
  }

  add(job: Job): void {
    this.#jobs.get(job.name)?.next?.cancel()
    this.#jobs.set(job.name, { job, next: undefined, isRunning: false })
    this.#later(job.name, job.everyMs, 1)
  }

  /** False where there is no such job. */
  remove(name: string): boolean {
    this.#jobs.get(name)?.next?.cancel()
    return this.#jobs.delete(name)
  }

  report(): { readonly ran: readonly Ran[]; readonly skipped: number } {
    return { ran: this.#ran, skipped: this.#skipped }
  }

  /** Called by itself, when it is time. */
  async due(name: string, attempt: number): Promise<void> {
    const entry = this.#jobs.get(name)
    if (entry === undefined) return
    if (attempt === 1) this.#later(name, entry.job.everyMs, 1)
    if (entry.isRunning && attempt === 1) {
      this.#skipped++
      return
    }
    entry.isRunning = true
    try {
      await this.#workers.run(entry.job)
      this.#ran.push({ name, attempt, error: undefined })
      entry.isRunning = false
    } catch (error) {
      this.#ran.push({ name, attempt, error: (error as Error).message })
      if (attempt < MOST_ATTEMPTS) pul.delayed(pul.self(this), AGAIN_MS * 2 ** attempt).due(name, attempt + 1)
      else entry.isRunning = false
    }
  }

  #later(name: string, ms: number, attempt: number): void {
    const entry = this.#jobs.get(name)
    if (entry !== undefined) entry.next = pul.delayed(pul.self(this), ms).due(name, attempt)
  }
}
pul.remote(import.meta.url, Scheduler, { restartPolicy: 'on-failure' })
