// The engine threads of a system, as its host sees them: started, watched, replaced, ended.

import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { execArgvOfThreads } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { ResourceLimits } from '../options/index.js'
import type { Culprit } from './blame.js'
import type { ThreadData } from './local.js'
import { netBoot } from './net-boot.js'

/** What a thread says when it is attached to its slot. */
export const READY = 'ready'

/** A thread that fails before it is ready is tried again so often; one that was only ended, without end. */
const MOST_FAILED_STARTS = 5
const AGAIN_MS = 10
/** How long a thread has to end by itself before it is made to. */
const GRACE_MS = 500

export interface WorkersOptions {
  readonly data: ThreadData
  readonly resourceLimits: ResourceLimits | undefined
  /** The last thread's handles are closed and its slot is free. */
  readonly isVacant: (slot: number) => boolean
  /** The slot is vacant, and gets another thread next. */
  readonly onDeath: (slot: number, death: Death) => void
  /** A slot stays empty: its thread could not be started. */
  readonly onGivenUp: (slot: number, error: Error) => void
  /** Another thread has taken the place of one that ended. */
  readonly onReplaced: (slot: number) => void
}

/** How a thread has ended. */
export interface Death {
  /** What was thrown and caught by nobody; else the code is process.exit's. */
  readonly error: Error | undefined
  readonly code: number
  /** Of the error, where it is known. */
  readonly culprit: Culprit | undefined
}

/** It threw nothing: somebody has ended it. */
class EndedEarly extends Error {}

interface Running {
  worker: Worker
  ready: boolean
  utilization: ReturnType<typeof performance.eventLoopUtilization> | undefined
}

/**
 * Messages that wait are young objects, which each scavenge copies: with more than Node's 48 MB there are half as many, and
 * tell-local gains a quarter. Taken as it is used.
 */
const YOUNG_MB = 64

export class Workers {
  readonly #options: WorkersOptions
  readonly #running = new Map<number, Running>()
  readonly #failedStarts = new Map<number, number>()
  /** A thread that has no slot yet: it has loaded the package, which is most of what a start takes. */
  #spare: Worker | undefined
  #keepsSpare = false
  #ending = false
  #loadBefore = { idle: 0, active: 0 }

  constructor(options: WorkersOptions) {
    this.#options = options
  }

  /** Resolves when the thread is attached to its slot. */
  async start(slot: number): Promise<void> {
    try {
      await this.#start(slot)
    } catch (cause) {
      throw errors.threadStartFailed(slot, cause)
    }
  }

  /** From here on the death of a thread is made good at once. */
  keepSpare(): void {
    this.#keepsSpare = true
    this.#makeSpare()
  }

  #makeSpare(): void {
    if (!this.#keepsSpare || this.#ending || this.#spare !== undefined) return
    const worker = this.#make('spare')
    this.#spare = worker
    worker.unref()
    worker.on('error', () => undefined) // whoever takes it, or needs one, makes another
    worker.once('exit', () => {
      if (this.#spare === worker) this.#spare = undefined
    })
  }

  #make(name: number | string): Worker {
    const { data } = this.#options
    const isNet = name === data.netSlot
    const resourceLimits = isNet ? undefined : this.#options.resourceLimits
    return new Worker(isNet ? netBoot() : new URL('./boot.js', import.meta.url), {
      workerData: { pulsing: data },
      execArgv: execArgvOfThreads(),
      name: `pulsing-${isNet ? 'net' : name}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, ...resourceLimits },
    } as ConstructorParameters<typeof Worker>[1])
  }

  #start(slot: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const isNet = slot === this.#options.data.netSlot
      const worker = (isNet ? undefined : this.#spare) ?? this.#make(slot)
      if (worker === this.#spare) this.#spare = undefined
      worker.ref()
      worker.postMessage(slot)
      const running: Running = { worker, ready: false, utilization: undefined }
      this.#running.set(slot, running)
      let failure: Error | undefined
      let culprit: Culprit | undefined
      worker.on('message', (message: typeof READY | Culprit) => {
        if (message !== READY) {
          culprit = message
          return
        }
        running.ready = true
        this.#failedStarts.delete(slot)
        worker.unref() // what is under way keeps the process alive, not the thread
        this.#makeSpare()
        resolve()
      })
      worker.on('error', (error) => {
        failure = error instanceof Error ? error : new Error(String(error))
      })
      worker.once('exit', (code) => {
        this.#running.delete(slot)
        if (!running.ready) reject(failure ?? new EndedEarly(`it exited with code ${code}`))
        if (this.#ending || !running.ready) return
        this.#died(slot, { error: failure, code, culprit })
      })
    })
  }

  /** Milliseconds of work per millisecond of time, since asked last. */
  /** Milliseconds since the thread began in which its event loop was busy, and in which not. */
  activity(slot: number): { activeMs: number; idleMs: number } {
    const running = this.#running.get(slot)
    if (slot !== 0 && running === undefined) return { activeMs: 0, idleMs: 0 }
    const { active, idle } = (running?.worker.performance ?? performance).eventLoopUtilization()
    return { activeMs: active, idleMs: idle }
  }

  utilization(slot: number): number {
    const running = this.#running.get(slot)
    if (running === undefined || !running.ready) return 0
    const now = running.worker.performance.eventLoopUtilization()
    const since =
      running.utilization === undefined ? now : performance.eventLoopUtilization(now, running.utilization)
    running.utilization = now
    return Math.min(Math.max(since.utilization, 0), 1)
  }

  /** How busy the threads that actors live on are, 0 to 1, since asked last: the host where there is no other. */
  load(): number {
    const loops = [...this.#running].flatMap(([slot, { worker, ready }]) =>
      ready && slot !== this.#options.data.netSlot ? [worker.performance] : [],
    )
    let idle = 0
    let active = 0
    for (const loop of loops.length > 0 ? loops : [performance]) {
      const now = loop.eventLoopUtilization()
      idle += now.idle
      active += now.active
    }
    const before = this.#loadBefore
    this.#loadBefore = { idle, active }
    const time = idle - before.idle + active - before.active
    // A thread that was replaced begins at 0 again.
    return time <= 0 ? 0 : Math.min(Math.max((active - before.active) / time, 0), 1)
  }

  /** Milliseconds that its loop has idled; undefined where no thread runs there. */
  idleMs(slot: number): number | undefined {
    const running = this.#running.get(slot)
    return running?.ready === true ? running.worker.performance.eventLoopUtilization().idle : undefined
  }

  /** Its thread is ended, whatever it does; another takes its place. */
  terminate(slot: number): void {
    void this.#running.get(slot)?.worker.terminate()
  }

  /** All threads have ended. */
  async end(): Promise<void> {
    this.#ending = true
    const running = [...this.#running.values()].map(({ worker }) => this.#endOne(worker))
    await Promise.all([this.#spare?.terminate(), ...running])
  }

  #endOne(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      worker.ref()
      const late = setTimeout(() => void worker.terminate(), GRACE_MS)
      worker.once('exit', () => {
        clearTimeout(late)
        resolve()
      })
      worker.postMessage('end')
    })
  }

  #died(slot: number, death: Death): void {
    if (this.#ending) return
    // The environment's last handles close after its exit event.
    if (!this.#options.isVacant(slot)) {
      setTimeout(() => this.#died(slot, death), 1)
      return
    }
    this.#options.onDeath(slot, death)
    this.#replace(slot)
  }

  #replace(slot: number): void {
    if (this.#ending) return
    if (!this.#options.isVacant(slot)) {
      setTimeout(() => this.#replace(slot), 1)
      return
    }
    const replaced = this.#start(slot).then(() => this.#options.onReplaced(slot))
    replaced.catch((cause: Error) => {
      const before = this.#failedStarts.get(slot) ?? 0
      const failed = cause instanceof EndedEarly ? before : before + 1
      this.#failedStarts.set(slot, failed)
      if (failed < MOST_FAILED_STARTS) setTimeout(() => this.#replace(slot), AGAIN_MS * 2 ** failed)
      else this.#options.onGivenUp(slot, errors.threadStartFailed(slot, cause))
    })
  }
}
