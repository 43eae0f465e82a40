// The answering end of the ask, payload and move rows.

import * as pul from 'pulsing'
import type { Add } from '../messages.js'

export const Echo = pul.remote(
  import.meta.url,
  class Echo {
    add(message: Add): number {
      return message.n + 1
    }

    copy(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
      return bytes
    }

    move(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
      return pul.transfer(bytes, [bytes.buffer])
    }
  },
)

export type EchoProxy = pul.ActorProxy<InstanceType<typeof Echo>>
