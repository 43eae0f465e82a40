// Options of the commands that make a node of their own.

import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { SystemOptions } from '../index.js'
import { secretIn } from './observed.js'

export interface NodeOptions {
  readonly addr?: string
  readonly seeds?: string[]
  readonly nodeId?: string
  readonly passphraseFile?: string
  readonly insecure?: boolean
}

/** A whole number of that range, as an option of a command. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
  }
}

const listed = (text: string): string[] => text.split(',').filter((one) => one !== '')

export function withNodeOptions(command: Command): Command {
  return command
    .option('--addr <host:port>', 'where this node listens for others; port 0 takes a free one')
    .option('--seeds <host:port,...>', 'nodes of the cluster to join, any that answer', listed)
    .option('--node-id <id>', 'the id of this node: random unless set')
    .option(
      '--passphrase-file <file>',
      "its first line is the cluster's passphrase (or set PULSING_PASSPHRASE)",
    )
    .option('--insecure', 'without a passphrase, speak with nodes of other machines too')
}

export function systemOptionsOf(options: NodeOptions): SystemOptions {
  const { addr, seeds, nodeId, passphraseFile, insecure } = options
  const passphrase = passphraseFile === undefined ? process.env.PULSING_PASSPHRASE : secretIn(passphraseFile)
  return {
    ...(addr === undefined ? {} : { addr }),
    ...(seeds === undefined ? {} : { seeds }),
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(passphrase === undefined || (addr ?? seeds) === undefined ? {} : { passphrase }),
    ...(insecure === undefined ? {} : { insecure }),
  }
}
