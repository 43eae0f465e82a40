// Builders: spawn and resolve with their options as calls, as the reference has them. Thin over the options.

import type { ActorRef } from '../actor/index.js'
import { errors, reading } from '../errors/index.js'
import { type RestartPolicy, type SpawnOptions, withMore } from '../options/index.js'
import type { LazyRef } from './lazy.js'
import type { ResolveOptions, ResolvePolicy } from './policies.js'
import type { ActorSystem } from './system.js'

type Supervision = Pick<
  SpawnOptions,
  'restartPolicy' | 'maxRestarts' | 'restartWindowMs' | 'minBackoffMs' | 'maxBackoffMs'
>

/** When an actor is made again (contract 5.1): the restart options of a spawn. Each call gives a new one. */
export class SupervisionSpec {
  /** What it says, as options of a spawn. */
  readonly options: Readonly<Supervision>

  private constructor(options: Supervision) {
    this.options = Object.freeze(options)
  }

  /** Not made again. */
  static never(): SupervisionSpec {
    return SupervisionSpec.#of('never')
  }

  /** Made again after a failure. */
  static onFailure(): SupervisionSpec {
    return SupervisionSpec.#of('on-failure')
  }

  /** Made again after a failure, and after a stop from inside too. */
  static always(): SupervisionSpec {
    return SupervisionSpec.#of('always')
  }

  static #of(restartPolicy: RestartPolicy): SupervisionSpec {
    return new SupervisionSpec({ restartPolicy })
  }

  /** Restarts within the window after which it stops for good: 3 unless set. */
  maxRestarts(maxRestarts: number): SupervisionSpec {
    return this.#with({ maxRestarts })
  }

  /** Milliseconds in which restarts are counted: 60,000 unless set. */
  restartWindowMs(restartWindowMs: number): SupervisionSpec {
    return this.#with({ restartWindowMs })
  }

  /** Milliseconds before the first restart: 100 unless set. */
  minBackoffMs(minBackoffMs: number): SupervisionSpec {
    return this.#with({ minBackoffMs })
  }

  /** Milliseconds before a restart at most: 30,000 unless set. */
  maxBackoffMs(maxBackoffMs: number): SupervisionSpec {
    return this.#with({ maxBackoffMs })
  }

  #with(options: Supervision): SupervisionSpec {
    return new SupervisionSpec({ ...this.options, ...options })
  }
}

/** Made by `system.spawning()`. What an option may be, ActorSystem.spawn says. */
export class SpawnBuilder {
  readonly #system: ActorSystem
  readonly #options: SpawnOptions

  /** @internal Made by the system. */
  constructor(system: ActorSystem, options: SpawnOptions = {}) {
    this.#system = system
    this.#options = options
  }

  /** Its name in the node. */
  name(name: string): SpawnBuilder {
    return this.options({ name })
  }

  /**
   * When it is made again.
   * @throws ERR_PULSING_INVALID_ARGUMENT where `spec` is no SupervisionSpec
   */
  supervision(spec: SupervisionSpec): SpawnBuilder {
    if (!reading('spec', () => spec instanceof SupervisionSpec))
      throw errors.invalidArgument('spec', spec, 'a SupervisionSpec, as SupervisionSpec.onFailure() gives it')
    return this.options(spec.options)
  }

  /** Messages that may wait for it. */
  mailboxCapacity(mailboxCapacity: number): SpawnBuilder {
    return this.options({ mailboxCapacity })
  }

  /** Any options of a spawn, beside those said before. */
  options(options: SpawnOptions): SpawnBuilder {
    return new SpawnBuilder(this.#system, { ...this.#options, ...withMore(options, {}) })
  }

  /** As ActorSystem.spawn with these options, errors too. */
  spawn(what: object): Promise<ActorRef> {
    return this.#system.spawn(what, this.#options)
  }
}

/** Made by `system.resolving()`. What an option may be, ActorSystem.resolve says. */
export class ResolveBuilder {
  readonly #system: ActorSystem
  readonly #options: ResolveOptions

  /** @internal Made by the system. */
  constructor(system: ActorSystem, options: ResolveOptions = {}) {
    this.#system = system
    this.#options = options
  }

  /** On that node alone. */
  node(nodeId: string): ResolveBuilder {
    return this.#with({ nodeId })
  }

  /** How to choose among several. */
  policy(policy: ResolvePolicy): ResolveBuilder {
    return this.#with({ policy })
  }

  /** Whether nodes that are not known to be alive are left out. */
  filterAlive(filterAlive: boolean): ResolveBuilder {
    return this.#with({ filterAlive })
  }

  /** As ActorSystem.resolve with these options, errors too. */
  resolve(name: string): Promise<ActorRef> {
    return this.#system.resolve(name, this.#options)
  }

  /** All actors of the name, one a node at most, in the order of their nodes' ids; none where nobody has it. */
  list(name: string): Promise<ActorRef[]> {
    return this.#system.listOf(name, this.#options)
  }

  /** A reference that looks the name up when it is used, and again when it has to. Throws ERR_PULSING_NAME_INVALID. */
  lazy(name: string): LazyRef {
    return this.#system.lazyOf(name, this.#options)
  }

  #with(options: ResolveOptions): ResolveBuilder {
    return new ResolveBuilder(this.#system, { ...this.#options, ...options })
  }
}
