import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import test, { type ExecutionContext } from 'ava'
import {
  type ActorProxy,
  type ActorSystem,
  queue,
  type SystemOptions,
  type TraceContext,
  tell,
  traceContext,
  withTraceContext,
} from 'pulsing'
import { events, rejection, start, thrown, until } from '../bed.js'
import { Traced } from '../fixtures/traced.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const GIVEN: TraceContext = { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: 'vendor=1,other=2' }

async function traced(t: ExecutionContext, options: Partial<SystemOptions> = {}): Promise<ActorSystem> {
  const system = await start({ traces: true, threads: 2, ...options })
  t.teardown(() => system.shutdown())
  return system
}

async function actorOn(system: ActorSystem, slot: number): Promise<ActorProxy<Traced>> {
  return (await system.spawn(Traced, { placement: { slot } })).asType(Traced)
}

for (const [where, slot] of [
  ['on its own thread', 0],
  ['on another thread', 1],
] as const)
  test.serial(
    `a call carries the trace that it belongs to, ${where}, and its arguments are its own`,
    async (t) => {
      const system = await traced(t)
      const actor = await actorOn(system, slot)
      t.is(await actor.here(), undefined)
      await withTraceContext(GIVEN, async () => {
        t.is(await actor.here(), GIVEN.traceparent)
        t.is(await actor.later(), GIVEN.traceparent)
        t.is(await actor.state(), GIVEN.tracestate)
        t.is(await actor.counted(), 0)
        t.is(await actor.counted([1, 2]), 1)
        t.is(await actor.counted(undefined), 1)
        t.is(await actor.counted(1, [2], undefined), 3)
        t.deepEqual(await actor.ref.ask('hello'), ['hello', GIVEN.traceparent])
        t.deepEqual(await actor.ref.ask([1, 2]), [[1, 2], GIVEN.traceparent])
        for await (const item of actor.items()) t.is(item, GIVEN.traceparent)
        tell(actor).note()
        t.is(await actor.last(), GIVEN.traceparent)
        await actor.ref.ask('forget')
      })
      t.is(await actor.here(), undefined)
      tell(actor).note()
      t.is(await actor.last(), undefined)
      await withTraceContext(GIVEN, () => actor.noteLater())
      await until(async () => (await actor.last()) === GIVEN.traceparent)
      t.is(traceContext(), undefined)
    },
  )

test.serial('calls of one turn do not see the traces of each other', async (t) => {
  const system = await traced(t)
  const actor = await actorOn(system, 0)
  const with1 = withTraceContext(GIVEN, () => actor.here())
  const without = actor.here()
  const other = { traceparent: GIVEN.traceparent.replace('b7', 'c8') }
  const with2 = withTraceContext(other, () => actor.later())
  t.deepEqual(await Promise.all([with1, without, with2]), [GIVEN.traceparent, undefined, other.traceparent])
})

test.serial('a message that is lost is told of without what it carried', async (t) => {
  const system = await traced(t)
  const lost = events(system, 'deadLetter')
  for (const slot of [0, 1]) {
    const actor = await actorOn(system, slot)
    await system.stop(actor)
    withTraceContext(GIVEN, () => {
      tell(actor).counted()
      tell(actor).counted([1, 2])
      tell(actor).counted(3, 4)
    })
  }
  await until(() => lost.length === 6)
  const messages = [undefined, [1, 2], [3, 4]]
  t.deepEqual(
    lost.map(({ message }) => message),
    [...messages, ...messages],
  )
})

test.serial('it goes on from actor to actor, over threads, pools and nodes', async (t) => {
  const system = await traced(t)
  const [one, two] = [await actorOn(system, 1), await actorOn(system, 2)]
  const pool = (await system.spawn(Traced, { instances: 2 })).asType(Traced)
  await withTraceContext(GIVEN, async () => {
    t.deepEqual(await one.through(two.ref), [GIVEN.traceparent, GIVEN.traceparent])
    t.is(await pool.here(), GIVEN.traceparent)
  })
  const node = await traced(t, { addr: '127.0.0.1:0', threads: 1 })
  await node.spawn(Traced, { name: 'far' })
  const other = await traced(t, { seeds: [node.addr as string], threads: 1 })
  const far = (await other.resolve('far')).asType(Traced)
  await withTraceContext(GIVEN, async () => {
    t.is(await far.here(), GIVEN.traceparent)
    t.is(await far.counted(1, 2), 2)
    for await (const item of far.items()) t.is(item, GIVEN.traceparent)
  })
})

test.serial('records carry the trace that they were put in, whatever they are made of', async (t) => {
  const system = await traced(t)
  const own = queue.of(system)
  const writer = await own.write('orders', { numBuckets: 1 })
  const reader = await own.read('orders')
  await writer.put({ id: 1 })
  await withTraceContext(GIVEN, async () => {
    await writer.put([{ id: 2 }, { id: 3 }])
    await writer.put({ id: 4, bytes: new Uint8Array(3), sent: new Date(0) })
  })
  const long = { ...GIVEN, tracestate: `long=${'x'.repeat(300)}` }
  await withTraceContext(long, () => writer.put({ id: 5 }))
  const records: Record<string, unknown>[] = []
  while (records.length < 5) records.push(...(await reader.get({ limit: 5, wait: true })))
  t.deepEqual(
    records.map((record) => own.traceOf(record)),
    [undefined, GIVEN, GIVEN, GIVEN, { traceparent: GIVEN.traceparent, tracestate: undefined }],
  )
  t.deepEqual(records[3]?.bytes, new Uint8Array(3))
})

test.serial('where a node traces nothing, methods get their own arguments all the same', async (t) => {
  const node = await traced(t, { addr: '127.0.0.1:0', threads: 1, traces: false })
  await node.spawn(Traced, { name: 'plain' })
  const other = await traced(t, { seeds: [node.addr as string], threads: 1 })
  const plain = (await other.resolve('plain')).asType(Traced)
  await withTraceContext(GIVEN, async () => {
    t.is(await plain.counted(1, 2), 2)
    t.is(await plain.counted(), 0)
    t.deepEqual(await plain.ref.ask('hello'), ['hello', undefined])
    tell(plain).note()
    t.is(await plain.last(), undefined)
  })
})

test.serial('what is no trace context is an error; without the option nothing is carried', async (t) => {
  for (const wrong of [undefined, {}, { traceparent: 'x' }, { ...GIVEN, tracestate: 'a'.repeat(600) }])
    t.is(thrown(() => withTraceContext(wrong as never, () => 1)).code, 'ERR_PULSING_INVALID_ARGUMENT')
  const system = await traced(t, { traces: false })
  const actor = await actorOn(system, 1)
  await withTraceContext(GIVEN, async () => {
    t.is(await actor.here(), undefined)
    t.is(await actor.counted(1), 1)
  })
  t.is((await rejection(start({ traces: 1 as never }))).code, 'ERR_PULSING_INVALID_OPTION')
})

test.serial('with OpenTelemetry each call is a span, a child of its caller’s', async (t) => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  t.teardown(() => {
    trace.disable()
    context.disable()
    propagation.disable()
  })
  const system = await traced(t, { threads: 1 })
  const here = await actorOn(system, 0)
  const there = await actorOn(system, 1)
  await trace.getTracer('test').startActiveSpan('request', async (span) => {
    await here.later()
    // The engine thread has no SDK: it hands on what it was given.
    const seen = (await here.through(there.ref)) as readonly string[]
    t.regex(seen[1] as string, new RegExp(`^00-${span.spanContext().traceId}-`))
    t.regex((await rejection(here.fail())).message, /no/)
    span.end()
  })
  const spans = exporter.getFinishedSpans()
  const request = spans.find(({ name }) => name === 'request')
  const later = spans.find(({ name }) => name === 'Traced.later')
  t.is(later?.spanContext().traceId, request?.spanContext().traceId)
  t.is(later?.parentSpanContext?.spanId, request?.spanContext().spanId)
  t.true((later?.duration[1] ?? 0) >= 4_000_000)
  const failed = spans.find(({ name }) => name === 'Traced.fail')
  t.is(failed?.status.code, SpanStatusCode.ERROR)
  t.is(failed?.events[0]?.name, 'exception')
})
