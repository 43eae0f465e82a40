// Types of proxies and of classes of actors: what a class's methods are to a caller on another thread (contract 1.2, 3.2,
// 3.10). The mapped types keep each method's link to the class, so that an editor finds its comment and definition.

import type { RemoteOptions, SpawnOptions } from '../options/index.js'
import type { ActorRef } from './ref.js'

// biome-ignore lint/suspicious/noExplicitAny: any function at all
type AnyFunction = (...args: any[]) => unknown

/** A class, abstract ones too. */
// biome-ignore lint/suspicious/noExplicitAny: any class at all
type AnyClass = abstract new (...args: any[]) => object

/** A class of which instances can be made. */
// biome-ignore lint/suspicious/noExplicitAny: any class at all
export type ConcreteClass = new (...args: any[]) => object

/** Called by the engine alone. */
type Hook = 'onStart' | 'onStop' | 'onSignal' | 'receive'

/** Names of Object.prototype, which no method of a proxy has; those with underscores are hidden anyway. */
type ObjectName =
  | 'constructor'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable'
  | 'toLocaleString'
  | 'toString'
  | 'valueOf'

/** Names that are no methods of a proxy, whatever the class has (contract 3.10). */
export type Hidden = Hook | ObjectName | 'then' | 'ref' | `_${string}`

/**
 * A generator's call (contract 3.2): iterated, it gives what the generator yields; awaited, what it returns. It has no
 * `catch` and no `finally`, since it is a promise only when asked for one.
 */
export interface StreamCall<Y, R> extends AsyncIterable<Y>, PromiseLike<R> {}

/** What a method's call gives. Type parameters become their bounds; of overloads the last one stays. */
export type Called<F> = F extends (...args: infer A) => infer R ? (...args: A) => CallOf<R> : never

/** By what the method is declared to return; in brackets, so that a union is one type and `never` is not lost. */
export type CallOf<R> =
  IsAny<R> extends true
    ? Promise<R>
    : [R] extends [never]
      ? Promise<never>
      : [R] extends [Generator<infer Y, infer V, infer _N> | AsyncGenerator<infer Y, infer V, infer _N>]
        ? StreamCall<Y, IsAny<V> extends true ? unknown : V>
        : [R] extends [AsyncIterable<infer Y> | IterableIterator<infer Y>]
          ? StreamCall<Y, unknown>
          : Promise<Awaited<R>>

type IsAny<T> = 0 extends 1 & T ? true : false

/**
 * A class's methods as its callers have them, each giving a promise or a stream. Fields, accessors, hooks, private and
 * protected members, symbols and names that begin with _ are not there (contract 3.10). A field that holds a function has
 * the type of a method and can't be told from one: calling it is PulsingUnsupportedError.
 */
export type Proxied<T> = {
  readonly [K in keyof T as K extends Hidden
    ? never
    : K extends string
      ? T[K] extends AnyFunction
        ? K
        : never
      : never]: Called<T[K]>
}

/** What every proxy has beside the methods. */
export interface ProxyOwn {
  /** The actor's reference. */
  readonly ref: ActorRef
  /** Stops the actor: `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A proxy: the actor's methods, and its reference (contract, section 2). */
export type ActorProxy<T> = Proxied<T> & ProxyOwn

/**
 * What `pul.self(this)` gives: an ActorProxy that can also be made of the type `this` of a class's own code. What no proxy
 * has is `never` there.
 */
export type SelfProxy<T> = {
  readonly [K in keyof T]: K extends keyof ProxyOwn
    ? ProxyOwn[K]
    : K extends Hidden
      ? never
      : T[K] extends AnyFunction
        ? Called<T[K]>
        : never
} & ProxyOwn

/** A proxy of a class that is not known: any method by name, of any arguments (contract, section 2). */
export type AnyProxy = ProxyOwn & {
  readonly [method: string]: (...args: unknown[]) => StreamCall<unknown, unknown>
} & {
  readonly then?: never
}

/** Options of a class's own spawn: its constructor's arguments are those of `spawn`. */
export type ClassSpawnOptions = Omit<SpawnOptions, 'args'>

/** What `remote` adds to a class (contract 1.2). */
export interface RemoteStatics<C extends AnyClass> {
  /**
   * Spawns an actor of the class with these constructor arguments, and gives its proxy once its onStart has run (5.3).
   * @throws ERR_PULSING_NOT_INITIALIZED; what the constructor or onStart threw; the rest as ActorSystem.spawn
   */
  spawn(...args: ConstructorParameters<C>): Promise<ActorProxy<InstanceType<C>>>
  /**
   * The proxy of the actor of that name.
   * @throws ERR_PULSING_ACTOR_NOT_FOUND; ERR_PULSING_CLASS_MISMATCH where it is of another class; ERR_PULSING_NAME_INVALID
   */
  resolve(name: string): Promise<ActorProxy<InstanceType<C>>>
  /**
   * The same with options: `Counter.options({ name: 'counter' }).spawn(5)`.
   * @param options those of ActorSystem.spawn, but args; they stand before those that the class carries
   * @throws ERR_PULSING_INVALID_OPTION, ERR_PULSING_NAME_INVALID
   */
  options(options: ClassSpawnOptions): Pick<RemoteStatics<C>, 'spawn'>
}

/** A class that was given statics by `remote`, or extends one. */
interface AnyRemote {
  spawn(...args: never[]): Promise<ProxyOwn>
  resolve(name: string): Promise<ProxyOwn>
  options(options: ClassSpawnOptions): object
}

/**
 * A class of actors: the class itself with the typed statics of RemoteStatics. A subclass's own stand for those that it
 * inherits; a static of the user's own of such a name stays.
 */
export type RemoteClass<C extends AnyClass> = C extends AnyRemote
  ? Omit<C, 'spawn' | 'resolve' | 'options' | 'prototype'> &
      (new (
        ...args: ConstructorParameters<C>
      ) => InstanceType<C>) & { readonly prototype: InstanceType<C> } & RemoteStatics<C>
  : keyof C & keyof AnyRemote extends never
    ? C & RemoteStatics<C>
    : C & Omit<RemoteStatics<C>, keyof C>

/** `@remote(moduleUrl, options?)` on a class: a standard decorator, which leaves the class's type as it is. */
export type RemoteDecorator = <C extends ConcreteClass>(Class: C, context: ClassDecoratorContext<C>) => void

/** The forms of `remote` (contract 1.2). */
export interface Remote {
  /**
   * As a function: `export const Counter = remote(import.meta.url, class Counter { ... })`. As a statement, for a class
   * declared before: `remote(import.meta.url, Counter)`, then `pul.spawn(Counter, { args })`.
   */
  <C extends ConcreteClass>(moduleUrl: string | URL, Class: C, options?: RemoteOptions): RemoteClass<C>
  /** As a standard decorator: `@remote(import.meta.url)`, then `pul.spawn(Counter, { args })`. */
  (moduleUrl: string | URL, options?: RemoteOptions): RemoteDecorator
}
