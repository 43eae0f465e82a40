// Types of proxies: what a class's methods are to a caller on another thread (contract, section 2, 3.2 and 3.10).

import type { SpawnOptions } from '../options.js'
import type { ActorRef } from './ref.js'

// biome-ignore lint/suspicious/noExplicitAny: any function at all
type AnyFunction = (...args: any[]) => unknown

/** Names that are no methods of a proxy, whatever the class has. */
type Hidden =
  | 'constructor'
  | 'onStart'
  | 'onStop'
  | 'onSignal'
  | 'receive'
  | 'then'
  | 'ref'
  | keyof object
  | `_${string}`

/** A generator's call: iterated, or awaited for what the generator returns. */
export interface StreamCall<Y, R> extends AsyncIterable<Y>, PromiseLike<R> {}

/** What a method's call gives. Generics become what their bounds say; of overloads the last one stays. */
export type Called<F> = F extends (...args: infer A) => infer R
  ? R extends Generator<infer Y, infer V, never> | AsyncGenerator<infer Y, infer V, never>
    ? (...args: A) => StreamCall<Y, V>
    : (...args: A) => Promise<Awaited<R>>
  : never

/**
 * An actor's methods, as its callers have them: each gives a promise. Fields, accessors, hooks, and names that begin with _
 * are not there.
 */
export type ActorProxy<T> = {
  readonly [K in keyof T as K extends Hidden
    ? never
    : K extends string
      ? T[K] extends AnyFunction
        ? K
        : never
      : never]: Called<T[K]>
} & ProxyOwn

/** What every proxy has beside the methods. */
export interface ProxyOwn {
  /** The actor's reference. */
  readonly ref: ActorRef
  /** Stops the actor. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A proxy of a class that is not known: any method by name. */
export type AnyProxy = ProxyOwn & { readonly [method: string]: (...args: unknown[]) => Promise<unknown> } & {
  readonly then?: never
}

// biome-ignore lint/suspicious/noExplicitAny: any class at all
type AnyClass = abstract new (...args: any[]) => object

/** What `remote` gives a class. */
export interface RemoteStatics<C extends AnyClass> {
  /** Spawns an actor with these constructor arguments. Errors as ActorSystem.spawn. */
  spawn(...args: ConstructorParameters<C>): Promise<ActorProxy<InstanceType<C>>>
  /** The actor of that name. Throws ERR_PULSING_ACTOR_NOT_FOUND, ERR_PULSING_CLASS_MISMATCH. */
  resolve(name: string): Promise<ActorProxy<InstanceType<C>>>
  /** The same with options, which are those of ActorSystem.spawn but args. */
  options(options: Omit<SpawnOptions, 'args'>): {
    spawn(...args: ConstructorParameters<C>): Promise<ActorProxy<InstanceType<C>>>
  }
}

/** A class of actors: the class itself, with typed statics. */
export type RemoteClass<C extends AnyClass> = C & RemoteStatics<C>
