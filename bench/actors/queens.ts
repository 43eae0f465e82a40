// CPU-bound work, on engine threads.

import * as pul from 'pulsing'
import { solutions } from '../queens.js'

export const Queens = pul.remote(
  import.meta.url,
  class Queens {
    solutions(size: number, first: number, second: number): number {
      return solutions(size, first, second)
    }
  },
)
