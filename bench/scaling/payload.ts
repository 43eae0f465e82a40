import { roundTrips } from '../round-trips.js'
import type { Scenario } from '../scenario.js'
import { type Curve, type CurvePoint, powers } from './curve.js'

/** 16 bytes to 64 MiB, which is the most that a message has, with what it takes to say so. */
const BYTES = powers(4, 2, 13).map((bytes) => Math.min(bytes, 2 ** 26 - 4096))
/** What a measurement copies in all, and how many round trips it does at most. */
const ALL_BYTES = { quick: 2 ** 28, full: 2 ** 30 }
const MOST = { quick: 20_000, full: 100_000 }

const pointOf = (bytes: number, series: string, how: 'copy' | 'move'): CurvePoint => {
  const size = (mode: 'quick' | 'full') =>
    Math.max(3, Math.min(MOST[mode], how === 'move' ? MOST[mode] / 5 : ALL_BYTES[mode] / bytes / 8))
  const scenario: Scenario = {
    name: `${series}, ${bytes}`,
    unit: 'ops/s',
    operation: `a round trip of ${bytes} bytes`,
    sizes: { quick: Math.ceil(size('quick')), full: Math.ceil(size('full')) },
    open: roundTrips(how, bytes),
  }
  return { series, x: bytes, scenario }
}

const curve: Curve = {
  name: 'payload',
  title: 'Bytes in a message',
  text: 'Round trips a second of a `Uint8Array` between two engine threads: copied both ways, and transferred both ways.',
  x: { title: 'bytes', isLog: true, format: '~s', values: powers(16, 1, 6) },
  y: { title: 'round trips a second', isLog: true },
  points: BYTES.flatMap((bytes) => [pointOf(bytes, 'copied', 'copy'), pointOf(bytes, 'transferred', 'move')]),
}

export const curves: readonly Curve[] = [curve]
export const scenarios: readonly Scenario[] = curve.points.map(({ scenario }) => scenario)
