// The work: an actor that counts primes. It stands in a module of its own, as actors of a service should: engine threads
// import this file, and not the one that listens on a port.
import { threadId } from 'node:worker_threads'
import * as pul from 'pulsing'

export interface Count {
  readonly below: number
  readonly primes: number
  /** The thread that did the work; 0 is the one that answers HTTP. */
  readonly thread: number
}

const MOST = 50_000_000

export const Primes = pul.remote(
  import.meta.url,
  class Primes {
    /** By trial division, so that it takes a while. Nothing else runs on this thread meanwhile. */
    count(below: number): Count {
      if (!Number.isInteger(below) || below < 0 || below > MOST)
        throw new pul.PulsingBusinessError(400, `below has to be a whole number from 0 to ${MOST}`)
      let primes = 0
      for (let n = 2; n < below; n++) if (isPrime(n)) primes++
      return { below, primes, thread: threadId }
    }
  },
)

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return true
}
