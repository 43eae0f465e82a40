// What an event of the system says to people, in one line.

import type { SystemEvents } from '../system/index.js'

type Sentences = { readonly [E in keyof SystemEvents]: (event: SystemEvents[E][0]) => string }

const at = (actor: string, method: string | undefined) =>
  method === undefined ? actor : `${actor}, ${method}`

const SENTENCES: Sentences = {
  deadLetter: ({ actor, method, reason }) => `dead letter for ${at(actor, method)}: ${reason}`,
  unobservedError: ({ actor, method, error }) =>
    `nobody waited for an error of ${at(actor, method)}: ${error}`,
  restart: ({ actor, restarts, error }) =>
    `${actor} is made again, time ${restarts}: ${error === undefined ? 'it stopped itself' : error}`,
  stuck: ({ slot, actor, method, stuckMs }) =>
    `thread ${slot} has not come back for ${Math.round(stuckMs)} ms${actor === undefined ? '' : `: ${at(actor, method)}`}`,
  threadDied: ({ slot, actor, method, error }) =>
    `thread ${slot} died${actor === undefined ? '' : ` at ${at(actor, method)}`}: ${error === undefined ? 'it ended itself' : error}`,
  member: ({ nodeId, before, status }) => `node ${nodeId}: ${before ?? 'new'} -> ${status}`,
  peerRefused: ({ addr, reason }) => `node ${addr} was refused: ${reason}`,
  queueGap: ({ topic, bucketId, from, to, reason }) =>
    reason === 'lost'
      ? `${topic}, bucket ${bucketId}: lost at record ${from}, and begun again`
      : `${topic}, bucket ${bucketId}: records ${from} to ${to} were dropped before they were read`,
}

export function sentenceOf<E extends keyof SystemEvents>(name: E, event: SystemEvents[E][0]): string {
  return SENTENCES[name](event)
}
