import test from 'ava'
import fc from 'fast-check'
import { Directory, OwnNames } from '../../../lib/cluster/protocol/directory.js'
import { type Output, ownerOf, ProtocolCore } from '../../../lib/cluster/protocol/index.js'
import { Suspicion } from '../../../lib/cluster/protocol/suspicion.js'
import { Random } from '../../chaos/random.js'
import { type Plant, Simulation, Violation } from '../simulation/simulation.js'

const hex = (n: number) => n.toString(16).padStart(32, '0')
const identity = (n: number, startedMs = n) => ({
  nodeId: `n${n}`,
  incarnation: hex(n),
  addr: `10.0.0.${n}:7000`,
  startedMs,
})

function core(n: number, seeds: readonly number[] = [], of = identity(n)): ProtocolCore {
  const random = new Random(n, 1)
  return new ProtocolCore({
    identity: of,
    seeds: seeds.map((seed) => identity(seed).addr),
    random: () => random.next(),
    now: 0,
  })
}

/** Hands everything over at once, except what `lost` says, until nothing is said any more. */
function talk(
  cores: Map<number, ProtocolCore>,
  now: number,
  lost: (from: number, to: number) => boolean = () => false,
): void {
  for (let rounds = 0; rounds < 20; rounds++) {
    const said: [number, Output][] = []
    for (const [n, one] of cores) for (const output of one.takeOutputs()) said.push([n, output])
    if (said.length === 0) return
    for (const [from, { to, message }] of said) {
      const n = Number(/10\.0\.0\.(\d+)/.exec(to.addr)?.[1])
      if (!lost(from, n)) cores.get(n)?.receive(identity(from), message, now)
    }
  }
}

function pass(
  cores: Map<number, ProtocolCore>,
  from: number,
  to: number,
  lost?: (from: number, to: number) => boolean,
): void {
  for (let now = from; now <= to; now += 50) {
    for (const one of cores.values()) one.tick(now)
    talk(cores, now, lost)
  }
}

const statusOf = (of: ProtocolCore, n: number) =>
  of.members().find(({ incarnation }) => incarnation === hex(n))?.status

function three(): Map<number, ProtocolCore> {
  const cores = new Map([1, 2, 3].map((n) => [n, core(n, n === 1 ? [] : [1])]))
  pass(cores, 0, 2000)
  return cores
}

test('nodes that join a seed know each other, and names of each other', (t) => {
  const cores = three()
  for (const one of cores.values()) t.is(one.members().filter(({ status }) => status === 'alive').length, 3)
  cores.get(2)?.setName('a', [7, 'x'])
  pass(cores, 2000, 3000)
  t.deepEqual(cores.get(3)?.find('a'), [{ nodeId: 'n2', incarnation: hex(2), value: [7, 'x'] }])
  cores.get(2)?.setName('a', undefined)
  pass(cores, 3000, 4000)
  t.deepEqual(cores.get(3)?.find('a'), [])
})

test('a node that is gone is suspected, then dead, and its names are found no more', (t) => {
  const cores = three()
  cores.get(2)?.setName('a', [1])
  pass(cores, 2000, 3000)
  const events: string[] = []
  cores.get(1)?.takeEvents()
  pass(cores, 3000, 40_000, (from, to) => from === 2 || to === 2)
  for (const event of cores.get(1)?.takeEvents() ?? [])
    if (event.kind === 'member') events.push(event.member.status)
  t.deepEqual(events, ['suspect', 'dead'])
  t.deepEqual(cores.get(3)?.find('a'), [])
  // It finds out that it was thought dead, and says that it is not.
  pass(cores, 40_000, 80_000)
  t.is(statusOf(cores.get(1) as ProtocolCore, 2), 'alive')
  t.is(cores.get(3)?.find('a').length, 1)
})

test('a node that one other can not hear is asked through a third, and suspected by nobody', (t) => {
  const cores = three()
  cores.get(1)?.takeEvents()
  pass(cores, 2000, 60_000, (from, to) => (from === 2 && to === 1) || (from === 1 && to === 2))
  const statuses = cores
    .get(1)
    ?.takeEvents()
    .flatMap((event) => (event.kind === 'member' ? [event.member.status] : []))
  t.false(statuses?.includes('dead'))
})

test('the more say that a node is suspect, the sooner it is dead', (t) => {
  const suspicion = new Suspicion(0, 1000, 8000, 3, 'a')
  t.is(suspicion.deadlineMs, 8000)
  t.false(suspicion.confirm('a'))
  const deadlines = ['b', 'c', 'd'].map((accuser) => {
    t.true(suspicion.confirm(accuser))
    return suspicion.deadlineMs
  })
  t.deepEqual(
    deadlines,
    [...deadlines].sort((a, b) => b - a),
  )
  t.is(deadlines.at(-1), 1000)
  t.false(suspicion.confirm('e'))
})

test('a node that leaves is leaving, then dead, at once', (t) => {
  const cores = three()
  cores.get(3)?.leave()
  pass(cores, 2000, 2500)
  t.is(statusOf(cores.get(1) as ProtocolCore, 3), 'leaving')
  cores.get(3)?.left()
  talk(cores, 2500)
  t.is(statusOf(cores.get(1) as ProtocolCore, 3), 'dead')
})

test('6.1: a node that starts again under its address takes the place of its old self', (t) => {
  const cores = three()
  cores.get(3)?.setName('old', [1])
  pass(cores, 2000, 3000)
  const again = { ...identity(3), incarnation: hex(99), startedMs: 3000 }
  const renewed = core(3, [1], again)
  cores.set(3, renewed)
  for (let now = 3000; now < 5000; now += 50) {
    for (const one of cores.values()) one.tick(now)
    for (let i = 0; i < 10; i++)
      for (const [n, one] of cores)
        for (const { to, message } of one.takeOutputs()) {
          const at = Number(/10\.0\.0\.(\d+)/.exec(to.addr)?.[1])
          cores.get(at)?.receive(n === 3 ? again : identity(n), message, now)
        }
  }
  const seen = cores.get(1) as ProtocolCore
  t.is(seen.members().find(({ incarnation }) => incarnation === hex(99))?.status, 'alive')
  t.is(statusOf(seen, 3), 'dead')
  t.deepEqual(seen.find('old'), [])
})

test('a second node of one id learns that the first is there', (t) => {
  const cores = three()
  const twin = core(4, [1], { ...identity(4), nodeId: 'n2' })
  cores.set(4, twin)
  const named = (n: number) => (n === 4 ? { ...identity(4), nodeId: 'n2' } : identity(n))
  let seen = false
  for (let now = 2000; now < 4000 && !seen; now += 50) {
    for (const one of cores.values()) one.tick(now)
    for (let i = 0; i < 10; i++)
      for (const [n, one] of cores)
        for (const { to, message } of one.takeOutputs()) {
          const at = Number(/10\.0\.0\.(\d+)/.exec(to.addr)?.[1])
          cores.get(at)?.receive(named(n), message, now)
        }
    if (twin.takeEvents().some(({ kind }) => kind === 'duplicate')) seen = true
    else t.false(twin.joined && now > 3000)
  }
  t.true(seen)
})

test('6.3: whatever a peer says, nothing is thrown, and what is no message is counted', (t) => {
  const cores = three()
  const one = cores.get(1) as ProtocolCore
  const part = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom(hex(1), hex(2), 'n1'),
  )
  const anything = fc.oneof(
    fc.anything(),
    fc.tuple(
      fc.nat(7),
      fc.nat(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(fc.array(part, { maxLength: 11 }), { maxLength: 3 }),
      fc.array(fc.array(part, { maxLength: 5 }), { maxLength: 3 }),
      part,
      part,
    ),
  )
  fc.assert(
    fc.property(anything, (message) => {
      one.receive(identity(2), message, 3000)
      one.tick(3000)
      one.takeOutputs()
      one.takeEvents()
    }),
    { numRuns: 2000 },
  )
  t.true(one.badMessages > 0)
  t.is(statusOf(one, 1), 'alive')
})

test('names of a node: whatever comes in whatever order, once all is told both lists are the same', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(9), fc.boolean()), { maxLength: 60 }),
      fc.infiniteStream(fc.nat(3)),
      (changes, order) => {
        const own = new OwnNames('x')
        const directory = new Directory()
        const names = new Map<string, number>()
        const deltas = []
        for (const [i, [n, isSet]] of changes.entries()) {
          const before = own.version
          if (isSet) names.set(`${n}`, i)
          else names.delete(`${n}`)
          own.set(`${n}`, isSet ? [i] : undefined)
          deltas.push(...own.since(before, 3))
          const pick = order.next().value as number
          if (pick < 3)
            directory.apply(deltas[deltas.length - 1 - Math.min(pick, deltas.length - 1)] as never)
        }
        for (const piece of own.since(directory.versionOf('x'), 3)) directory.apply(piece)
        const known = directory.namesOf('x').map(({ name, value }) => [name, value[0]])
        return JSON.stringify(known.sort()) === JSON.stringify([...names].sort())
      },
    ),
  )
  t.pass()
})

test('7.3: the owner of a key is the same for all, moves with its node alone, and each has its share', (t) => {
  const nodes = ['a', 'b', 'c', 'd']
  t.is(ownerOf('key', []), undefined)
  const keys = Array.from({ length: 4000 }, (_, i) => `topic/${i}`)
  const owners = keys.map((key) => ownerOf(key, nodes))
  t.deepEqual(
    keys.map((key) => ownerOf(key, [...nodes].reverse())),
    owners,
  )
  const without = keys.map((key) => ownerOf(key, ['a', 'b', 'd']))
  t.true(owners.every((owner, i) => owner === 'c' || owner === without[i]))
  for (const node of nodes) {
    const share = owners.filter((owner) => owner === node).length
    t.true(share > 800 && share < 1200, `${node} has ${share}`)
  }
  t.deepEqual(
    ['orders/0', 'orders/1', 'orders/2', 'é'].map((key) => ownerOf(key, nodes)),
    VECTORS,
  )
})

/** Two versions of the package must agree on owners. */
const VECTORS = ['b', 'd', 'b', 'd']

test('simulated: nodes come, go, sleep and are cut off, and all that must hold does', (t) => {
  for (const seed of [1, 2, 3]) t.notThrows(() => new Simulation({ nodes: 20, seed, minutes: 5 }).run())
})

test('simulated: what is planted is found', (t) => {
  for (const plant of ['mute', 'no-heal', 'old-self', 'chatter', 'lost-names'] as Plant[])
    t.throws(
      () => new Simulation({ nodes: 12, seed: 1, minutes: 5, plant }).run(),
      { instanceOf: Violation },
      plant,
    )
})
