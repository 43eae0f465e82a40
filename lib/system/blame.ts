// Whose code has ended a thread (contract 5.5), as far as can be known.

import { fileURLToPath } from 'node:url'
import type { ActorRecord, ClassInfo } from '../actor/index.js'
import type { Cell } from '../engine/index.js'
import { isError } from '../errors/index.js'
import { isAgent, type LocalThread } from './local.js'

/** Whose code it was: an actor, or, where it could be one of several, their class. */
export interface Culprit {
  readonly actor: string | undefined
  /** Name of its class. */
  readonly type: string | undefined
  /** Undefined where it was none, but onStart, or a callback that the actor left behind. */
  readonly method: string | undefined
}

const NOBODY_KNOWN: Culprit = { actor: undefined, type: undefined, method: undefined }

/** On the thread itself: whose method runs, or else the class whose code stands highest on the stack of the error. */
export function blame(local: LocalThread, error: unknown): Culprit {
  const { thread } = local
  const { current } = thread
  if (current !== undefined && !isAgent(current)) {
    const { type } = (current.actor as ActorRecord).info
    return { actor: local.nameOf(current.target), type, method: local.methodRunning(current) }
  }
  const stack = isError(error) ? String(error.stack) : ''
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const byClass = new Map<ClassInfo, Cell[]>()
  for (const cell of thread.cells) {
    const info = (cell?.actor as ActorRecord | undefined)?.info
    if (cell !== undefined && info !== undefined) byClass.set(info, [...(byClass.get(info) ?? []), cell])
  }
  for (const frame of frames) {
    const named = [...byClass.keys()].filter(({ type }) => frame.includes(` ${type}.`))
    const near = named.length > 0 ? named : [...byClass.keys()].filter((info) => isIn(frame, info.moduleUrl))
    const [info] = near
    if (info === undefined) continue
    const cells = byClass.get(info) as Cell[]
    const [cell] = cells
    const one = near.length === 1 && cells.length === 1 && cell !== undefined
    return {
      actor: one ? local.nameOf(cell.target) : undefined,
      type: near.length === 1 ? info.type : undefined,
      method: undefined,
    }
  }
  return NOBODY_KNOWN
}

function isIn(frame: string, url: string | undefined): boolean {
  if (url === undefined) return false
  return frame.includes(url) || (url.startsWith('file:') && frame.includes(fileURLToPath(url)))
}
