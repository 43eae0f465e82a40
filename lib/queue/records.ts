// Records as bytes: a batch is one text of JSON where that gives back each record as it was, else one value of msgpack. What stores
// a batch reads none of it. JSON is what V8 writes and reads fastest, and what other programs can read in a store.

import type { TraceContext } from '../engine/index.js'
import { errors, isPulsingError } from '../errors/index.js'
import { Quick, WireDecoder, WireEncoder } from '../wire/index.js'
import { setTrace } from './traces.js'

/** What one put writes to one bucket may have so many bytes. */
const MOST_BATCH_BYTES = 32 * 1024 * 1024

/** The first byte of a batch: what the rest of it is. */
const JSON_TEXT = 0
const MSGPACK = 1
/** And that the trace stands between, that the batch was put in: its length in a byte, and as text. */
const TRACED = 0x80
const MOST_TRACE_BYTES = 255

/** What is too long for it goes without the vendors' own part. */
function textOf({ traceparent, tracestate }: TraceContext): string {
  const text = tracestate === undefined ? traceparent : `${traceparent} ${tracestate}`
  return Buffer.byteLength(text) <= MOST_TRACE_BYTES ? text : traceparent
}

const NO_REFS = {
  toWire(): never {
    throw errors.notSerializable(
      'record',
      'it has a reference to an actor, which may be gone when it is read: put the name of the actor',
    )
  },
  fromWire(): never {
    throw new Error('a reference to an actor')
  },
}

const encoder = new WireEncoder(NO_REFS, MOST_BATCH_BYTES)
const decoder = new WireDecoder(NO_REFS, false)

const quick = new Quick('json')

/** How JSON writes half a character, which UTF-8 does not carry, and may write a backslash before "ud". */
const HALF = '\\ud'

/** Records of one bucket, as they are written. */
export class Batch {
  readonly #records: unknown[] = []
  #isJson = true

  get count(): number {
    return this.#records.length
  }

  /** Hot: queue-put. */
  add(record: unknown): void {
    this.#records.push(record)
    this.#isJson &&= quick.carries(record)
  }

  /** Throws ERR_PULSING_NOT_SERIALIZABLE, ERR_PULSING_MESSAGE_TOO_LARGE. */
  encode(trace: TraceContext | undefined): Encoded {
    const text = this.#isJson ? JSON.stringify(this.#records) : HALF
    return new Encoded(
      this.count,
      text.includes(HALF) ? encoder.encodeValue(this.#records, 'records').slice() : text,
      trace === undefined ? '' : textOf(trace),
    )
  }
}

/** Where a text becomes bytes: those are copied on before the next does. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** A batch that is ready to go, and go again. As text it takes no memory but the heap's. */
export class Encoded {
  readonly count: number
  readonly #form: string | Uint8Array
  readonly #trace: string

  constructor(count: number, form: string | Uint8Array, trace: string) {
    this.count = count
    this.#form = form
    this.#trace = trace
    // A text has at least as many bytes as characters.
    if (form.length > MOST_BATCH_BYTES) throw errors.messageTooLarge(form.length, MOST_BATCH_BYTES)
  }

  /** Its bytes, which hold until the next call of any. */
  get bytes(): Uint8Array {
    const form = this.#form
    const most = (typeof form === 'string' ? form.length * 3 : form.length) + 2 + MOST_TRACE_BYTES
    if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(most)
    const isText = typeof form === 'string'
    let at = 1
    scratch[0] = isText ? JSON_TEXT : MSGPACK
    if (this.#trace !== '') {
      scratch[0] |= TRACED
      scratch[1] = scratch.write(this.#trace, 2)
      at = 2 + scratch[1]
    }
    if (!isText) scratch.set(form, at)
    const length = isText ? scratch.write(form, at) : form.length
    return new Uint8Array(scratch.buffer, 0, at + length)
  }
}

/** The records of a batch. Throws ERR_PULSING_STORAGE_FAILED where the bytes are none. Hot: queue-get. */
export function recordsOf(bytes: Uint8Array, count: number): unknown[] {
  let records: unknown
  let trace: TraceContext | undefined
  try {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let [kind = -1] = all
    let at = 1
    if ((kind & TRACED) !== 0) {
      kind &= ~TRACED
      at = 2 + (all[1] ?? 0)
      const [traceparent = '', tracestate] = all.toString('utf8', 2, at).split(' ', 2)
      trace = { traceparent, tracestate }
    }
    if (kind === JSON_TEXT) records = JSON.parse(all.toString('utf8', at))
    else if (kind === MSGPACK) records = decoder.decodeValue(all.subarray(at))
  } catch (error) {
    if (isPulsingError(error)) throw error
    throw errors.storageFailed('A batch of records is not readable', error)
  }
  if (Array.isArray(records) && records.length === count) {
    if (trace !== undefined) for (const record of records) setTrace(record, trace)
    return records
  }
  throw errors.storageFailed('A batch of records is not readable', new Error(`it is no list of ${count}`))
}
