import { availableParallelism } from 'node:os'
import test, { type ExecutionContext } from 'ava'
import { expectTypeOf } from 'expect-type'
import fc from 'fast-check'
import { PulsingRuntimeError } from '../lib/errors/index.js'
import {
  type AskOptions,
  checkActorName,
  checkAskOptions,
  checkRemoteOptions,
  checkShutdownOptions,
  checkSpawnOptions,
  checkStopOptions,
  checkSystemOptions,
  checkTellOptions,
  consoleLogger,
  type RemoteOptions,
  type SpawnOptions,
  type StopOptions,
  type SystemOptions,
  sameOptions,
} from '../lib/options/index.js'

const MIB = 1024 * 1024

/** It throws the code, and the message names each part. */
function refused(t: ExecutionContext, check: () => unknown, code: string, ...parts: string[]): void {
  const error = t.throws<PulsingRuntimeError>(check, {
    code: `ERR_PULSING_${code}`,
    instanceOf: PulsingRuntimeError,
  })
  for (const part of parts) t.true(error.message.includes(part), `${error.message} - ${part}`)
}

test('what is not set has its default', (t) => {
  t.deepEqual(checkSystemOptions(), {
    threads: Math.min(availableParallelism(), 63),
    cores: availableParallelism(),
    arenaBytes: 256 * MIB,
    maxMessageBytes: 64 * MIB,
    logger: consoleLogger,
    resourceLimits: undefined,
    nodeId: undefined,
    cluster: undefined,
    observe: undefined,
    traces: false,
    stuckThreadMs: 5000,
    terminateStuckAfterMs: Number.POSITIVE_INFINITY,
  })
  t.deepEqual(checkSpawnOptions(), {
    nodeId: undefined,
    name: undefined,
    args: [],
    mailboxCapacity: 65_536,
    mailboxBytes: 64 * MIB,
    overflow: 'wait',
    maxConcurrency: undefined,
    placement: 'auto',
    instances: 1,
    restartPolicy: 'never',
    maxRestarts: 3,
    restartWindowMs: 60_000,
    minBackoffMs: 100,
    maxBackoffMs: 30_000,
    strategy: undefined,
  })
  t.deepEqual(checkAskOptions({}), { timeoutMs: 30_000, signal: undefined })
  t.deepEqual(checkTellOptions({}), { timeoutMs: Number.POSITIVE_INFINITY, signal: undefined })
  t.deepEqual(checkStopOptions(), { drain: false })
  t.deepEqual(checkShutdownOptions(), { timeoutMs: 10_000 })
  t.deepEqual(checkRemoteOptions(), {})
})

test('undefined is as good as not set', (t) => {
  const options = { threads: undefined, addr: undefined, logger: undefined, nodeId: undefined }
  t.deepEqual(checkSystemOptions(options), checkSystemOptions())
  t.deepEqual(
    checkSpawnOptions({ name: undefined, args: undefined, overflow: undefined }),
    checkSpawnOptions(),
  )
  t.deepEqual(checkAskOptions({ timeoutMs: undefined, signal: undefined }), checkAskOptions({}))
})

test('what a spawn says stands before what its class says, and that before the default', (t) => {
  const resolved = checkSpawnOptions(
    { overflow: 'fail', name: 'a', args: [1] },
    { overflow: 'drop-oldest', mailboxCapacity: 5, type: 'A' },
  )
  t.like(resolved, { overflow: 'fail', mailboxCapacity: 5, mailboxBytes: 64 * MIB, name: 'a', args: [1] })
})

const right: [check: (options: never) => object, options: object][] = [
  [checkSystemOptions, { threads: 0 }],
  [checkSystemOptions, { threads: 63, arenaBytes: MIB, maxMessageBytes: 1024, nodeId: 'node-1' }],
  [checkSystemOptions, { logger: console }],
  [checkSystemOptions, { resourceLimits: { maxOldGenerationSizeMb: 100, stackSizeMb: 4 } }],
  [checkSystemOptions, { seeds: [] }],
  [checkSpawnOptions, { placement: { slot: 2 } }],
  [checkSpawnOptions, { placement: 'host', instances: 4, maxConcurrency: Number.POSITIVE_INFINITY }],
  [checkSpawnOptions, { restartPolicy: 'never', maxRestarts: 0, restartWindowMs: Number.POSITIVE_INFINITY }],
  [checkSpawnOptions, { minBackoffMs: 0, maxBackoffMs: 0 }],
  [checkSpawnOptions, Object.assign(Object.create({ name: 'inherited' }), { args: [] })],
  [checkRemoteOptions, { type: 'Counter', overflow: 'drop-newest', mailboxCapacity: 1 }],
  [checkAskOptions, { timeoutMs: 0 }],
  [checkAskOptions, { timeoutMs: 0.5, signal: AbortSignal.abort() }],
  [
    checkAskOptions,
    { timeoutMs: Number.POSITIVE_INFINITY, signal: { aborted: false, addEventListener: () => 1 } },
  ],
  [checkShutdownOptions, { timeoutMs: Number.POSITIVE_INFINITY }],
]
test('what is sensible is taken as it is', (t) => {
  for (const [check, options] of right) {
    const resolved = check(options as never) as Record<string, unknown>
    for (const [name, value] of Object.entries(options))
      if (name in resolved) t.is(resolved[name], value, name)
  }
  t.is(checkSpawnOptions(Object.create({ name: 'inherited' })).name, 'inherited')
})

const wrong: [check: (options: never) => unknown, options: object, ...parts: string[]][] = [
  [checkSystemOptions, { threads: -1 }, 'threads', '-1', 'a whole number from 0 to 63'],
  [checkSystemOptions, { threads: 1.5 }, 'threads', '1.5'],
  [checkSystemOptions, { threads: '2' }, 'threads', '"2"'],
  [checkSystemOptions, { threads: null }, 'threads', 'null'],
  [checkSystemOptions, { threads: Number.NaN }, 'NaN'],
  [checkSystemOptions, { arenaBytes: 5 }, 'arenaBytes', 'from 1048576 to 4294967296'],
  [checkSystemOptions, { maxMessageBytes: 2 ** 40 }, 'maxMessageBytes', '1099511627776'],
  [checkSystemOptions, { logger: { warn: () => 1 } }, 'logger', 'it lacks debug, info, error'],
  [checkSystemOptions, { logger: null }, 'logger', 'null'],
  [checkSystemOptions, { nodeId: 'a b' }, 'nodeId', '"a b"', 'A-Za-z0-9._-'],
  [checkSystemOptions, { nodeId: '' }, 'nodeId'],
  [checkSystemOptions, { resourceLimits: 5 }, 'resourceLimits', '5'],
  [checkSystemOptions, { resourceLimits: { stackSizeMb: 0 } }, 'resourceLimits.stackSizeMb', '0'],
  [checkSystemOptions, { resourceLimits: { stackSize: 1 } }, 'resourceLimits.stackSize', 'stackSizeMb'],
  [checkSystemOptions, { thread: 2 }, '"thread"', '2', 'did you mean threads?'],
  [checkSystemOptions, { Threads: 2 }, 'did you mean threads?'],
  [checkSystemOptions, { colour: 'red' }, '"colour"', '"red"', 'the options are threads, arenaBytes'],
  [checkSystemOptions, { toString: 1 }, '"toString"'],
  [checkSpawnOptions, { mailboxCapacity: 0 }, 'mailboxCapacity', '0', 'from 1 to 1073741824'],
  [checkSpawnOptions, { mailboxBytes: 0 }, 'mailboxBytes'],
  [checkSpawnOptions, { mailboxcapacity: 5 }, 'did you mean mailboxCapacity?'],
  [checkSpawnOptions, { restartPolcy: 'never' }, 'did you mean restartPolicy?'],
  [checkSpawnOptions, { timeout: 5 }, '"timeout"'],
  [checkSpawnOptions, { type: 'A' }, '"type"'],
  [
    checkSpawnOptions,
    { overflow: 'drop' },
    'overflow',
    '"drop"',
    "'wait', 'fail', 'drop-newest', 'drop-oldest'",
  ],
  [checkSpawnOptions, { overflow: 'drop_oldest' }, "give 'drop-oldest', or another"],
  [checkSpawnOptions, { overflow: 1 }, 'overflow', '1'],
  [checkSpawnOptions, { strategy: 'all' }, 'strategy', "'one-for-all'"],
  [checkSystemOptions, { stuckThreadMs: 10 }, 'stuckThreadMs', '10', '50 or more'],
  [checkSystemOptions, { terminateStuckAfterMs: '1s' }, 'terminateStuckAfterMs', '"1s"'],
  [checkSpawnOptions, { maxConcurrency: 0 }, 'maxConcurrency', 'or Infinity'],
  [checkSpawnOptions, { placement: 'here' }, 'placement', '"here"', '{ slot: n }'],
  [checkSpawnOptions, { placement: { slot: -1 } }, 'placement', '{ slot: -1 }'],
  [checkSpawnOptions, { placement: { slot: 1, node: 'a' } }, 'placement', "{ slot: 1, node: 'a' }"],
  [checkSpawnOptions, { placement: null }, 'placement'],
  [checkSpawnOptions, { instances: 0 }, 'instances'],
  [checkSpawnOptions, { args: 'abc' }, 'args', '"abc"', 'an array'],
  [checkSpawnOptions, { maxRestarts: -1 }, 'maxRestarts'],
  [checkSpawnOptions, { restartWindowMs: -1 }, 'restartWindowMs', 'milliseconds'],
  [checkSpawnOptions, { minBackoffMs: Number.POSITIVE_INFINITY }, 'minBackoffMs'],
  [
    checkSpawnOptions,
    { minBackoffMs: 50_000 },
    'minBackoffMs',
    '50000',
    'at most maxBackoffMs, which is 30000',
  ],
  [checkSpawnOptions, { maxBackoffMs: 50 }, 'minBackoffMs', '100', 'which is 50'],
  [checkSpawnOptions, { restartPolicy: 'sometimes' }, 'restartPolicy', '"sometimes"', "'never'"],
  [checkRemoteOptions, { name: 'a' }, '"name"'],
  [checkRemoteOptions, { type: '' }, 'type', '""'],
  [checkRemoteOptions, { minBackoffMs: 2, maxBackoffMs: 1 }, 'minBackoffMs'],
  [checkAskOptions, { timeoutMs: -1 }, 'timeoutMs', '-1', 'or Infinity'],
  [checkAskOptions, { timeoutMs: Number.NaN }, 'timeoutMs', 'NaN'],
  [checkAskOptions, { timeoutMs: '5' }, 'timeoutMs', '"5"'],
  [checkAskOptions, { timeout: 5 }, 'did you mean timeoutMs?'],
  [checkAskOptions, { signal: {} }, 'signal', 'an AbortSignal'],
  [checkAskOptions, { signal: new AbortController() }, 'signal', 'an instance of AbortController'],
  [checkAskOptions, { signal: null }, 'signal', 'null'],
  [checkTellOptions, { timeoutMs: -1 }, 'timeoutMs'],
  [checkStopOptions, { drain: 1 }, 'drain', '1', 'true or false'],
  [checkShutdownOptions, { timeoutMs: -5 }, 'timeoutMs', '-5'],
]
test('an impossible or unknown option is an error that names it, what was given and what would do', (t) => {
  for (const [check, options, ...parts] of wrong)
    refused(t, () => check(options as never), 'INVALID_OPTION', ...parts)
})

test('what is no object of options is an error', (t) => {
  for (const given of [null, 5, 'a', true, [], () => 1]) {
    refused(t, () => checkAskOptions(given as never), 'INVALID_ARGUMENT', 'options')
    refused(t, () => checkSpawnOptions(given as never), 'INVALID_ARGUMENT', 'options')
  }
})

test('6.1: addresses are host:port, and a node has what it needs to be reached', (t) => {
  const { cluster } = checkSystemOptions({ addr: '0.0.0.0:7000', advertiseAddr: 'a.example:7000' })
  t.like(cluster, { clusterName: 'pulsing', insecure: false, seeds: [], passphrases: [] })
  t.is(checkSystemOptions({ seeds: ['[::1]:7000', 'localhost:1'] }).cluster?.addr, '127.0.0.1:0')
  t.is(checkSystemOptions({ seeds: [] }).cluster, undefined)
  const bad: [SystemOptions, string][] = [
    ...['', 'a', ':1', 'a:', 'a:65536', 'a:-1', 'http://a:1', '::1:5', 'a b:1'].map(
      (addr): [SystemOptions, string] => [{ addr }, 'addr'],
    ),
    [{ seeds: ['127.0.0.1:0'] }, 'seeds[0]'],
    [{ seeds: ['10.0.0.1:7000'] }, 'addr'],
    [{ addr: '[::]:7000' }, 'advertiseAddr'],
    [{ clusterName: 'a b', addr: 'a:1' }, 'clusterName'],
    [{ passphrase: [], addr: 'a:1' }, 'passphrase'],
    [{ probeMs: 5, addr: 'a:1' }, 'probeMs'],
    [{ passphrase: 'correct horse battery' }, 'passphrase'],
    [{ exportClasses: [{}] as never, addr: 'a:1' }, 'exportClasses[0]'],
  ]
  for (const [options, part] of bad) refused(t, () => checkSystemOptions(options), 'INVALID_OPTION', part)
})

test('no message holds the passphrase', (t) => {
  for (const passphrase of ['correct horse', ['correct horse', ''], 5]) {
    const error = t.throws(() => checkSystemOptions({ passphrase: passphrase as string }))
    t.false(error.message.includes('horse'))
  }
})

test('contract 1.4: a name has 1 to 255 characters of A-Za-z0-9._-/@:, and system/ is reserved', (t) => {
  for (const name of ['a', 'services/counter', 'a.b_c-d/e@f:0', 'x'.repeat(255), 'system', 'systems/a'])
    t.notThrows(() => checkActorName(name))
  for (const name of [
    '',
    'a b',
    'é',
    'a\n',
    'x'.repeat(256),
    'system/',
    'system/log',
    5,
    undefined,
    null,
    {},
  ]) {
    refused(t, () => checkActorName(name), 'NAME_INVALID', 'give ')
    if (name !== undefined) refused(t, () => checkSpawnOptions({ name: name as never }), 'NAME_INVALID')
  }
})

test('contract 1.4: a name is taken if, and only if, each of its characters is', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
      const fine = /^[\w./@:-]+$/.test(name) && name.length <= 255 && !name.startsWith('system/')
      if (fine) checkActorName(name)
      else t.throws(() => checkActorName(name), { code: 'ERR_PULSING_NAME_INVALID' })
    }),
    { numRuns: 300 },
  )
  t.pass()
})

test('any other name of an option is refused', (t) => {
  const known = new Set(['timeoutMs', 'signal'])
  fc.assert(
    fc.property(
      fc.string().filter((name) => !known.has(name)),
      (name) => {
        const options = Object.fromEntries([[name, 1]])
        t.throws(() => checkAskOptions(options), { code: 'ERR_PULSING_INVALID_OPTION' })
      },
    ),
    { numRuns: 200 },
  )
  t.pass()
})

test('section 2: init with the same options is the same', (t) => {
  const logger = { ...consoleLogger }
  t.true(sameOptions({}, {}))
  t.true(sameOptions({ threads: 2 }, { threads: 2, nodeId: undefined }))
  t.true(sameOptions({ logger }, { logger }))
  t.true(sameOptions({ resourceLimits: { stackSizeMb: 4 } }, { resourceLimits: { stackSizeMb: 4 } }))
  t.false(sameOptions({ threads: 2 }, { threads: 1 }))
  t.false(sameOptions({ threads: 2 }, {}))
  t.false(sameOptions({ resourceLimits: { stackSizeMb: 4 } }, { resourceLimits: { stackSizeMb: 5 } }))
  t.false(sameOptions({ logger }, { logger: { ...consoleLogger, warn: () => undefined } }))
})

test('an option that changes after the check changes nothing', (t) => {
  const options: { overflow: 'fail' | 'wait' } = { overflow: 'fail' }
  const checked = checkRemoteOptions(options)
  options.overflow = 'wait'
  t.is(checked.overflow, 'fail')
})

test('the types of the options are those of the checks', (t) => {
  expectTypeOf<AskOptions>().toExtend<Parameters<typeof checkAskOptions>[0]>()
  expectTypeOf<SpawnOptions>().not.toHaveProperty('type')
  expectTypeOf<RemoteOptions>().not.toHaveProperty('name')
  expectTypeOf(checkStopOptions({} as StopOptions)).toEqualTypeOf<{ readonly drain: boolean }>()
  expectTypeOf(checkAskOptions({}).timeoutMs).toEqualTypeOf<number>()
  // @ts-expect-error: no such option
  const wrongName: SystemOptions = { thread: 1 }
  // @ts-expect-error: no such value
  const wrongValue: SpawnOptions = { placement: 'here' }
  t.truthy([wrongName, wrongValue])
})
