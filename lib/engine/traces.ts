// W3C trace context on its way: what belongs to one request is known as such on every thread and node that it comes to. Where the
// program has OpenTelemetry's API, each call is a span.

import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { errors } from '../errors/index.js'
import { isThenable } from './thenable.js'

/** As the headers of the same names have it (https://www.w3.org/TR/trace-context). */
export interface TraceContext {
  readonly traceparent: string
  readonly tracestate?: string | undefined
}

/** What of OpenTelemetry's API is used here. */
interface Api {
  readonly ROOT_CONTEXT: unknown
  readonly SpanKind: { readonly SERVER: number }
  readonly SpanStatusCode: { readonly ERROR: number }
  readonly context: { active(): unknown; with<T>(context: unknown, run: () => T): T }
  readonly propagation: {
    inject(context: unknown, carrier: Record<string, string>): void
    extract(context: unknown, carrier: TraceContext): unknown
  }
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: object, context: unknown): Span }
    setSpan(context: unknown, span: Span): unknown
  }
}

interface Span {
  recordException(error: Error): void
  setStatus(status: { code: number; message?: string }): void
  end(): void
}

/** In front of what an argument of a call carries: no text of a user's begins so. */
const MARK = '\u0000w3c '
const PARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/
const MOST_STATE = 512

/** undefined is said too: what runs here may have been begun by a call of another trace. */
const current = new AsyncLocalStorage<TraceContext | undefined>()

let api: Api | undefined
let isLooked = false

function openTelemetry(): Api | undefined {
  if (isLooked) return api
  isLooked = true
  try {
    api = createRequire(import.meta.url)('@opentelemetry/api') as Api
  } catch {
    // It is the user's to install.
  }
  return api
}

/**
 * The trace that what runs here belongs to: to be sent along with a request to another service. Undefined where there is none. In a
 * system with the option `traces`, calls carry it from their caller to their actor, on whatever thread and node.
 */
export function traceContext(): TraceContext | undefined {
  const carrier: Record<string, string> = {}
  const otel = openTelemetry()
  otel?.propagation.inject(otel.context.active(), carrier)
  const { traceparent, tracestate } = carrier
  return traceparent === undefined ? current.getStore() : { traceparent, tracestate }
}

/**
 * Runs a function as a part of a trace, as of a request that came with these headers; what it gives is given on. Where OpenTelemetry
 * is set up, its own instrumentation does that.
 * @throws ERR_PULSING_INVALID_ARGUMENT where it is no trace context
 */
export function withTraceContext<T>(given: TraceContext, run: () => T): T {
  if (!isTraceContext(given))
    throw errors.invalidArgument(
      'context',
      given,
      '{ traceparent, tracestate } as in the headers of a request',
    )
  return current.run({ traceparent: given.traceparent, tracestate: given.tracestate }, run)
}

function isTraceContext(given: unknown): given is TraceContext {
  if (typeof given !== 'object' || given === null) return false
  const { traceparent, tracestate } = given as Record<string, unknown>
  if (typeof traceparent !== 'string' || !PARENT.test(traceparent)) return false
  return tracestate === undefined || (typeof tracestate === 'string' && tracestate.length <= MOST_STATE)
}

/** What a call carries, as one more argument behind its own; undefined where there is no trace. */
export function carried(): string | undefined {
  const context = traceContext()
  return context === undefined ? undefined : `${MARK}${context.traceparent} ${context.tracestate ?? ''}`
}

/** Arguments of a call, without what they carry. */
export interface Carried {
  readonly argc: number
  readonly value: unknown
  readonly context: TraceContext | undefined
}

/** argc: of the arguments themselves; value: the argument where that is 1, else all of them. Undefined where they carry nothing. */
export function uncarried(argc: number, value: unknown): Carried | undefined {
  const last = argc === 1 ? value : argc > 1 ? (value as unknown[])[argc - 1] : undefined
  if (typeof last !== 'string' || !last.startsWith(MARK)) return undefined
  const [traceparent = '', tracestate = ''] = last.slice(MARK.length).split(' ', 2)
  const context = { traceparent, tracestate: tracestate === '' ? undefined : tracestate }
  const all = argc === 1 ? [] : (value as unknown[]).slice(0, -1)
  return {
    argc: argc - 1,
    value: all.length === 1 ? all[0] : all,
    // It may come from another node, and is nothing to be trusted.
    context: isTraceContext(context) ? context : undefined,
  }
}

/** What a message that is lost was, as its sender gave it: with its arguments alone. */
export function withoutTrace(message: unknown): unknown {
  const carries = uncarried(Array.isArray(message) ? message.length : 1, message)
  if (carries === undefined) return message
  return carries.argc === 0 ? undefined : carries.value
}

/** The arguments, and one more. */
export function withOneMore(argc: number, value: unknown, more: string): unknown {
  if (argc === 0) return more
  return argc === 1 ? [value, more] : [...(value as unknown[]), more]
}

type Enter = <T>(run: () => T) => T

const STEPS = ['next', 'return', 'throw'] as const

/** The steps of a generator are made later, and belong there as well. */
function inContext(enter: Enter, call: () => unknown): unknown {
  const result = enter(call)
  if (
    typeof result !== 'object' ||
    result === null ||
    typeof (result as { next?: unknown }).next !== 'function'
  )
    return result
  for (const name of STEPS) {
    const step = (result as Record<string, unknown>)[name]
    if (typeof step !== 'function') continue
    const value = (...args: unknown[]) => enter(() => Reflect.apply(step, result, args))
    Object.defineProperty(result, name, { value, configurable: true, writable: true })
  }
  return result
}

/** Makes a call as a part of the trace that it carries: a span of its own where OpenTelemetry is there. */
export function inTrace(context: TraceContext | undefined, name: string, call: () => unknown): unknown {
  const otel = openTelemetry()
  if (otel === undefined) return inContext((run) => current.run(context, run), call)
  const parent =
    context === undefined ? otel.ROOT_CONTEXT : otel.propagation.extract(otel.ROOT_CONTEXT, context)
  const span = otel.trace.getTracer('pulsing').startSpan(name, { kind: otel.SpanKind.SERVER }, parent)
  const own = otel.trace.setSpan(parent, span)
  const enter: Enter = (run) => current.run(context, () => otel.context.with(own, run))
  const failed = (error: unknown) => {
    const known = error instanceof Error ? error : new Error(String(error))
    span.recordException(known)
    span.setStatus({ code: otel.SpanStatusCode.ERROR, message: known.message })
    span.end()
  }
  try {
    const result = inContext(enter, call)
    if (isThenable(result)) result.then(() => span.end(), failed)
    else span.end()
    return result
  } catch (error) {
    failed(error)
    throw error
  }
}
