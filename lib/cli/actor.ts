// pulsing actor: a class of a module, as an actor of a node of its own, until it ends.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ActorContext, ActorRef, ActorSystem } from '../index.js'
import { argumentsOf } from './arguments.js'
import { EXIT, Failure, usage } from './failure.js'
import { type NodeOptions, systemOptionsOf } from './node-options.js'
import { secretIn } from './observed.js'
import type { Output } from './output.js'

type Pulsing = typeof import('../index.js')

export interface ActorCommandOptions extends NodeOptions {
  readonly name?: string
  readonly threads?: number
  readonly instances?: number
  readonly restart?: 'never' | 'always' | 'on-failure'
  readonly observe?: number
  readonly observeHost?: string
  readonly observeTokenFile?: string
}

type Class = new (...args: never[]) => object

/** Resolves when the actor has ended well; fails as it fails. By a signal the process ends as by that signal. */
export async function runActor(
  what: string,
  words: readonly string[],
  options: ActorCommandOptions,
  out: Output,
): Promise<void> {
  const { file, exported } = partsOf(what)
  const pul = await packageOf(file)
  const Class = await classIn(file, exported)
  const { observe: port, observeHost: host, observeTokenFile } = options
  const token = observeTokenFile === undefined ? process.env.PULSING_TOKEN : secretIn(observeTokenFile)
  const system = await pul.init({
    ...systemOptionsOf(options),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(port === undefined ? {} : { observe: { port, host, token } }),
  })
  const release = pul.handleSignals(system)
  try {
    const isRemote = typeof (Class as { spawn?: unknown }).spawn === 'function'
    if (!isRemote)
      process.stderr.write(
        `pulsing: ${Class.name} runs on the main thread, since it was not given to pul.remote(import.meta.url, ${Class.name}).\n`,
      )
    const ref = await system.spawn(Class, {
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.instances === undefined ? {} : { instances: options.instances }),
      ...(options.restart === undefined ? {} : { restartPolicy: options.restart }),
      ...(isRemote ? {} : { placement: 'host' as const }),
      args: argumentsOf(words) as never,
    })
    const { nodeId, addr, observeUrl } = system
    const said = {
      actor: options.name ?? ref.actorId.toString(),
      class: Class.name,
      nodeId,
      addr,
      observeUrl,
    }
    out.print(said, (one) =>
      [
        `${one.actor} (${one.class}) runs on node ${one.nodeId}`,
        ...(one.addr === undefined ? [] : [`others reach it at ${one.addr}`]),
        ...(one.observeUrl === undefined ? [] : [`it shows itself at ${one.observeUrl}`]),
      ].join('\n'),
    )
    const reason = await endOf(system, ref)
    if (reason !== 'stopped') throw new Failure(EXIT.failed, 'actor-ended', `The actor has ended: ${reason}.`)
  } finally {
    // A signal's shutdown ends the actor as well, and then the process.
    if (system.ending === undefined) {
      release()
      await system.shutdown()
    } else await new Promise(() => {})
  }
}

/** Why the actor has stopped for good. Keeps the process alive until then. */
async function endOf(system: ActorSystem, ref: ActorRef): Promise<string> {
  const alive = setInterval(() => undefined, 60_000)
  try {
    return await new Promise<string>((resolve, reject) => {
      class Watcher {
        static readonly name = 'PulsingCommand'

        async onStart(_: unknown, context: ActorContext): Promise<void> {
          await context.watch(ref)
        }

        onSignal({ reason }: { readonly reason: string }): void {
          resolve(reason)
        }
      }
      system.spawn(new Watcher()).catch(reject)
    })
  } finally {
    clearInterval(alive)
  }
}

/** ./file.js#Class */
function partsOf(what: string): { file: string; exported: string | undefined } {
  const at = what.lastIndexOf('#')
  const file = resolve(at < 0 ? what : what.slice(0, at))
  if (!existsSync(file)) throw usage(`${file} is not there: give a module and its class as ./file.js#Class.`)
  return { file, exported: at < 0 ? undefined : what.slice(at + 1) }
}

/** The copy of this package that the module imports, so that both have the same system. */
async function packageOf(file: string): Promise<Pulsing> {
  let found: string
  try {
    found = createRequire(file).resolve('pulsing')
  } catch {
    return import('../index.js')
  }
  return (await import(pathToFileURL(found).href)) as Pulsing
}

async function classIn(file: string, exported: string | undefined): Promise<Class> {
  let module: Readonly<Record<string, unknown>>
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    const isTypeScript = /\.[cm]?ts$/.test(file)
    const advice = isTypeScript ? ' TypeScript needs Node 22.18 or later, or tsx: node --import tsx.' : ''
    throw new Failure(
      EXIT.failed,
      'module',
      `${file} can not be loaded: ${(error as Error).message}.${advice}`,
      {
        cause: error,
      },
    )
  }
  const classes = Object.entries(module).filter((entry): entry is [string, Class] => isClass(entry[1]))
  const names = classes.map(([name]) => name)
  const there = names.length === 0 ? 'It exports no class.' : `It exports ${names.join(', ')}.`
  if (exported === undefined) {
    if (classes.length === 1) return (classes[0] as [string, Class])[1]
    throw usage(`Say which class of ${file}: ${file}#Class. ${there}`)
  }
  const found = classes.find(([name]) => name === exported)?.[1]
  if (found === undefined) throw usage(`${file} exports no class ${exported}. ${there}`)
  return found
}

function isClass(value: unknown): value is Class {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}
