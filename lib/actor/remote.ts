// remote: a class of the user's becomes a class of actors.

import { errors, reading } from '../errors/index.js'
import {
  checkRemoteOptions,
  checkSpawnOptions,
  type RemoteOptions,
  type SpawnOptions,
} from '../options/index.js'
import type { AnyClass } from './class-info.js'
import { currentHost } from './host.js'
import { register } from './registry.js'
import type { ConcreteClass, RemoteClass, RemoteDecorator } from './types.js'

/** What remote's statics ask of the system; filled in by the system layer. */
export interface ClassOperations {
  spawn(Class: AnyClass, args: readonly unknown[], options: SpawnOptions): Promise<object>
  resolve(Class: AnyClass, name: string): Promise<object>
}

let operations: ClassOperations | undefined

export function setClassOperations(given: ClassOperations): void {
  operations = given
}

function ops(): ClassOperations {
  if (operations === undefined || currentHost() === undefined) throw errors.notInitialized()
  return operations
}

function addStatics(Class: AnyClass): void {
  const statics = {
    spawn: async (...args: unknown[]) => ops().spawn(Class, args, {}),
    resolve: async (name: string) => ops().resolve(Class, name),
    options: (options: SpawnOptions) => {
      checkSpawnOptions(options)
      return {
        spawn: async (...args: unknown[]) => ops().spawn(Class, args, options),
      }
    },
  }
  for (const [name, value] of Object.entries(statics)) {
    // A static of the user's own stays; pul.spawn and pul.resolve are there for it.
    if (Object.hasOwn(Class, name)) continue
    Object.defineProperty(Class, name, { value, configurable: true, writable: true })
  }
}

function checkUrl(moduleUrl: unknown): string {
  if (typeof moduleUrl === 'string') {
    if (/^(file|data|node):/.test(moduleUrl)) return moduleUrl
    throw errors.invalidArgument(
      'moduleUrl',
      moduleUrl,
      'import.meta.url, or pathToFileURL(__filename).href in CommonJS',
    )
  }
  if (reading('moduleUrl', () => moduleUrl instanceof URL)) return (moduleUrl as URL).href
  throw errors.invalidArgument(
    'moduleUrl',
    moduleUrl,
    'import.meta.url, or pathToFileURL(__filename) in CommonJS',
  )
}

function registerClass(moduleUrl: string, Class: unknown, options: RemoteOptions | undefined): void {
  register(Class as unknown as AnyClass, moduleUrl, checkRemoteOptions(options))
  addStatics(Class as unknown as AnyClass)
}

/**
 * Makes a class of actors of a class (contract 1.1 to 1.3). The class gets the typed statics `spawn(...args)`,
 * `resolve(name)` and `options(o)`.
 *
 * As a function, which gives the class: `const Counter = remote(import.meta.url, class Counter {...}, options)`; as a
 * statement for a class declared before, used with `pul.spawn(Class)`; as a decorator: `@remote(import.meta.url, options)`.
 * @param moduleUrl the module that registers the class when an engine thread imports it: `import.meta.url`
 * @param options.type the name of the class within its module, where a bundler changes it; the rest is as for spawn
 * @throws ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_INVALID_OPTION; ERR_PULSING_CLASS_CONFLICT for a second class of one name
 */
export function remote<C extends ConcreteClass>(
  moduleUrl: string | URL,
  Class: C,
  options?: RemoteOptions,
): RemoteClass<C>
export function remote(moduleUrl: string | URL, options?: RemoteOptions): RemoteDecorator
export function remote(moduleUrl: string | URL, second?: unknown, third?: RemoteOptions): unknown {
  const url = checkUrl(moduleUrl)
  if (typeof second === 'function') {
    registerClass(url, second, third)
    return second
  }
  const options = second as RemoteOptions | undefined
  checkRemoteOptions(options)
  return (Class: AnyClass, context?: ClassDecoratorContext) => {
    // Once the class is complete, so that its static fields and the name it is bound to are there.
    if (context === undefined) registerClass(url, Class, options)
    else context.addInitializer(() => registerClass(url, Class, options))
  }
}
