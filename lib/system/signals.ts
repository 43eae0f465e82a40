// SIGINT and SIGTERM: a graceful end.

import { constants } from 'node:os'
import { errors, reading } from '../errors/index.js'
import { checkShutdownOptions, type ShutdownOptions } from '../options/index.js'
import { ActorSystem } from './system.js'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
type Signal = (typeof SIGNALS)[number]

/**
 * Ends the process by SIGINT and SIGTERM as a service should end (contract, section 2): the first shuts the system down and
 * then ends the process as the signal would have; a second, while that is under way, ends it at once. For the program that
 * owns the process: call it on the main thread, where alone signals arrive.
 * @param system of the process's main thread
 * @param options.timeoutMs for the actors to end, 10,000 unless set
 * @returns a function that gives the signals back
 * @throws ERR_PULSING_INVALID_ARGUMENT, ERR_PULSING_INVALID_OPTION
 */
export function handleSignals(system: ActorSystem, options?: ShutdownOptions): () => void {
  if (!reading('system', () => system instanceof ActorSystem))
    throw errors.invalidArgument('system', system, 'an ActorSystem')
  const { timeoutMs } = checkShutdownOptions(options)
  let ending = false
  const onSignal = (signal: Signal) => {
    if (ending) process.exit(128 + constants.signals[signal])
    ending = true
    const end = () => {
      release()
      process.kill(process.pid, signal)
    }
    system.shutdown({ timeoutMs }).then(end, (error: Error) => {
      process.stderr.write(`pulsing error: ${error.message}\n`)
      end()
    })
  }
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return release
}
