// Proxies: an actor's methods as methods. A class of them is made for each class of actors, so a call is a plain method call.

import {
  giveTarget,
  MAX_ARGUMENTS,
  REF,
  type StreamCall,
  type Target,
  type Thread,
  targetOf,
} from '../engine/index.js'
import { errors, reading } from '../errors/index.js'
import {
  ASK_TIMEOUT_MS,
  type CallOptions,
  checkCallOptions,
  type ResolvedCallOptions,
} from '../options/index.js'
import type { AnyClass, ClassDescription } from './class-info.js'
import { type DelayedCall, delayCall } from './delay.js'
import type { ActorHost } from './host.js'
import { inspectedAs } from './inspect.js'
import { ActorRef } from './ref.js'
import { classInfo } from './registry.js'
import type { AnyProxy } from './types.js'

/** What every proxy has; its methods are on the classes made below. */
class ProxyBase {
  readonly #host: ActorHost
  readonly #thread: Thread
  readonly #target: Target
  readonly #options: ResolvedCallOptions
  readonly #isOwn: boolean

  /** isOwn: an actor's of itself, whose tells are always accepted. */
  constructor(host: ActorHost, target: Target, options: ResolvedCallOptions, isOwn: boolean) {
    this.#host = host
    this.#thread = host.thread
    this.#target = target
    this.#options = options
    this.#isOwn = isOwn
  }

  static {
    giveTarget(ProxyBase, (proxy) => proxy.#target)
  }

  get ref(): ActorRef {
    return refOf(this.#host, this.#target)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.stop(this.#target, undefined)
  }

  static isOwn(proxy: object): boolean {
    return #isOwn in proxy && proxy.#isOwn
  }

  /** Hot: ask-host, ask-pipelined. */
  static asking(method: number): (this: ProxyBase, ...args: unknown[]) => Promise<unknown> {
    return function (this: ProxyBase, first?: unknown): Promise<unknown> {
      const argc = arguments.length // a rest parameter would make an array a call
      if (argc > MAX_ARGUMENTS) return Promise.reject(this.#tooMany(method, argc))
      const value = argc <= 1 ? first : Array.prototype.slice.call(arguments)
      const { timeoutMs, signal } = this.#options
      const exact = timeoutMs !== ASK_TIMEOUT_MS
      return this.#thread.ask(this.#target, method, argc, value, timeoutMs, signal, exact)
    }
  }

  static streaming(method: number): (this: ProxyBase, ...args: unknown[]) => StreamCall {
    return function (this: ProxyBase, ...args: unknown[]): StreamCall {
      return this.#stream(method, args, this.#options.streamTimeoutMs)
    }
  }

  #stream(method: number, args: unknown[], timeoutMs: number): StreamCall {
    const { streams } = this.#thread
    const { length } = args
    if (length > MAX_ARGUMENTS) return streams.refused(this.#target, method, this.#tooMany(method, length))
    const { signal, streamWindow } = this.#options
    const value = length <= 1 ? args[0] : args
    return streams.call(this.#target, method, length, value, timeoutMs, signal, streamWindow)
  }

  /** A call by name, of whatever kind: it is a stream's in form (contract 3.2). */
  static callByName(proxy: ProxyBase, name: string, args: unknown[]): StreamCall {
    const target = proxy.#target
    const { methods, streams } = target.classId === 0 ? NO_CLASS : classesOf(proxy.#host, target).description
    const method = methods.indexOf(name) + 1
    if (method === 0) return proxy.#thread.streams.refused(target, 0, errors.unsupportedMethod(name))
    const { timeoutMs, streamTimeoutMs } = proxy.#options
    return proxy.#stream(method, args, streams.includes(name) ? streamTimeoutMs : timeoutMs)
  }

  #tooMany(method: number, count: number): Error {
    const { methodName } = this.#thread.hooks
    return errors.tooManyArguments(methodName(this.#target, method), count, MAX_ARGUMENTS)
  }

  static telling(method: number): (this: ProxyBase, ...args: unknown[]) => undefined | Promise<void> {
    return function (this: ProxyBase, first?: unknown): undefined | Promise<void> {
      const argc = arguments.length // a rest parameter would make an array a call
      if (argc > MAX_ARGUMENTS) throw this.#tooMany(method, argc)
      const value = argc <= 1 ? first : Array.prototype.slice.call(arguments)
      return this.#thread.tell(this.#target, method, argc, value, undefined, this.#isOwn)
    }
  }

  /** Where a call's timeout stands in others, here is its delay. */
  static delaying(method: number): (this: ProxyBase, ...args: unknown[]) => DelayedCall {
    return function (this: ProxyBase, ...args: unknown[]): DelayedCall {
      if (args.length > MAX_ARGUMENTS) throw this.#tooMany(method, args.length)
      return delayCall(this.#host, this.#target, method, args, this.#options.timeoutMs, this.#isOwn)
    }
  }
}

const DEFAULTS: ResolvedCallOptions = checkCallOptions()

const NO_CLASS = { methods: [] as readonly string[], streams: [] as readonly string[] }

type ProxyClass = new (
  host: ActorHost,
  target: Target,
  options: ResolvedCallOptions,
  isOwn: boolean,
) => ProxyBase

interface ProxyClasses {
  readonly description: ClassDescription
  readonly ask: ProxyClass
  readonly tell: ProxyClass
  readonly delay: ProxyClass
}

/** By the text of the class's description: the same on all systems of this thread. */
const made = new Map<string, ProxyClasses>()

function makeClass(
  { type, methods, streams }: ClassDescription,
  of: (method: number) => (this: ProxyBase, ...args: never[]) => unknown,
  ofStream = of,
): ProxyClass {
  const Class = class extends ProxyBase {}
  Object.defineProperty(Class, 'name', { value: type })
  methods.forEach((name, i) => {
    const value = streams.includes(name) ? ofStream(i + 1) : of(i + 1)
    Object.defineProperty(value, 'name', { value: name })
    Object.defineProperty(Class.prototype, name, { value, writable: true, configurable: true })
  })
  inspectedAs(Class, (proxy) => `${type}(${proxy.ref.actorId})`)
  return Class
}

export function proxyClasses(text: string): ProxyClasses {
  let classes = made.get(text)
  if (classes === undefined) {
    const description = JSON.parse(text) as ClassDescription
    classes = {
      description,
      ask: makeClass(description, ProxyBase.asking, ProxyBase.streaming),
      tell: makeClass(description, ProxyBase.telling),
      delay: makeClass(description, ProxyBase.delaying),
    }
    made.set(text, classes)
  }
  return classes
}

function textOf(host: ActorHost, target: Target): string {
  return host.thread.port.text(target.classId).slice(1)
}

/** The reference of a target, one a thread. */
export function refOf(host: ActorHost, target: Target): ActorRef {
  target.ref ??= new ActorRef(host, target)
  return target.ref as ActorRef
}

/** The proxy that a target of a known class is given as. */
export function proxyOf(host: ActorHost, target: Target, isOwn = false): object {
  return new (classesOf(host, target).ask)(host, target, DEFAULTS, isOwn)
}

const byId = new WeakMap<Thread, Map<number, ProxyClasses>>()

export function classesOf(host: ActorHost, target: Target): ProxyClasses {
  let ids = byId.get(host.thread)
  if (ids === undefined) {
    ids = new Map()
    byId.set(host.thread, ids)
  }
  let classes = ids.get(target.classId)
  if (classes === undefined) {
    classes = proxyClasses(textOf(host, target))
    ids.set(target.classId, classes)
  }
  return classes
}

export function typedProxy(host: ActorHost, target: Target, Class: AnyClass): object {
  const info = classInfo(Class)
  if (target.classId === 0) throw errors.classMismatch(info.type, 'no class: it was spawned as an instance')
  const { description } = classesOf(host, target)
  if (description.key !== info.description.key && description.type !== info.type)
    throw errors.classMismatch(info.type, description.type)
  return proxyOf(host, target)
}

/** What asAny's proxies stand before: util.inspect looks through to it. */
class AnyBase extends ProxyBase {
  static {
    inspectedAs(AnyBase, (proxy) => `AnyProxy(${proxy.ref.actorId})`)
  }
}

/** Calls by name, whatever the class: an unknown one is the actor's error. */
export function anyProxy(host: ActorHost, target: Target, options: ResolvedCallOptions = DEFAULTS): AnyProxy {
  const base = new AnyBase(host, target, options, false)
  return new Proxy(base, {
    get(of, name) {
      if (name === 'ref' || name === REF || name === Symbol.asyncDispose) return Reflect.get(of, name, of)
      if (typeof name === 'symbol' || name === 'then' || name in Object.prototype)
        return Reflect.get(of, name, of)
      return (...args: unknown[]) => ProxyBase.callByName(of, name, args)
    },
    set: () => false,
  }) as unknown as AnyProxy
}

/**
 * Where messages to that actor go.
 * @param which an argument that has to be a reference or a proxy
 * @throws ERR_PULSING_INVALID_ARGUMENT, for one of another system too: it would be some other actor here
 */
export function targetIn(host: ActorHost, which: unknown, wanted: string): Target {
  const target = reading('which', () => targetOf(which))
  if (target === undefined) throw errors.invalidArgument('which', which, wanted)
  const ref = (which as { ref?: unknown }).ref ?? which
  if (!(ref instanceof ActorRef) || ActorRef.hostOf(ref) !== host)
    throw errors.invalidArgument('which', which, `${wanted} of this system`)
  return target
}

/** Hot, as tell is: a closure would be made each time. */
function isOf<T>(Class: abstract new (...args: never[]) => T, proxy: unknown): proxy is T {
  try {
    return proxy instanceof Class
  } catch (error) {
    throw errors.unreadable('proxy', error)
  }
}

function partsOf(proxy: object): { host: ActorHost; target: Target; classes: ProxyClasses } {
  const target = targetOf(isOf(ProxyBase, proxy) ? proxy : undefined)
  if (!isOf(ProxyBase, proxy) || target === undefined)
    throw errors.invalidArgument('proxy', proxy, 'a proxy, as spawn and resolve of a class give it')
  if (target.classId === 0)
    throw errors.invalidArgument('proxy', proxy, 'a proxy of a class; ref.tell is for plain messages')
  const host = hostOf(proxy)
  return { host, target, classes: classesOf(host, target) }
}

/** Not by a private field: an AnyProxy has none of its own. */
function hostOf(proxy: ProxyBase): ActorHost {
  return ActorRef.hostOf(proxy.ref)
}

/**
 * The one-way form of a proxy: each method sends a message and waits for no answer. Gives undefined, or a promise of the
 * message's acceptance where the mailbox is full (contract, section 2 and 3.6).
 */
export function tell<T extends object>(proxy: T): Telling<T> {
  const { host, target, classes } = partsOf(proxy)
  return new classes.tell(host, target, DEFAULTS, ProxyBase.isOwn(proxy)) as unknown as Telling<T>
}

/** A proxy's methods, as `tell` gives them. */
export type Telling<T> = {
  [K in keyof T as T[K] extends (...args: never[]) => unknown
    ? K extends string
      ? K
      : never
    : never]: T[K] extends (...args: infer A) => unknown ? (...args: A) => undefined | Promise<void> : never
}

/**
 * The same proxy with options for its calls (contract, section 2 and 3.2 to 3.4).
 * @param options.timeoutMs milliseconds that a call waits, 30,000 unless set; a stream for its next item, 300,000 unless set;
 *   Infinity for ever
 * @param options.signal rejects the call with its reason, and ends the stream
 * @param options.streamWindow items of a stream that may be under way beyond what was read, 1 to 32,767: 32 unless set
 * @throws ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_INVALID_OPTION
 */
export function withCall<T extends object>(proxy: T, options: CallOptions): T {
  const settings = checkCallOptions(options)
  if (isOf(AnyBase, proxy)) return anyProxy(hostOf(proxy), targetOf(proxy) as Target, settings) as never
  const { host, target, classes } = partsOf(proxy)
  return new classes.ask(host, target, settings, ProxyBase.isOwn(proxy)) as unknown as T
}

/** Of `delayed`: the proxy whose calls are made later. */
export function delayingProxy(proxy: object, delayMs: number): object {
  const { host, target, classes } = partsOf(proxy)
  return new classes.delay(host, target, { ...DEFAULTS, timeoutMs: delayMs }, ProxyBase.isOwn(proxy))
}
