// The asking end of the ask, payload and move rows. Each method gives the milliseconds it took.

import * as pul from 'pulsing'
import { askInSequence, askMedian, askPipelined } from '../messages.js'
import { check } from '../scenario.js'
import type { EchoProxy } from './echo.js'

export const Asker = pul.remote(
  import.meta.url,
  class Asker {
    inSequence(echo: EchoProxy, count: number): Promise<number> {
      return askInSequence((message) => echo.add(message), count)
    }

    /** In microseconds. */
    median(echo: EchoProxy, count: number): Promise<number> {
      return askMedian((message) => echo.add(message), count)
    }

    pipelined(echo: EchoProxy, count: number): Promise<number> {
      return askPipelined((message) => echo.add(message), count)
    }

    async copy(echo: EchoProxy, bytes: number, count: number): Promise<number> {
      const payload = new Uint8Array(bytes)
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        payload[i % bytes] = i
        const answer = await echo.copy(payload)
        if (answer.length !== bytes || answer[i % bytes] !== (i & 255) || answer === payload) {
          throw new Error('wrong answer: not a copy of the bytes that were sent')
        }
      }
      return performance.now() - begun
    }

    async move(echo: EchoProxy, bytes: number, count: number): Promise<number> {
      let payload = new Uint8Array(bytes)
      const begun = performance.now()
      for (let i = 0; i < count; i++) {
        payload[0] = i
        const sent = payload
        payload = await echo.move(pul.transfer(sent, [sent.buffer]))
        if (payload.length !== bytes || payload[0] !== (i & 255)) {
          throw new Error('wrong answer: not the bytes that were sent')
        }
        if (sent.length !== 0) throw new Error('wrong answer: the bytes were not moved')
      }
      check('the length of the last payload', payload.length, bytes)
      return performance.now() - begun
    }
  },
)
