// Which actor it is: printable, parsable, comparable (contract, section 2).

import { errors } from '../errors/index.js'
import { inspectedAs } from './inspect.js'

const FORM = /^([^/]+)\/(\d+)\.(\d+)\.(\d+)$/

/**
 * The id of an actor: the node, and within it the slot of its thread, its place there and the generation of that place.
 * No two actors that ever lived in a node have the same.
 */
export class ActorId {
  /** Id of the node. */
  readonly nodeId: string
  /** The thread that it lives on, 0 for the host; 255 for a pool. */
  readonly slot: number
  readonly index: number
  readonly generation: number

  constructor(nodeId: string, slot: number, index: number, generation: number) {
    this.nodeId = nodeId
    this.slot = slot
    this.index = index
    this.generation = generation
  }

  /** `node/slot.index.generation`, which parse reads. */
  toString(): string {
    return `${this.nodeId}/${this.slot}.${this.index}.${this.generation}`
  }

  toJSON(): string {
    return this.toString()
  }

  /** Whether both are the same actor. */
  equals(other: ActorId): boolean {
    return other instanceof ActorId && this.toString() === other.toString()
  }

  /** Reads what toString gave. Throws ERR_PULSING_INVALID_ARGUMENT for anything else. */
  static parse(text: string): ActorId {
    const parts = typeof text === 'string' ? FORM.exec(text) : null
    if (parts === null)
      throw errors.invalidArgument('actorId', text, 'the text of an actor id, as in node/1.5.9')
    return new ActorId(parts[1] as string, Number(parts[2]), Number(parts[3]), Number(parts[4]))
  }

  static {
    inspectedAs(ActorId, (id) => `ActorId(${id})`)
  }
}
