// What the host keeps of supervised actors on engine threads, so that they can be made again when their thread has died
// (contract 5.2): how they were spawned, and their restarts so far.

import { targetOf } from '../engine/index.js'
import { errors } from '../errors/index.js'
import type { Restart } from './events.js'
import type { Place, SpawnRequest } from './requests.js'

interface Keep {
  readonly operation: 'keep'
  readonly slot: number
  readonly place: Place
  readonly request: SpawnRequest
}

interface Restarted {
  readonly operation: 'restarted'
  readonly slot: number
  readonly generation: number
  readonly times: readonly number[]
  readonly event: Restart
}

/** drop: it is gone for good. claim: its thread has died, and the next one is to make it again. */
interface DropOrClaim {
  readonly operation: 'drop' | 'claim'
  readonly slot: number
  readonly generation: number
}

/** Whoever spawned it does not know that it is there: it is given up. Answered with where it is. */
interface Disown {
  readonly operation: 'disown'
  readonly slot: number
  readonly key: string
}

export type KeptRequest = Keep | Restarted | DropOrClaim | Disown

/** What the next thread makes it again from. */
export interface Revival {
  readonly request: SpawnRequest
  readonly restarts: number
  readonly times: readonly number[]
  /** Of the thread's death. */
  readonly error: Error
}

interface KeptActor {
  readonly place: Place
  readonly request: SpawnRequest
  restarts: number
  times: readonly number[]
}

export class KeptActors {
  /** By slot, then by generation. */
  readonly #bySlot = new Map<number, Map<number, KeptActor>>()
  /** Called for each of them: a thread's death will keep it waiting. */
  onKeep: () => void = () => undefined
  readonly #deaths = new Map<number, Error | undefined>()

  asked(request: KeptRequest): Revival | { slot: number; place: Place } | undefined {
    if (request.operation === 'disown') return this.#disown(request.key)
    const actors = this.#on(request.slot)
    if (request.operation === 'keep') {
      const { place } = request
      actors.set(place[1], { place, request: request.request, restarts: 0, times: [] })
      this.onKeep()
      return undefined
    }
    const kept = actors.get(request.generation)
    if (kept === undefined) return undefined
    switch (request.operation) {
      case 'restarted':
        kept.restarts = request.event.restarts
        kept.times = request.times
        return undefined
      case 'drop':
        actors.delete(request.generation)
        return undefined
      case 'claim':
        return {
          request: kept.request,
          restarts: kept.restarts,
          times: kept.times,
          error: errors.actorThreadDied(request.slot, this.#deaths.get(request.slot)),
        }
    }
  }

  #disown(key: string): { slot: number; place: Place } | undefined {
    for (const [slot, actors] of this.#bySlot)
      for (const [generation, { place, request }] of actors) {
        if (request.key !== key) continue
        actors.delete(generation)
        return { slot, place }
      }
    return undefined
  }

  /** cause: what ended it, where it is known. */
  died(slot: number, cause: Error | undefined): void {
    this.#deaths.set(slot, cause)
  }

  /** Whose parent died with that thread, and lives elsewhere, is gone. */
  threadDied(slot: number, before: number): void {
    for (const actors of this.#bySlot.values())
      for (const [generation, { request }] of actors) {
        const parent = request.parent && targetOf(request.parent)
        if (parent?.slot === slot && parent.generation - before < 0) actors.delete(generation)
      }
  }

  #on(slot: number): Map<number, KeptActor> {
    let actors = this.#bySlot.get(slot)
    if (actors === undefined) {
      actors = new Map()
      this.#bySlot.set(slot, actors)
    }
    return actors
  }
}
