// Finds the scenarios: of the engine, and of the peers that are npm packages or Node's own.

import type { Program, Scenario } from './scenario.js'

/** The rows stand in this order. */
const OURS = [
  'pingpong',
  'ask-local',
  'ask-host',
  'ask-pipelined',
  'tell-local',
  'tell-cross',
  'fanin',
  'ring',
  'stream',
  'spawn',
  'restart',
  'big',
  'skynet',
  'pipeline',
  'bytes-per-actor',
  'payload',
  'parallel-speedup',
  'service',
  'idle-cpu',
  'cluster',
  'queue',
]

/** The peer's name, and its module. */
const PEERS: Readonly<Record<string, string>> = {
  observed: 'observed',
  'no-pool': 'no-pool',
  'plain-workers': 'plain-workers',
  postMessage: 'post-message',
  'postMessage-batched-100': 'post-message-batched',
  piscina: 'piscina',
  tinypool: 'tinypool',
  workerpool: 'workerpool',
  nact: 'nact',
  'bare-tcp': 'bare-tcp',
  nats: 'nats',
  bullmq: 'bullmq',
  'bullmq-aof': 'bullmq-aof',
  'bare-jetstream': 'bare-jetstream',
}

export const PEER_NAMES: readonly string[] = Object.keys(PEERS)

/** A module exports `scenarios` and, where it is a peer's, `peer`: its name. */
export async function loadProgram(url: string): Promise<Program> {
  const module = (await import(url)) as { peer?: string; scenarios: readonly Scenario[] }
  return { peer: module.peer ?? 'pulsing', url, scenarios: module.scenarios }
}

export function ourPrograms(): Promise<Program[]> {
  return Promise.all(OURS.map((name) => loadProgram(new URL(`scenarios/${name}.js`, import.meta.url).href)))
}

/** Throws a sentence that names the package to install where one is missing. */
export function peerPrograms(names: readonly string[]): Promise<Program[]> {
  return Promise.all(
    names.map(async (name) => {
      try {
        return await loadProgram(new URL(`peers/${PEERS[name]}.js`, import.meta.url).href)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
        throw new Error(`The peer ${name} is not installed: run npm install --save-dev ${name}.`)
      }
    }),
  )
}
