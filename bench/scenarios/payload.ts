import { roundTrips } from '../round-trips.js'
import type { Scenario } from '../scenario.js'

const copied = (bytes: number, quick: number): Scenario => ({
  name: `payload-${bytes}`,
  unit: 'ops/s',
  operation: `a round trip of ${bytes.toLocaleString('en')} bytes between two engine threads, copied both ways`,
  sizes: { quick, full: quick * 5 },
  open: roundTrips('copy', bytes),
})

const moved = (bytes: number): Scenario => ({
  name: `move-${bytes}`,
  unit: 'ops/s',
  operation: `a round trip of ${bytes.toLocaleString('en')} bytes between two engine threads, transferred both ways`,
  sizes: { quick: 20_000, full: 100_000 },
  open: roundTrips('move', bytes),
})

export const scenarios: readonly Scenario[] = [
  copied(1024, 50_000),
  copied(65_536, 10_000),
  copied(1_048_576, 1000),
  moved(1024),
  moved(65_536),
  moved(1_048_576),
]
