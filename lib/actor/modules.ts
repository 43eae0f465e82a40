// On an engine thread: imports the module of a class when its first actor is placed there. Registration, not the end of the
// module, is what is waited for: program and class may stand in one file (contract 1.1).

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { errors } from '../errors/index.js'
import type { ClassInfo } from './class-info.js'
import { findClass, registeredBy, whenRegistered } from './registry.js'

interface Load {
  readonly url: string
  /** Its import has not settled, nor has it got as far as init. */
  loading: boolean
  /** Who waits for a class that it has not registered. */
  readonly waiting: Set<() => void>
  imported: Promise<unknown> | undefined
}

const loads = new Map<string, Load>()
/** Calls of init that could have been any loading module's. */
let unclaimed = 0

function loadingNow(): Load[] {
  return [...loads.values()].filter((load) => load.loading)
}

/** Modules among these that stand on the stack. */
function onStack(of: Iterable<Load>): Load[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  // The files themselves, not what a source map makes of them.
  Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName())
  Error.stackTraceLimit = 100
  const files = new Set(new Error().stack as unknown as (string | null)[])
  Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  return [...of].filter(
    ({ url }) => files.has(url) || (url.startsWith('file:') && files.has(fileURLToPath(url))),
  )
}

/** A module that is being imported on this thread has called: what follows its init is not for here. */
export function isLoading(): boolean {
  const candidates = loadingNow()
  if (candidates.length === 0) return false
  const callers = onStack(loads.values())
  return callers.length === 0 || callers.some((load) => load.loading)
}

/** init or actorSystem was reached while a module loads: it never settles, and nothing more will register. */
export function never(): Promise<never> {
  const candidates = loadingNow()
  const callers = onStack(candidates)
  if (callers.length > 0) callers.forEach(stuck)
  else if (++unclaimed >= candidates.length) candidates.forEach(stuck)
  return new Promise(() => undefined)
}

function stuck(load: Load): void {
  load.loading = false
  for (const tell of load.waiting) setImmediate(tell)
  const others = loadingNow()
  if (others.length === 0) unclaimed = 0
  else if (unclaimed >= others.length) others.forEach(stuck)
}

/** TypeScript that Node can't read by itself goes through tsx, from where the module stands. */
async function readTypeScript(url: string): Promise<void> {
  if (!/\.[mc]?tsx?$/.test(new URL(url).pathname) || 'typescript' in process.features) return
  try {
    // The module of the package that import would give: what require gives can't register hooks of ES modules.
    const tsx = createRequire(url)
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs')
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

async function load(one: Load): Promise<void> {
  const { url } = one
  if (/\.[mc]?tsx?$/.test(new URL(url).pathname)) {
    typeScript ??= readTypeScript(url)
    await typeScript
  }
  if (one.imported === undefined) {
    one.loading = true
    one.imported = import(url).finally(() => stuck(one))
  }
  await one.imported
}

/** The class that the module registers under that name. */
export function loadClass(url: string, type: string): Promise<ClassInfo> {
  const key = `${url}#${type}`
  const known = findClass(key)
  if (known !== undefined) return Promise.resolve(known)
  let one = loads.get(url)
  if (one === undefined) {
    one = { url, loading: false, waiting: new Set(), imported: undefined }
    loads.set(url, one)
  }
  const { waiting } = one
  return new Promise<ClassInfo>((resolve, reject) => {
    const finish = () => {
      waiting.delete(finish)
      const info = findClass(key)
      if (info !== undefined) resolve(info)
      else reject(errors.classNotFound(type, url, registeredBy(url)))
    }
    waiting.add(finish)
    whenRegistered(key, finish)
    // It got as far as init before: nothing more will come of it.
    if (one.imported !== undefined && !one.loading) setImmediate(finish)
    load(one).then(finish, (error) => {
      waiting.delete(finish)
      const info = findClass(key)
      if (info !== undefined) resolve(info)
      else reject(errors.moduleLoadFailed(url, error))
    })
  })
}
