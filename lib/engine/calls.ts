// The call whose method runs on this JavaScript thread, and its signal (contract 3.4).

import { errors } from '../errors/index.js'
import type { Cell } from './cell.js'

/** Of whatever system; a method runs to its first await before another does. */
class Running {
  /** Undefined between calls. */
  cell: Cell | undefined = undefined
  controller: AbortController | undefined = undefined

  /** The method has returned. Gives what callSignal made. */
  ended(): AbortController | undefined {
    const { controller } = this
    this.cell = undefined
    this.controller = undefined
    return controller
  }
}

export const running: Running = new Running()

/**
 * The signal of the call that runs (contract 3.4): aborted when its caller gives the call up, by a signal or a timeout of its
 * own, and when the actor stops. Read it in a method, or in `receive`, before the first await.
 * @throws ERR_PULSING_NOT_IN_CALL anywhere else
 */
export function callSignal(): AbortSignal {
  if (running.cell === undefined) throw errors.notInCall()
  running.controller ??= new AbortController()
  return running.controller.signal
}
