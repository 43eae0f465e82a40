// On an engine thread: imports the module of a class when its first actor is placed there. Registration, not the end of the
// module, is what is waited for: program and class may stand in one file (contract 1.1).

import { createRequire } from 'node:module'
import { errors } from '../errors.js'
import type { ClassInfo } from './class-info.js'
import { findClass, registeredBy, whenRegistered } from './registry.js'

let loading = 0
const stuck = new Set<() => void>()
const imports = new Map<string, Promise<unknown>>()

/** A module is being imported on this thread: what follows its init is not for here. */
export function isLoading(): boolean {
  return loading > 0
}

/** init or actorSystem was reached while a module loads: it never settles, and nothing more will register. */
export function never(): Promise<never> {
  loading = Math.max(loading - 1, 0) // that module's import never settles
  for (const tell of stuck) setImmediate(tell)
  return new Promise(() => undefined)
}

/** TypeScript that Node can't read by itself goes through tsx, from where the module stands. */
async function readTypeScript(url: string): Promise<void> {
  if (!/\.[mc]?tsx?$/.test(new URL(url).pathname) || 'typescript' in process.features) return
  try {
    const tsx = createRequire(url).resolve('tsx/esm/api')
    const { register } = (await import(`file://${tsx}`)) as { register: () => unknown }
    register()
  } catch (cause) {
    throw errors.moduleLoadFailed(
      url,
      new Error('it is TypeScript: install tsx, run Node 22.18 or later, or compile it', { cause }),
    )
  }
}

let typeScript: Promise<void> | undefined

async function load(url: string): Promise<void> {
  if (/\.[mc]?tsx?$/.test(new URL(url).pathname)) {
    typeScript ??= readTypeScript(url)
    await typeScript
  }
  let running = imports.get(url)
  if (running === undefined) {
    loading++
    const done = () => {
      loading = Math.max(loading - 1, 0)
    }
    running = import(url).finally(done)
    imports.set(url, running)
  }
  await running
}

/** The class that the module registers under that name. */
export function loadClass(url: string, type: string): Promise<ClassInfo> {
  const key = `${url}#${type}`
  const known = findClass(key)
  if (known !== undefined) return Promise.resolve(known)
  return new Promise<ClassInfo>((resolve, reject) => {
    const finish = () => {
      stuck.delete(notThere)
      const info = findClass(key)
      if (info !== undefined) resolve(info)
      else reject(errors.classNotFound(type, url, registeredBy(url)))
    }
    const notThere = finish
    stuck.add(notThere)
    whenRegistered(key, finish)
    load(url).then(finish, (error) => {
      stuck.delete(notThere)
      const info = findClass(key)
      if (info !== undefined) resolve(info)
      else reject(errors.moduleLoadFailed(url, error))
    })
  })
}
